//! The long form: one line for every metric of every picture.

use super::Report;
use crate::study::cell::{Cell, Measured};
use crate::study::store::{Done, Record};

/// One metric of one picture. What is not known is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    pub model: &'a str,
    pub method: &'a str,
    pub picture: &'a str,
    pub metric: &'a str,
    pub value: Option<f64>,
    /// `done`, `undefined` or `failed`.
    pub status: &'static str,
    /// Why there is no value.
    pub reason: Option<&'a str>,
    /// The picture's class.
    pub label: Option<usize>,
    /// The class explained.
    pub target: Option<usize>,
    /// The class that the network holds most likely.
    pub predicted: Option<usize>,
    /// Softmax probability of the target.
    pub confidence: Option<f64>,
    /// Time of the method.
    pub seconds: Option<f64>,
}

impl Report {
    /// Every value, failures included; what is not computed yet has no lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let cells = self.records.plan.cells().zip(&self.records.cells);
        let known = cells.filter_map(|(cell, record)| Some((cell, record.as_ref()?)));
        known.flat_map(|(cell, record)| {
            let metrics = 0..cell.plan.metrics.len();
            metrics.map(move |metric| line(&cell, record, metric))
        })
    }
}

fn line<'a>(cell: &Cell<'a>, record: &'a Record, metric: usize) -> Line<'a> {
    let (value, status, reason) = match record {
        Record::Failed(why) => (None, "failed", Some(why.as_str())),
        Record::Done(done) => match &done.values[metric] {
            Measured::Value(value) => (Some(*value), "done", None),
            Measured::Undefined(reason) => (None, "undefined", Some(reason.as_str())),
        },
    };
    let done: Option<&Done> = match record {
        Record::Done(done) => Some(done),
        Record::Failed(_) => None,
    };
    Line {
        model: &cell.model.name,
        method: &cell.method.id,
        picture: &cell.picture.name,
        metric: &cell.plan.metrics[metric].id,
        value,
        status,
        reason,
        label: cell.picture.label,
        target: done.map(|done| done.prediction.target),
        predicted: done.map(|done| done.prediction.predicted),
        confidence: done.and_then(|done| done.prediction.confidence),
        seconds: done.map(|done| done.seconds),
    }
}
