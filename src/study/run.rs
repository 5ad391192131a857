//! Running a study: cell by cell, from wherever it was left.

use super::cell::{Cell, CellResults};
use super::plan::Plan;
use super::shard::Shard;
use super::store::{Claim, Store};
use crate::engine::CellIndex;
use crate::error::{Error, Result, panic_text};
use crate::progress::Flow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What to run of a study.
#[derive(Debug, Clone, Copy)]
pub struct StudyOptions {
    pub shard: Shard,
    /// Whether cells that failed are tried again.
    pub retry_failed: bool,
}

impl Default for StudyOptions {
    /// Everything once.
    fn default() -> Self {
        Self { shard: Shard::WHOLE, retry_failed: false }
    }
}

/// How far a study is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Cells of the shard that are done or failed, in earlier runs too.
    pub done: usize,
    pub total: usize,
    /// Cells that failed in this run.
    pub failed: usize,
    /// From the mean time of this run's cells of the same model and method, or of all; none before
    /// the first.
    pub remaining_seconds: Option<f64>,
    /// What comes next; none at the end.
    pub next: Option<&'a Cell<'a>>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Cells computed in this run.
    pub done: usize,
    /// Cells that failed in this run.
    pub failed: usize,
    /// Cells that another process is computing.
    pub elsewhere: usize,
    pub cancelled: bool,
}

/// The work on a cell; none where it was cancelled.
pub type Work<'w> = dyn FnMut(&Cell, &Store) -> Result<Option<CellResults>> + 'w;
/// Hears of progress before every cell and at the end; says whether to go on.
pub type Watch<'w> = dyn FnMut(&Progress) -> Flow + 'w;

/// Computes every cell of a shard that has no results yet. What goes wrong with a cell, a panic
/// too, is its result; a second run goes over it unless it is to retry.
///
/// # Errors
/// When the store can't be read or written, or the device failed: that is no cell's fault, and the
/// next run takes up there.
pub fn run(
    plan: &Plan,
    store: &mut Store,
    options: StudyOptions,
    work: &mut Work,
    watch: &mut Watch,
) -> Result<Outcome> {
    store.adopt(plan)?;
    let total = plan.cells().filter(|cell| options.shard.contains(&cell.key)).count();
    let cells = plan.cells().filter(|cell| options.shard.contains(&cell.key));
    let missing = store.missing(cells, options.retry_failed)?;
    let mut run =
        Run { store, options, total, outcome: Outcome::default(), pace: Pace::new(&missing) };
    let elsewhere = run.pass(&missing, work, watch)?;
    // A process that was at some of them may have ended since.
    let elsewhere = run.pass(&elsewhere, work, watch)?;
    run.outcome.elsewhere = elsewhere.len();
    let _ = watch(&run.progress(None));
    Ok(run.outcome)
}

struct Run<'a> {
    store: &'a mut Store,
    options: StudyOptions,
    total: usize,
    outcome: Outcome,
    pace: Pace,
}

impl Run<'_> {
    /// Computes cells one after the other and gives those that other processes are at.
    fn pass<'c>(
        &mut self,
        cells: &[Cell<'c>],
        work: &mut Work,
        watch: &mut Watch,
    ) -> Result<Vec<Cell<'c>>> {
        let mut elsewhere = vec![];
        for cell in cells {
            if self.outcome.cancelled || watch(&self.progress(Some(cell))) == Flow::Cancel {
                self.outcome.cancelled = true;
                break;
            }
            match self.store.begin(cell, self.options.retry_failed)? {
                Claim::Begun => self.compute(cell, work)?,
                Claim::Finished => self.pace.done(cell, None),
                Claim::Elsewhere => elsewhere.push(cell.clone()),
            }
        }
        Ok(elsewhere)
    }

    fn compute(&mut self, cell: &Cell, work: &mut Work) -> Result<()> {
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| work(cell, self.store)));
        let result = result.unwrap_or_else(|panic| {
            Err(Error::new(format!("{} failed", cell.method.id), panic_text(panic.as_ref())))
        });
        let result = match result {
            Err(error) if error.is_of_device() => {
                self.store.release(cell)?;
                return Err(error);
            }
            Ok(None) => {
                self.outcome.cancelled = true;
                return self.store.release(cell);
            }
            Ok(Some(results)) => results.checked(cell.plan),
            Err(error) => Err(error.to_string()),
        };
        self.store.finish(cell, result.as_ref().map_err(String::as_str))?;
        match result {
            Ok(_) => self.outcome.done += 1,
            Err(_) => self.outcome.failed += 1,
        }
        self.pace.done(cell, Some(begun.elapsed().as_secs_f64()));
        Ok(())
    }

    fn progress<'a>(&self, next: Option<&'a Cell<'a>>) -> Progress<'a> {
        Progress {
            done: self.total - self.pace.left(),
            total: self.total,
            failed: self.outcome.failed,
            remaining_seconds: self.pace.remaining_seconds(),
            next,
        }
    }
}

/// How long cells take, by model and method: one may take a thousand times as long as another.
#[derive(Debug, Default)]
struct Pace {
    kinds: HashMap<[usize; 2], Kind>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Kind {
    left: usize,
    measured: usize,
    seconds: f64,
}

impl Pace {
    fn new(cells: &[Cell]) -> Self {
        let mut pace = Self::default();
        for cell in cells {
            pace.kind(cell).left += 1;
        }
        pace
    }

    fn kind(&mut self, cell: &Cell) -> &mut Kind {
        let CellIndex { model, method, .. } = cell.index;
        self.kinds.entry([model, method]).or_default()
    }

    /// A cell is done, by this run in so many seconds or by another.
    fn done(&mut self, cell: &Cell, seconds: Option<f64>) {
        let kind = self.kind(cell);
        kind.left = kind.left.saturating_sub(1);
        kind.measured += usize::from(seconds.is_some());
        kind.seconds += seconds.unwrap_or(0.0);
    }

    fn left(&self) -> usize {
        self.kinds.values().map(|kind| kind.left).sum()
    }

    fn remaining_seconds(&self) -> Option<f64> {
        let sum = |f: fn(&Kind) -> f64| self.kinds.values().map(f).sum::<f64>();
        let measured = sum(|kind| kind.measured as f64);
        let mean = (measured > 0.0).then(|| sum(|kind| kind.seconds) / measured)?;
        let of_kind = |kind: &Kind| match kind.measured {
            0 => mean * kind.left as f64,
            measured => kind.seconds / measured as f64 * kind.left as f64,
        };
        Some(self.kinds.values().map(of_kind).sum())
    }
}
