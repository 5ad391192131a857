//! What stands under every table: how much of what, and by which tests.

use super::Report;
use crate::score::Better;
use crate::study::definition::Layout;
use crate::study::plan::Metric;
use crate::text::count;

impl Report {
    /// How many pictures most values are of, and how many cells have no results.
    pub(super) fn caption_of_counts(&self, n: usize) -> String {
        let [done, failed, missing] = self.counts();
        let cells = done + failed + missing;
        let all = self.plan().pictures.len();
        let of = if n == all { String::new() } else { format!(" of {all}") };
        let rest = match missing {
            0 => String::new(),
            missing => format!(", {missing} are not computed yet"),
        };
        format!(
            "n = {n}{of} pictures unless a value says otherwise; {failed} of {} failed{rest}.",
            count(cells, "cell", "cells")
        )
    }

    /// What values, their errors, bold type and marks mean.
    pub(super) fn legend_of_values(&self) -> String {
        let plan = self.plan();
        let mut text = String::from("Mean ± standard error over pictures.");
        if plan.models.len() == 1 && plan.layout == Layout::ByScore {
            text += " Intervals by the BCa bootstrap of 10,000 resamples.";
        }
        if plan.methods.len() > 1 {
            text += " Bold: the best method of a model.";
        }
        if let Some(marks) = self.legend_of_marks() {
            text += " ";
            text += marks;
        }
        text
    }

    /// What letters and stars at values mean; none where there are none.
    pub fn legend_of_marks(&self) -> Option<&'static str> {
        (!self.plan().compare.is_empty()).then_some("Letters name the models from which a value differs (Wilcoxon's signed-rank test, two-sided, over the pictures that both have, Holm-corrected within each metric: * p < 0.05, ** p < 0.01, *** p < 0.001).")
    }

    /// How intervals and tests of comparisons are made.
    pub(super) fn legend_of_comparisons(&self) -> String {
        "Differences are the second model's value less the first's, with 95% intervals by the BCa bootstrap of 10,000 resamples. p by Wilcoxon's signed-rank test, two-sided (exact for 25 or fewer differences without ties and zeros), Holm-corrected within each metric. r is the matched-pairs rank-biserial correlation.".into()
    }

    /// What to mind of metrics where several models stand side by side.
    pub fn warning_of(&self, metrics: &[usize]) -> Option<String> {
        let plan = self.plan();
        let metrics = metrics.iter().map(|metric| &plan.metrics[*metric]);
        let following: Vec<_> = metrics.filter(|metric| metric.follows_confidence).collect();
        if plan.models.len() < 2 || following.is_empty() {
            return None;
        }
        let names: Vec<_> = following.iter().map(|metric| metric.label.as_str()).collect();
        let verb = if names.len() == 1 { "follows" } else { "follow" };
        let instead: Vec<_> = following.iter().filter_map(|of| self.normalised(of)).collect();
        let advice = if instead.is_empty() {
            "compare methods of one network only".into()
        } else {
            let columns = instead.join(", ");
            format!("between networks compare the confidence-normalised columns ({columns})")
        };
        Some(format!("{} {verb} the network's confidence: {advice}.", names.join(" and ")))
    }

    fn normalised(&self, metric: &Metric) -> Option<&str> {
        let id = metric.normalised.as_ref()?;
        let other = self.plan().metrics.iter().find(|other| other.id == *id)?;
        Some(&other.label)
    }
}

/// Which way a metric is better.
pub fn direction(metric: &Metric) -> &'static str {
    match metric.better {
        Better::Higher => " (higher is better)",
        Better::Lower => " (lower is better)",
        Better::Neither => "",
    }
}
