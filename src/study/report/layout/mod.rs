//! Which numbers stand where.

mod benchmarks;
mod by_model;
mod by_score;
mod comparisons;
mod models;
mod number;

use super::Report;
use super::table::Table;
use crate::study::definition::Layout;
use std::collections::BTreeMap;

/// What stands for a number that isn't there.
const NONE: &str = "–";

impl Report {
    /// The models, the study's layout, what benchmarks count, then every comparison.
    pub(super) fn tables(&self) -> Vec<Table> {
        let metrics = 0..self.plan().metrics.len();
        let mut tables = vec![self.models_table()];
        match self.plan().layout {
            Layout::ByScore => tables.extend(metrics.clone().map(|metric| self.by_score(metric))),
            Layout::ByModel => tables.push(self.by_model()),
        }
        tables.extend(self.benchmarks_table());
        if !self.plan().compare.is_empty() {
            tables.extend(metrics.map(|metric| self.comparisons_table(metric)));
        }
        tables
    }

    /// By which marks refer to a model; none where none do.
    fn letter(&self, model: usize) -> Option<String> {
        let letter = ('a'..='z').nth(model);
        let letter = letter.map_or_else(|| format!("m{}", model + 1), String::from);
        (!self.plan().compare.is_empty()).then_some(letter)
    }

    /// A model's name with its letter.
    pub fn lettered(&self, model: usize) -> String {
        let name = &self.plan().models[model].name;
        self.letter(model).map_or(name.clone(), |letter| format!("{name} ({letter})"))
    }
}

/// A share in percent, with its standard error.
fn percent((share, error): (f64, f64)) -> [String; 2] {
    [share, error].map(|share| format!("{:.1}", share * 100.0))
}

/// The value that is there most often, the largest of those.
fn most_frequent(values: impl Iterator<Item = usize>) -> usize {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for value in values {
        *times.entry(value).or_default() += 1;
    }
    let most = times.into_iter().max_by_key(|(_, times)| *times);
    most.map_or(0, |(value, _)| value)
}
