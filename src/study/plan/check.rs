//! What must hold of a plan's parts.

use super::{Metric, PlannedModel, PlannedPicture};
use crate::study::definition::TargetRule;
use std::collections::HashMap;

/// Models that can be told apart.
pub fn check_models(models: &[PlannedModel]) -> Result<(), String> {
    for (index, model) in models.iter().enumerate() {
        for other in &models[..index] {
            if model.sha256 == other.sha256 {
                return Err(format!("{} and {} are the same model", other.name, model.name));
            }
            if model.name == other.name {
                let name = &model.name;
                return Err(format!("two models are called {name}; their cards can name them"));
            }
        }
    }
    Ok(())
}

/// Metrics that can be told apart and refer to each other.
pub fn check_metrics(metrics: &[Metric]) -> Result<(), String> {
    let known = |id: &String| metrics.iter().any(|metric| metric.id == *id);
    for (index, metric) in metrics.iter().enumerate() {
        if metrics[..index].iter().any(|other| other.id == metric.id) {
            return Err(format!("two scores measure {}", metric.id));
        }
        if let Some(other) = metric.normalised.as_ref().filter(|other| !known(other)) {
            return Err(format!("{} refers to {other}, which no score measures", metric.id));
        }
    }
    Ok(())
}

/// A label of every picture, where labels are explained.
pub fn check_labels(pictures: &[PlannedPicture], target: TargetRule) -> Result<(), String> {
    let without = || pictures.iter().filter(|picture| picture.label.is_none());
    match without().next().filter(|_| target == TargetRule::Label) {
        None => Ok(()),
        Some(first) => Err(format!(
            "target = \"label\", but {} of {} pictures have no label; the first is {}",
            without().count(),
            pictures.len(),
            first.name
        )),
    }
}

/// Pictures without those of the same content as an earlier one, and what to say of them.
pub fn once_each(
    pictures: Vec<PlannedPicture>,
) -> Result<(Vec<PlannedPicture>, Vec<String>), String> {
    let mut places = HashMap::new();
    let mut once: Vec<PlannedPicture> = vec![];
    let mut notes = vec![];
    for picture in pictures {
        let place = *places.entry(picture.sha256.clone()).or_insert(once.len());
        let Some(first) = once.get_mut(place) else {
            once.push(picture);
            continue;
        };
        let both = format!("{} and {}", first.name, picture.name);
        match (first.label, picture.label) {
            (Some(one), Some(other)) if one != other => {
                return Err(format!("{both} are the same picture with labels {one} and {other}"));
            }
            (label, other) => first.label = label.or(other),
        }
        notes.push(format!("{both} are the same picture and count once"));
    }
    Ok((once, notes))
}
