//! Local Lipschitz estimate: how steeply a map changes with its picture.

use super::description::{Better, Description, Measure, OverPictures};
use super::distance::distance;
use super::measured::Measured;
use super::trial::ExplainTrial;
use crate::error::Result;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

pub(super) static DESCRIPTION: Description = Description {
    id: "local-lipschitz",
    name: "Local Lipschitz estimate",
    better: Better::Lower,
    range: "0 and above, in units of the map per pixel unit",
    over_pictures: OverPictures::Mean,
    paper: "Alvarez-Melis, Jaakkola 2018, On the Robustness of Interpretability Methods; the maximum is over drawn pictures, as in Quantus, and not optimised",
    formula: "max over n of ‖Φ(x) − Φ(x + εₙ)‖ / ‖εₙ‖, ε ~ N(0, σ²)",
    passes: "those of the method, samples + 1 times",
    parameters: PARAMETERS,
    measure: Measure::Explanations(|trial, values, generator| {
        local_lipschitz(trial, &LocalLipschitzParameters::from(values), generator)
    }),
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        id: "sigma",
        help: "deviation of the noise; noisy pixels are not clamped",
        unit: "of the [0,1] pixel range",
        kind: Kind::Real { default: 0.1, min: 0.0001, max: 1.0 },
        source: "Quantus 0.6 (perturb_std)",
    },
    Parameter {
        id: "samples",
        help: "noisy pictures drawn; the maximum grows with their number",
        unit: "maps",
        kind: Kind::Integer { default: 200, min: 1, max: 100_000 },
        source: "Quantus 0.6 (nr_samples)",
    },
];

/// Parameters of [`local_lipschitz`]; their defaults and sources are in its description.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LocalLipschitzParameters {
    /// Of the [0,1] pixel range.
    pub sigma: f32,
    /// Maps drawn.
    pub samples: usize,
}

impl From<&Values> for LocalLipschitzParameters {
    fn from(values: &Values) -> Self {
        Self { sigma: values.real("sigma"), samples: values.integer("samples") }
    }
}

impl Default for LocalLipschitzParameters {
    fn default() -> Self {
        Self::from(&Values::defaults(PARAMETERS))
    }
}

/// The estimate over drawn noise. `None` where the watch cancelled.
///
/// # Errors
/// When a picture can't be explained, or maps differ in shape or are not finite.
pub fn local_lipschitz(
    trial: &mut ExplainTrial,
    parameters: &LocalLipschitzParameters,
    generator: &mut impl Rng,
) -> Result<Option<Measured>> {
    let (pixels, sigma) = (trial.pixels, parameters.sigma);
    let mut normal = || -> f32 { StandardNormal.sample(generator) };
    let mut draw = || pixels.mapv(|value| value + sigma * normal());
    local_lipschitz_over(trial, parameters.samples, &mut draw)
}

/// The estimate over given pictures, `samples` of them; those equal to the original don't count.
///
/// # Errors
/// As for [`local_lipschitz`].
pub fn local_lipschitz_over(
    trial: &mut ExplainTrial,
    samples: usize,
    draw: &mut dyn FnMut() -> Array3<f32>,
) -> Result<Option<Measured>> {
    let pixels = trial.pixels;
    let mut steepest: Option<f64> = None;
    let flow = trial.explain_each(samples, draw, &mut |original, picture, map| {
        let from = distance(pixels, picture);
        if from > 0.0 {
            let slope = distance(original, map) / from;
            steepest = Some(steepest.map_or(slope, |steepest| steepest.max(slope)));
        }
    })?;
    let found = steepest.ok_or("no drawn picture differs from the original");
    Ok((flow == Flow::Continue).then_some(found.into()))
}
