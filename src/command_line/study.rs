//! `hyaline study`: many maps, their scores, and tables.

use super::arguments::{OutputArgument, open_device};
use super::terminal::say;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::file::stem;
use crate::model::DeviceChoice;
use crate::progress::Flow;
use crate::study::report::Report;
use crate::study::{
    self, Cell, Definition, Evaluator, Outcome, Records, Shard, Store, StudyOptions,
};
use crate::text::{count, duration};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
STUDY.toml says what is measured; paths are relative to it:

  name = \"Vanilla and robust\"
  models = [\"vanilla.toml\", \"robust.toml\"]
  methods = [\"nourelahi-nine\", \"controls\"]       # methods and presets of `hyaline methods`
  scores = [\"insertion-deletion\", \"pointing-game\", \"energy-game\"]
  target = \"label\"                                # or \"top1\", or a class's index
  layout = \"by-score\"                             # or \"by-model\": how tables are laid out

  [pictures]
  folders = [\"pictures\"]                          # or files = [...], list = \"pictures.csv\"
  annotations = \"boxes.csv\"                       # VOC, COCO, YOLO, CSV, or folders of masks
  limit = 200                                      # or sample = 200, drawn by the seed

  [parameters.rise]
  masks = 1000

Every result is kept as soon as it is there. After Ctrl-C, a crash or a kill, the same command goes
on where it was. --shard 1/4 computes one of four parts, which `hyaline study report` joins.

The folder of results has report.md, tables.tex, .csv, .parquet and plots/*.svg. Opened in the window, it
leads from every number to the pictures behind it.

Examples:
  hyaline study pair.toml
  hyaline study pair.toml --shard 2/4 --out part-2
  hyaline study report part-1 part-2 part-3 part-4 --out tables
  hyaline study scores";

/// Measure models × methods × pictures × scores, resumably, and write tables.
#[derive(Debug, Args)]
#[command(after_help = HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Study {
    #[command(subcommand)]
    command: Option<StudyCommand>,
    /// The definition
    #[arg(value_name = "STUDY.toml", required = true)]
    file: Option<PathBuf>,
    /// Folder of results and tables [default: the definition's name with -results]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compute only the K-th of N parts
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    shard: Shard,
    /// Try cells again that failed
    #[arg(long)]
    retry_failed: bool,
    #[command(flatten)]
    output: OutputArgument,
}

#[derive(Debug, Subcommand)]
enum StudyCommand {
    /// Write the tables and plots of a study, or of its parts together
    Report {
        /// Folders of results
        #[arg(required = true, value_name = "DIR")]
        results: Vec<PathBuf>,
        /// Folder of the tables [default: the first folder of results]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// List the scores and their parameters
    Scores {
        /// One score alone
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
}

impl Study {
    /// Where it may compute; its definition decides.
    pub(super) fn device(&self) -> DeviceChoice {
        if self.command.is_some() { DeviceChoice::Cpu } else { DeviceChoice::Auto }
    }

    pub fn run(&self) -> Result<ExitCode> {
        match (&self.command, &self.file) {
            (Some(StudyCommand::Report { results, out }), _) => {
                report(results, out.as_deref().unwrap_or(&results[0]))
            }
            (Some(StudyCommand::Scores { id }), _) => super::methods::print_scores(id.as_deref()),
            (None, Some(file)) => self.measure(file),
            (None, None) => unreachable!("clap asks for a definition"),
        }
    }

    fn measure(&self, file: &Path) -> Result<ExitCode> {
        let mut definition = Definition::read(file)?;
        definition.output = self.output.output.clone().or(definition.output);
        let out = self.out.clone();
        let out = out.unwrap_or_else(|| PathBuf::from(format!("{}-results", stem(file))));
        let device = open_device(definition.device)?;
        let (mut evaluator, plan) = Evaluator::open(&definition, &device)?;
        for note in &plan.notes {
            say(note);
        }
        for model in &evaluator.models {
            for warning in &model.warnings {
                say(&format!("{}: {warning}", model.name));
            }
        }
        let mut store = Store::open(&out)?;
        let watch = Watch::new(plan.len())?;
        let options = StudyOptions { shard: self.shard, retry_failed: self.retry_failed };
        let mut work = |cell: &Cell, store: &Store| {
            evaluator.work(cell, store, &mut |_, _| match watch.cancelled() {
                true => Flow::Cancel,
                false => Flow::Continue,
            })
        };
        let outcome = study::run(&plan, &mut store, options, &mut work, &mut |progress| {
            let left = progress
                .remaining_seconds
                .map_or(String::new(), |seconds| format!(" · about {} left", duration(seconds)));
            let what = progress.next.map_or(String::new(), |cell| {
                format!("{} · {} · {}", cell.model.name, cell.picture.name, cell.method.id)
            });
            watch.say(format!("{what}{left}"), progress.done, progress.total)
        })?;
        drop(store);
        watch.clear();
        conclude(&outcome, &out)
    }
}

/// Says how a run ended, and writes the tables of what there is.
fn conclude(outcome: &Outcome, out: &Path) -> Result<ExitCode> {
    let Outcome { done, failed, elsewhere, cancelled } = *outcome;
    let mut parts = vec![format!("{} computed", count(done, "cell", "cells"))];
    if failed > 0 {
        parts.push(format!("{failed} failed, see report.md"));
    }
    if elsewhere > 0 {
        parts.push(format!("{elsewhere} left to another process"));
    }
    say(&parts.join(", "));
    report(&[out.to_path_buf()], out)?;
    if cancelled {
        say("cancelled; the same command goes on from here");
        return Ok(ExitCode::from(super::plan::CANCELLED));
    }
    Ok(ExitCode::SUCCESS)
}

fn report(results: &[PathBuf], out: &Path) -> Result<ExitCode> {
    let report = Report::new(Records::of_stores(results)?);
    report.write(out)?;
    let [done, failed, missing] = report.counts();
    let rest = match (failed, missing) {
        (0, 0) => String::new(),
        _ => format!(", {failed} failed, {missing} missing"),
    };
    say(&format!("tables of {}{rest} in {}", count(done, "cell", "cells"), out.display()));
    if done > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let first = report.failures().into_iter().next();
    let why = first.map_or("every cell is missing".into(), |first| {
        format!("every cell failed or is missing, {} with: {}", first.cells, first.text)
    });
    Err(Error::new("the study has no results", why).hint("report.md says more"))
}
