//! One way to run any method: retried, cached, its map checked and recorded.

use super::applicability::{Fitted, fitted};
use super::cache::Cache;
use super::explained::Explained;
use super::job::{Job, Progress};
use super::method::{Method, Sign};
use super::result::Attribution;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parameter::Values;
use crate::progress::Flow;
use ndarray::Array3;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs a method on one picture.
///
/// A GPU that fails gets batches of half the size, and finally the CPU takes over; the map's
/// warnings say so.
///
/// # Errors
/// When the class is out of range, a parameter doesn't fit, or the device failed.
pub fn attribute(
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    let model = explained.model;
    check_class(model, explained.target)?;
    let Fitted { values, warnings } = &fitted(method, model, values)?;
    let mut batch = model.batch;
    let mut notice = None;
    let failed = loop {
        if let Some(why) = model.given_up() {
            break Error::device(why);
        }
        match model.caught(|| run(method, explained, values, batch, watch)) {
            Ok(mut attribution) => {
                attribution.warnings.splice(0..0, notice.into_iter().chain(warnings.clone()));
                return Ok(attribution);
            }
            Err(failed) if !model.on_gpu || !failed.is_of_device() => return Err(failed),
            Err(failed) if batch == 1 => break failed,
            Err(_) => batch = (batch / 2).max(1),
        }
        notice = Some(format!("computed in batches of {batch}: the GPU failed with larger ones"));
    };
    let cpu = model.on_cpu()?;
    let mut attribution = run(method, &explained.on(cpu), values, cpu.batch, watch)?;
    let notice = format!("computed on the CPU: {failed}");
    attribution.warnings.splice(0..0, [notice].into_iter().chain(warnings.clone()));
    Ok(attribution)
}

/// The map from the cache if it is there, or else from [`attribute`], whose whole maps it keeps.
///
/// # Errors
/// As for [`attribute`].
pub fn attribute_once(
    cache: Option<&Cache>,
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    if let Some(kept) = cache.and_then(|cache| cache.get(method, explained, values)) {
        return Ok(kept);
    }
    let attribution = attribute(method, explained, values, watch)?;
    if let Some(cache) = cache {
        cache.put(explained, &attribution);
    }
    Ok(attribution)
}

fn run(
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    batch: usize,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    let description = method.description();
    let start = Instant::now();
    // Whoever watches may pause the work.
    let mut watched = Duration::ZERO;
    let mut timed = |progress: &Progress| {
        let begin = Instant::now();
        let flow = watch(progress);
        watched += begin.elapsed();
        flow
    };
    let mut job = Job { batch, ..Job::new(explained, description.id, values, &mut timed) };
    let map = method.run(&mut job)?;
    if let Some(failed) = job.failed {
        return Err(failed);
    }
    job.diagnostics.extend(job.convergence);
    let mut warnings = job.warnings;
    warnings.extend(degenerate(&map, description.sign));
    let (samples, diagnostics) = (job.samples, job.diagnostics);
    Ok(Attribution {
        method: description,
        map: Arc::new(map),
        target: explained.target,
        values: values.clone(),
        seconds: start.elapsed().saturating_sub(watched).as_secs_f64(),
        samples,
        diagnostics: diagnostics
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect(),
        warnings,
        cached: false,
    })
}

/// # Errors
/// When the network has no such class.
pub fn check_class(model: &Model, class: usize) -> Result<()> {
    let classes = model.graph.classes();
    match class < classes {
        true => Ok(()),
        false => Err(Error::new(
            format!("class {class} is out of range"),
            format!("{} has {classes} classes, 0 to {}", model.name, classes - 1),
        )),
    }
}

/// Why a map shows nothing, if so.
fn degenerate(map: &Array3<f32>, sign: Sign) -> Option<String> {
    let first = map.first().copied().unwrap_or(0.0);
    if let Some(value) = map.iter().find(|value| !value.is_finite()) {
        return Some(format!("the map holds {value}: the network overflowed on this picture"));
    }
    let constant = map.iter().all(|value| *value == first);
    match constant && map.len() > 1 {
        true if first == 0.0 => {
            Some("the map is zero everywhere: the class does not depend on the picture here".into())
        }
        true => Some(format!("the map is {first} everywhere and shows no place")),
        false if sign == Sign::Positive && map.iter().all(|value| *value <= 0.0) => Some(
            "no value is positive: this method shows only evidence for the class, and found none"
                .into(),
        ),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_maps_are_named() {
        let map = |value| Array3::from_elem((1, 2, 2), value);
        let told = |map: &Array3<f32>| degenerate(map, Sign::Signed);
        assert!(told(&map(0.0)).unwrap().contains("zero"));
        assert!(told(&map(2.0)).unwrap().contains("2 everywhere"));
        assert!(told(&map(f32::NAN)).unwrap().contains("NaN"));
        let mut fine = map(0.0);
        fine[[0, 0, 0]] = 1.0;
        assert_eq!(told(&fine), None);
        fine[[0, 0, 0]] = -1.0;
        assert_eq!(told(&fine), None);
        assert!(degenerate(&fine, Sign::Positive).unwrap().contains("no value is positive"));
    }
}
