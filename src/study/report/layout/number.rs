//! A mean with everything that is marked on it.

use super::{NONE, most_frequent};
use crate::score::Better;
use crate::study::report::Report;
use crate::study::report::scale::Scale;
use crate::study::report::table::{Entry, Number};

/// A metric, and how its numbers are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub metric: usize,
    pub scale: Scale,
    /// Pictures that most values are of; others say so.
    pub n: usize,
}

impl Report {
    /// How a metric is shown, the same for all models.
    pub(super) fn column(&self, metric: usize) -> Column {
        let described = || self.groups.iter().map(|group| group.summaries[metric].description);
        let numbers: Vec<_> =
            described().flatten().map(|of| (of.mean, of.standard_error)).collect();
        let n = most_frequent(described().map(|of| of.map_or(0, |of| of.n)));
        Column { metric, scale: Scale::of(&numbers), n }
    }

    /// A mean, its standard error, and its marks.
    pub(super) fn number(&self, model: usize, method: usize, column: Column) -> Entry {
        let Column { metric, scale, n } = column;
        let Ok(of) = self.group(model, method).summaries[metric].description else {
            return Entry::value(NONE);
        };
        Entry::Number(Number {
            value: scale.text(of.mean),
            error: of.standard_error.map(|error| scale.text(error)),
            is_best: self.best(model, metric) == Some(of.mean),
            marks: self.marks(model, method, metric),
            n: (of.n != n).then_some(of.n),
        })
    }

    /// The interval of a mean, where one model leaves it room.
    pub(super) fn interval(&self, method: usize, column: Column) -> Option<Entry> {
        let Column { metric, scale, .. } = column;
        (self.plan().models.len() == 1).then(|| {
            let interval = self.group(0, method).summaries[metric].interval;
            Entry::value(interval.map_or(NONE.into(), |interval| {
                format!("[{}, {}]", scale.text(interval.low), scale.text(interval.high))
            }))
        })
    }

    /// Letters of the earlier models from which one differs.
    pub fn marks(&self, model: usize, method: usize, metric: usize) -> Vec<String> {
        let here = self.comparisons.iter().filter(|of| (of.method, of.metric) == (method, metric));
        let sure = here.filter(|of| of.stars() > 0);
        let marks = sure.filter_map(|of| {
            let [a, b] = of.models;
            let earlier = (a.max(b) == model).then_some(a.min(b))?;
            Some(self.letter(earlier)? + &"*".repeat(of.stars()))
        });
        marks.collect()
    }

    /// The best mean among a model's methods, where there are several.
    pub fn best(&self, model: usize, metric: usize) -> Option<f64> {
        let groups = self.groups.iter().filter(|group| group.model == model);
        let described = groups.filter_map(|group| group.summaries[metric].description.ok());
        let means: Vec<f64> = described.map(|of| of.mean).collect();
        let best = match self.plan().metrics[metric].better {
            Better::Higher => f64::max,
            Better::Lower => f64::min,
            Better::Neither => return None,
        };
        means.iter().copied().reduce(best).filter(|_| means.len() > 1)
    }
}
