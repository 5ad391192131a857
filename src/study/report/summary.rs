//! One model with one method: each metric over the pictures.

use super::benchmark::benchmark;
use super::{LEVEL, SummaryIndex, View, present};
use crate::engine::CellIndex;
use crate::study::statistics::{Defined, Description, Interval, describe, mean_interval};
use crate::study::store::Record;
use rayon::prelude::*;

/// One model with one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Places in the plan.
    pub model: usize,
    pub method: usize,
    /// Pictures that are done, failed, and not computed yet.
    pub done: usize,
    pub failed: usize,
    pub missing: usize,
    /// Mean time of the method, of those done.
    pub seconds: Option<f64>,
    /// By metric.
    pub summaries: Vec<Summary>,
    /// By metric, as its benchmark counts it where that is no mean over pictures.
    pub benchmarks: Vec<Option<f64>>,
}

/// One metric over the pictures of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Of the pictures where it is defined.
    pub description: Defined<Description>,
    /// Pictures that are done, but where it isn't defined.
    pub undefined: usize,
    /// 95% interval of the mean, BCa.
    pub interval: Defined<Interval>,
}

pub fn groups(view: &View) -> Vec<Group> {
    let plan = view.plan();
    let methods = plan.methods.len();
    // Every interval has a stream of its own, so that the order of work is nothing.
    let places = (0..plan.models.len() * methods).into_par_iter();
    places.map(|place| group(view, place / methods, place % methods)).collect()
}

fn group(view: &View, model: usize, method: usize) -> Group {
    let plan = view.plan();
    let records = (0..plan.pictures.len())
        .map(|picture| view.record(CellIndex::clean(picture, model, method)));
    let (mut failed, mut missing, mut seconds) = (0, 0, vec![]);
    for record in records {
        match record {
            Some(Record::Done(done)) => seconds.push(done.seconds),
            Some(Record::Failed(_)) => failed += 1,
            None => missing += 1,
        }
    }
    let done = seconds.len();
    let summary = |metric| summary(view, SummaryIndex { model, method, metric }, done);
    let benchmark = |metric| benchmark(view, SummaryIndex { model, method, metric });
    Group {
        model,
        method,
        done,
        failed,
        missing,
        seconds: describe(&seconds).ok().map(|described| described.mean),
        summaries: (0..plan.metrics.len()).map(summary).collect(),
        benchmarks: (0..plan.metrics.len()).map(benchmark).collect(),
    }
}

fn summary(
    view: &View,
    SummaryIndex { model, method, metric }: SummaryIndex,
    done: usize,
) -> Summary {
    let plan = view.plan();
    let values = present(&view.values(model, method, metric));
    let name = [
        &plan.models[model].sha256,
        &plan.methods[method].identity(),
        plan.metrics[metric].id.as_str(),
    ];
    Summary {
        description: describe(&values),
        undefined: done - values.len(),
        interval: mean_interval(&values, LEVEL, &mut view.stream(&name).generator()),
    }
}
