//! From a study's records to numbers and tables.

mod benchmark;
mod caption;
mod comparison;
mod confidence;
mod csv;
mod latex;
mod layout;
mod long;
mod markdown;
mod parquet;
mod pictures;
mod plots;
mod scale;
mod summary;
mod table;

pub use crate::text::latex as latex_escaped;
pub use comparison::Comparison;
pub use confidence::{Dependence, ModelConfidence, QUANTILES};
pub use pictures::PictureValue;
pub use plots::PlotFile;
pub use summary::{Group, Summary};

use super::cell::CellPrediction;
use super::plan::Plan;
use super::store::{Done, Record, Records};
use crate::engine::CellIndex;
use crate::error::Result;
use crate::file::write;
use crate::random::RandomStream;
use crate::score::OverPictures;
use std::collections::BTreeMap;
use std::path::Path;

/// Of all confidence intervals.
pub const LEVEL: f64 = 0.95;

/// Names one number of a report's tables: a metric of a model and method over all pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryIndex {
    pub model: usize,
    pub method: usize,
    pub metric: usize,
}

/// Everything that a study's records say.
#[derive(Debug, Clone)]
pub struct Report {
    records: Records,
    /// Every model with every method, by model.
    pub groups: Vec<Group>,
    /// Every pair of models, by metric and method.
    pub comparisons: Vec<Comparison>,
    /// By model.
    pub confidence: Vec<ModelConfidence>,
    /// How far the metrics that follow confidence do, by metric, model and method.
    pub dependences: Vec<Dependence>,
}

/// Something said of several cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub text: String,
    pub cells: usize,
    /// The first of them, for people.
    pub example: String,
}

impl Report {
    /// Computes a report. The study's seed repeats its intervals.
    pub fn new(records: Records) -> Self {
        let view = View { records: &records };
        let groups = summary::groups(&view);
        let comparisons = comparison::comparisons(&view);
        let confidence = confidence::of_models(&view);
        let dependences = confidence::dependences(&view);
        Self { records, groups, comparisons, confidence, dependences }
    }

    pub fn plan(&self) -> &Plan {
        &self.records.plan
    }

    /// Writes values.csv, values.parquet (every value of every picture), summary.csv,
    /// comparisons.csv, confidence.csv, report.md, tables.tex and plots/*.svg into a folder.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let put = |name: &str, bytes: Vec<u8>| write(&folder.join(name), &bytes);
        put("values.csv", self.values_csv())?;
        put("values.parquet", self.values_parquet()?)?;
        put("summary.csv", self.summary_csv())?;
        put("comparisons.csv", self.comparisons_csv())?;
        put("confidence.csv", self.confidence_csv())?;
        put("report.md", self.markdown().into_bytes())?;
        put("tables.tex", self.latex().into_bytes())?;
        self.plots().into_iter().try_for_each(|plot| put(&plot.name, plot.svg.into_bytes()))
    }

    /// Cells that are done, failed, and not computed yet.
    pub fn counts(&self) -> [usize; 3] {
        let sum = |f: fn(&Group) -> usize| self.groups.iter().map(f).sum();
        [sum(|group| group.done), sum(|group| group.failed), sum(|group| group.missing)]
    }

    /// Why cells failed, the most frequent first.
    pub fn failures(&self) -> Vec<Remark> {
        self.remarks(|record| match record {
            Record::Failed(why) => std::slice::from_ref(why),
            Record::Done(_) => &[],
        })
    }

    /// Warnings of methods, the most frequent first.
    pub fn warnings(&self) -> Vec<Remark> {
        self.remarks(|record| match record {
            Record::Failed(_) => &[],
            Record::Done(done) => &done.warnings,
        })
    }

    fn remarks(&self, texts: impl Fn(&Record) -> &[String]) -> Vec<Remark> {
        let mut remarks: BTreeMap<&String, Remark> = BTreeMap::new();
        for (cell, record) in self.records.plan.cells().zip(&self.records.cells) {
            for text in record.as_ref().map_or(&[][..], &texts) {
                let remark = remarks.entry(text).or_insert_with(|| Remark {
                    text: text.clone(),
                    cells: 0,
                    example: [&cell.model.name, cell.method.label(), &cell.picture.name]
                        .join(" · "),
                });
                remark.cells += 1;
            }
        }
        let mut remarks: Vec<Remark> = remarks.into_values().collect();
        remarks.sort_by_key(|remark| std::cmp::Reverse(remark.cells));
        remarks
    }

    /// The metrics that benchmarks count otherwise than by the mean over pictures.
    fn benchmarks(&self) -> Vec<usize> {
        let metrics = self.plan().metrics.iter().enumerate();
        let counted = metrics.filter(|(_, metric)| metric.over_pictures != OverPictures::Mean);
        counted.map(|(place, _)| place).collect()
    }

    /// A model with a method, by their places in the plan.
    pub fn group(&self, model: usize, method: usize) -> &Group {
        &self.groups[model * self.plan().methods.len() + method]
    }
}

/// Records by their cells.
struct View<'a> {
    records: &'a Records,
}

impl<'a> View<'a> {
    fn plan(&self) -> &'a Plan {
        &self.records.plan
    }

    fn record(&self, cell: CellIndex) -> Option<&'a Record> {
        self.records.cells[self.plan().position(cell)].as_ref()
    }

    fn done(&self, cell: CellIndex) -> Option<&'a Done> {
        match self.record(cell) {
            Some(Record::Done(done)) => Some(done),
            _ => None,
        }
    }

    /// A metric of every picture, where it is defined.
    fn values(&self, model: usize, method: usize, metric: usize) -> Vec<Option<f64>> {
        let value =
            |picture| self.done(CellIndex::clean(picture, model, method))?.values[metric].value();
        (0..self.plan().pictures.len()).map(value).collect()
    }

    /// What a model says of every picture, where a method is done.
    fn subjects(&self, model: usize) -> Vec<Option<CellPrediction>> {
        let methods = self.plan().methods.len();
        let subject = |picture| {
            (0..methods).find_map(|method| {
                Some(self.done(CellIndex::clean(picture, model, method))?.prediction)
            })
        };
        (0..self.plan().pictures.len()).map(subject).collect()
    }

    /// The stream of an interval: its own, whatever else is in the study.
    fn stream(&self, of: &[&str]) -> RandomStream {
        RandomStream::new(self.plan().seed, "bootstrap", &of.join("\n"), "")
    }
}

/// The values that are there.
fn present(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().flatten().copied().collect()
}
