//! How sure the models are of their targets, and what that does to the metrics that follow it.

use super::{Report, View, present};
use crate::study::statistics::{Correlation, Defined, describe, quantile, sorted, spearman};

/// Shares of the pictures at which confidence is told.
pub const QUANTILES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

/// How sure one model is, and how often right.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfidence {
    /// Pictures with any result.
    pub n: usize,
    /// Mean probability of the target.
    pub mean: Defined<f64>,
    /// At [`QUANTILES`].
    pub quantiles: Option<[f64; 7]>,
    /// Pictures with a known label, and those of them where the likeliest class is the label.
    pub labelled: usize,
    pub correct: usize,
}

impl ModelConfidence {
    /// Share of the labelled pictures that is classified rightly, and its standard error.
    pub fn accuracy(&self) -> Option<(f64, f64)> {
        let n = self.labelled as f64;
        let share = self.correct as f64 / n;
        (self.labelled > 0).then(|| (share, (share * (1.0 - share) / n).sqrt()))
    }
}

/// How far a metric follows confidence over the pictures of one model and method.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependence {
    /// Places in the plan.
    pub metric: usize,
    pub model: usize,
    pub method: usize,
    pub correlation: Defined<Correlation>,
}

pub fn of_models(view: &View) -> Vec<ModelConfidence> {
    (0..view.plan().models.len()).map(|model| of_model(view, model)).collect()
}

fn of_model(view: &View, model: usize) -> ModelConfidence {
    let subjects = view.subjects(model);
    let confidences: Vec<f64> =
        subjects.iter().flatten().filter_map(|subject| subject.confidence).collect();
    let labels = view.plan().pictures.iter().map(|picture| picture.label);
    let right: Vec<bool> = labels
        .zip(&subjects)
        .filter_map(|(label, subject)| Some(label? == subject.as_ref()?.predicted))
        .collect();
    let ascending = sorted(&confidences);
    ModelConfidence {
        n: subjects.iter().flatten().count(),
        mean: describe(&confidences).map(|described| described.mean),
        quantiles: (!ascending.is_empty()).then(|| QUANTILES.map(|q| quantile(&ascending, q))),
        labelled: right.len(),
        correct: right.iter().filter(|right| **right).count(),
    }
}

pub fn dependences(view: &View) -> Vec<Dependence> {
    let plan = view.plan();
    let (models, methods) = (plan.models.len(), plan.methods.len());
    let following = (0..plan.metrics.len()).filter(|m| plan.metrics[*m].follows_confidence);
    let of_metric = |metric| {
        let of_place = move |place| dependence(view, metric, place / methods, place % methods);
        (0..models * methods).map(of_place)
    };
    following.flat_map(of_metric).collect()
}

fn dependence(view: &View, metric: usize, model: usize, method: usize) -> Dependence {
    let pairs = view.values(model, method, metric).into_iter().zip(view.subjects(model));
    let both = pairs.map(|(value, subject)| Some((value?, subject?.confidence?)));
    let (values, confidences): (Vec<_>, Vec<_>) = both.map(Option::unzip).unzip();
    let correlation = spearman(&present(&values), &present(&confidences));
    Dependence { metric, model, method, correlation }
}

/// Labelled pictures from which it is no accident that none is classified rightly.
const SUSPICIOUS: usize = 10;

impl ModelConfidence {
    /// None of many pictures is classified as labelled, as where labels are of other classes.
    fn is_of_other_classes(&self) -> bool {
        self.labelled >= SUSPICIOUS && self.correct == 0
    }
}

impl Report {
    /// What to mind where labels seem to be of other classes than a network's; none where they don't.
    pub fn label_warning(&self) -> Option<String> {
        let models = self.plan().models.iter().zip(&self.confidence);
        let others = models.filter(|(_, confidence)| confidence.is_of_other_classes());
        let names: Vec<&str> = others.map(|(model, _)| model.name.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "No picture is classified as it is labelled by {}: the labels seem to be of other classes than \
                 the network's, and then accuracy and localisation of the class mean nothing.",
                names.join(", ")
            )
        })
    }

    /// What to mind where raw values of several models stand side by side, although they follow
    /// each network's confidence; none where they don't.
    pub fn confidence_warning(&self) -> Option<String> {
        let plan = self.plan();
        let metrics: Vec<usize> = (0..plan.metrics.len()).collect();
        let warning = self.warning_of(&metrics)?;
        let means = plan.models.iter().zip(&self.confidence).filter_map(|(model, confidence)| {
            Some(format!("{} {:.3}", model.name, confidence.mean.ok()?))
        });
        Some(format!(
            "{warning} A network that is less sure of its class has lower curves, whatever its maps show. Mean confidence: {}.",
            means.collect::<Vec<_>>().join(", ")
        ))
    }
}
