//! Two models by the same method and metric, over the pictures that both have.

use super::{LEVEL, View};
use crate::study::statistics::{
    Defined, Interval, SignedRank, describe, holm, mean_interval, wilcoxon,
};
use rayon::prelude::*;

/// A paired comparison. Differences are the second model's value less the first's.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Places of both models in the plan.
    pub models: [usize; 2],
    pub method: usize,
    pub metric: usize,
    /// Pictures where both values are defined.
    pub n: usize,
    pub mean_difference: Defined<f64>,
    /// 95% interval of the mean difference, BCa.
    pub interval: Defined<Interval>,
    /// Signed-rank test of the differences, two-sided.
    pub test: Defined<SignedRank>,
    /// Its p, corrected by Holm over the comparisons of the metric: every pair, every method.
    pub adjusted_p: Option<f64>,
}

impl Comparison {
    /// How sure the difference is: 0 at an adjusted p of 0.05 and above, then 1, 2 below 0.01 and
    /// 3 below 0.001.
    pub fn stars(&self) -> usize {
        let p = self.adjusted_p.unwrap_or(1.0);
        [0.05, 0.01, 0.001].iter().filter(|level| p < **level).count()
    }
}

pub fn comparisons(view: &View) -> Vec<Comparison> {
    let of_metrics: Vec<_> =
        (0..view.plan().metrics.len()).into_par_iter().map(|m| of_metric(view, m)).collect();
    of_metrics.into_iter().flatten().collect()
}

fn of_metric(view: &View, metric: usize) -> Vec<Comparison> {
    let plan = view.plan();
    let methods = 0..plan.methods.len();
    let of_method =
        |method| plan.compare.iter().map(move |pair| compare(view, *pair, method, metric));
    let mut comparisons: Vec<Comparison> = methods.flat_map(of_method).collect();
    let tested = || comparisons.iter().filter_map(|comparison| comparison.test.as_ref().ok());
    let mut adjusted = holm(&tested().map(|test| test.p).collect::<Vec<_>>()).into_iter();
    for comparison in comparisons.iter_mut().filter(|comparison| comparison.test.is_ok()) {
        comparison.adjusted_p = adjusted.next();
    }
    comparisons
}

fn compare(view: &View, models: [usize; 2], method: usize, metric: usize) -> Comparison {
    let plan = view.plan();
    let [first, second] = models.map(|model| view.values(model, method, metric));
    let pairs = first.into_iter().zip(second);
    let differences: Vec<f64> =
        pairs.filter_map(|(first, second)| Some(second? - first?)).collect();
    let [first, second] = models.map(|model| plan.models[model].sha256.as_str());
    let method_identity = plan.methods[method].identity();
    let name = [first, second, &method_identity, &plan.metrics[metric].id];
    let interval = mean_interval(&differences, LEVEL, &mut view.stream(&name).generator());
    Comparison {
        models,
        method,
        metric,
        n: differences.len(),
        mean_difference: describe(&differences).map(|described| described.mean),
        interval,
        test: wilcoxon(&differences),
        adjusted_p: None,
    }
}
