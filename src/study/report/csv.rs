//! Tables for other programs. Numbers have all their digits; what is not known is empty.

use super::{QUANTILES, Report};
use crate::study::statistics::Defined;
use std::fmt::Display;

impl Report {
    /// The long form: one line for every metric of every picture.
    pub fn values_csv(&self) -> Vec<u8> {
        let mut table = Table::new(&[
            "model",
            "method",
            "picture",
            "metric",
            "value",
            "status",
            "reason",
            "label",
            "target",
            "predicted",
            "confidence",
            "seconds",
        ]);
        for line in self.lines() {
            let texts = [line.model, line.method, line.picture, line.metric].map(String::from);
            let row = texts.into_iter().chain([
                number(line.value),
                line.status.into(),
                maybe(line.reason),
                maybe(line.label),
                maybe(line.target),
                maybe(line.predicted),
                number(line.confidence),
                number(line.seconds),
            ]);
            table.row(row);
        }
        table.finish()
    }

    /// The wide form: one line for every model and method, with every metric's n, mean, standard
    /// error, median and 95% interval.
    pub fn summary_csv(&self) -> Vec<u8> {
        const OF_METRIC: [&str; 6] = ["n", "mean", "standard_error", "median", "low", "high"];
        let plan = self.plan();
        let first = ["model", "method", "parameters", "done", "failed", "missing", "seconds"];
        let metrics = plan.metrics.iter();
        let columns = metrics.flat_map(|m| OF_METRIC.map(|of| format!("{}_{of}", m.id)));
        let benchmarks = self.benchmarks();
        let counted = benchmarks.iter().map(|m| format!("{}_benchmark", plan.metrics[*m].id));
        let headings: Vec<String> =
            first.map(String::from).into_iter().chain(columns).chain(counted).collect();
        let mut table = Table::new(&headings);
        for group in &self.groups {
            let method = &plan.methods[group.method];
            let first = [
                plan.models[group.model].name.clone(),
                method.id.clone(),
                method.json(),
                group.done.to_string(),
                group.failed.to_string(),
                group.missing.to_string(),
                number(group.seconds),
            ];
            let numbers = group.summaries.iter().flat_map(|summary| {
                let (of, interval) = (summary.description.ok(), summary.interval.ok());
                [
                    of.map_or(0, |of| of.n).to_string(),
                    number(of.map(|of| of.mean)),
                    number(of.and_then(|of| of.standard_error)),
                    number(of.map(|of| of.median)),
                    number(interval.map(|interval| interval.low)),
                    number(interval.map(|interval| interval.high)),
                ]
            });
            let counted = benchmarks.iter().map(|metric| number(group.benchmarks[*metric]));
            table.row(first.into_iter().chain(numbers).chain(counted));
        }
        table.finish()
    }

    /// Every comparison of two models: the second's value less the first's.
    pub fn comparisons_csv(&self) -> Vec<u8> {
        let mut table = Table::new(&[
            "metric",
            "method",
            "first",
            "second",
            "n",
            "mean_difference",
            "low",
            "high",
            "statistic",
            "p",
            "p_holm",
            "exact",
            "rank_biserial",
            "reason",
        ]);
        let plan = self.plan();
        for of in &self.comparisons {
            let [first, second] = of.models.map(|model| plan.models[model].name.clone());
            let test = of.test.as_ref().ok();
            table.row([
                plan.metrics[of.metric].id.clone(),
                plan.methods[of.method].id.clone(),
                first,
                second,
                of.n.to_string(),
                number(of.mean_difference.ok()),
                number(of.interval.ok().map(|interval| interval.low)),
                number(of.interval.ok().map(|interval| interval.high)),
                number(test.map(|test| test.statistic)),
                number(test.map(|test| test.p)),
                number(of.adjusted_p),
                maybe(test.map(|test| test.exact)),
                number(test.map(|test| test.effect)),
                why(&of.test),
            ]);
        }
        table.finish()
    }

    /// Confidence and accuracy of every model, and what follows confidence.
    pub fn confidence_csv(&self) -> Vec<u8> {
        let plan = self.plan();
        let first = ["model", "method", "metric", "n", "spearman", "p", "accuracy", "mean"];
        let quantiles = QUANTILES.map(|share| format!("quantile_{share}"));
        let headings: Vec<String> = first.map(String::from).into_iter().chain(quantiles).collect();
        let mut table = Table::new(&headings);
        for (model, of) in plan.models.iter().zip(&self.confidence) {
            let quantile = |index: usize| number(of.quantiles.map(|values| values[index]));
            let first = [model.name.clone(), String::new(), "confidence".into(), of.n.to_string()];
            let rest = [
                String::new(),
                String::new(),
                number(of.accuracy().map(|(share, _)| share)),
                number(of.mean.ok()),
            ];
            table.row(first.into_iter().chain(rest).chain((0..QUANTILES.len()).map(quantile)));
        }
        for of in &self.dependences {
            let correlation = of.correlation.as_ref().ok();
            let row = [
                plan.models[of.model].name.clone(),
                plan.methods[of.method].id.clone(),
                plan.metrics[of.metric].id.clone(),
                maybe(correlation.map(|correlation| correlation.n)),
                number(correlation.map(|correlation| correlation.rho)),
                number(correlation.map(|correlation| correlation.p)),
            ];
            let empty = vec![String::new(); 2 + QUANTILES.len()];
            table.row(row.into_iter().chain(empty));
        }
        table.finish()
    }
}

fn maybe(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// All digits, with an exponent where there would be many zeros.
fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value:?}")).unwrap_or_default()
}

fn why<T>(defined: &Defined<T>) -> String {
    defined.as_ref().err().map(|why| (*why).to_string()).unwrap_or_default()
}

/// A table on its way to text.
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(headings: &[impl AsRef<str>]) -> Self {
        let mut table = Self(csv::Writer::from_writer(vec![]));
        table.row(headings.iter().map(|heading| heading.as_ref().to_string()));
        table
    }

    fn row(&mut self, row: impl IntoIterator<Item = String>) {
        let row: Vec<String> = row.into_iter().collect();
        self.0.write_record(row).expect("memory takes it, and all rows are as long");
    }

    fn finish(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes it")
    }
}
