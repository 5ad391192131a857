//! A cell as it stands in the database, and its seal.

use crate::file::sha256;
use crate::study::cell::{Cell, CellPrediction, CellResults, Measured};
use serde::Serialize;
use std::collections::BTreeMap;

/// A cell with everything that its seal covers.
#[derive(Debug, Serialize)]
pub struct Row {
    pub key: String,
    pub map_key: String,
    /// Why it failed, if it did; then nothing else is there.
    pub error: Option<String>,
    /// SHA-256 of the map's file.
    pub map: Option<String>,
    pub seconds: Option<f64>,
    /// A JSON list.
    pub warnings: Option<String>,
    pub target: Option<i64>,
    pub predicted: Option<i64>,
    pub confidence: Option<f64>,
    /// By metric: a value, or why there is none.
    pub measurements: BTreeMap<String, (Option<f64>, Option<String>)>,
}

impl Row {
    pub fn done(cell: &Cell, results: &CellResults, map: Option<String>) -> Self {
        let CellPrediction { target, predicted, confidence } = results.prediction;
        let warnings = serde_json::Value::from(results.warnings.clone());
        let measured = |(metric, measured): (&String, &Measured)| {
            let measured = match measured {
                Measured::Value(value) => (Some(*value), None),
                Measured::Undefined(reason) => (None, Some(reason.clone())),
            };
            (metric.clone(), measured)
        };
        Self {
            key: cell.key.clone(),
            map_key: cell.map_key.clone(),
            error: None,
            map,
            // Databases keep no sign of zero.
            seconds: Some(results.seconds + 0.0),
            warnings: Some(warnings.to_string()),
            target: Some(target as i64),
            predicted: Some(predicted as i64),
            confidence: confidence.map(|confidence| confidence + 0.0),
            measurements: results.values.iter().map(measured).collect(),
        }
    }

    pub fn failed(cell: &Cell, why: &str) -> Self {
        Self {
            key: cell.key.clone(),
            map_key: cell.map_key.clone(),
            error: Some(why.to_string()),
            map: None,
            seconds: None,
            warnings: None,
            target: None,
            predicted: None,
            confidence: None,
            measurements: BTreeMap::new(),
        }
    }

    pub fn status(&self) -> &'static str {
        if self.error.is_some() { "failed" } else { "done" }
    }

    /// SHA-256 over everything, by which damage is seen.
    pub fn seal(&self) -> String {
        sha256(&serde_json::to_vec(self).expect("texts and numbers are JSON"))
    }
}
