//! Max-sensitivity: how far small changes of the picture move its map.

use super::description::{Better, Description, Measure, OverPictures};
use super::distance::distance;
use super::measured::Measured;
use super::trial::ExplainTrial;
use crate::error::Result;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;
use rand::{Rng, RngExt};
use serde::Serialize;

pub(super) static DESCRIPTION: Description = Description {
    id: "max-sensitivity",
    name: "Max-sensitivity",
    better: Better::Lower,
    range: "0 and above",
    over_pictures: OverPictures::Mean,
    paper: "Yeh, Hsieh, Suggala, Inouye, Ravikumar 2019, On the (In)fidelity and Sensitivity of Explanations; relative to the map's own length, as in its published code",
    formula: "max over ‖δ‖∞ ≤ r of ‖Φ(x + δ) − Φ(x)‖ / ‖Φ(x)‖",
    passes: "those of the method, samples + 1 times",
    parameters: PARAMETERS,
    measure: Measure::Explanations(|trial, values, generator| {
        let found = max_sensitivity(trial, &MaxSensitivityParameters::from(values), generator)?;
        Ok(found.map(|found| found.maximum))
    }),
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        id: "radius",
        help: "largest change of a value, r; changes are drawn uniformly and pixels not clamped",
        unit: "of the [0,1] pixel range",
        kind: Kind::Real { default: 0.2, min: 0.0, max: 1.0 },
        source: "published code of Yeh et al. 2019; Quantus 0.6; Captum 0.9 has 0.02",
    },
    Parameter {
        id: "samples",
        help: "changed pictures drawn; the maximum grows with their number",
        unit: "maps",
        kind: Kind::Integer { default: 50, min: 1, max: 100_000 },
        source: "published code of Yeh et al. 2019; Quantus 0.6 has 200, Captum 0.9 has 10",
    },
];

/// Parameters of [`max_sensitivity`]; their defaults and sources are in its description.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MaxSensitivityParameters {
    /// Of the [0,1] pixel range.
    pub radius: f32,
    /// Maps drawn.
    pub samples: usize,
}

impl From<&Values> for MaxSensitivityParameters {
    fn from(values: &Values) -> Self {
        Self { radius: values.real("radius"), samples: values.integer("samples") }
    }
}

impl Default for MaxSensitivityParameters {
    fn default() -> Self {
        Self::from(&Values::defaults(PARAMETERS))
    }
}

/// Relative change of the map over the samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sensitivity {
    pub maximum: Measured,
    pub mean: Measured,
}

/// Sensitivity over drawn changes. `None` where the watch cancelled.
///
/// # Errors
/// When a picture can't be explained, or maps differ in shape or are not finite.
pub fn max_sensitivity(
    trial: &mut ExplainTrial,
    parameters: &MaxSensitivityParameters,
    generator: &mut impl Rng,
) -> Result<Option<Sensitivity>> {
    let (pixels, radius) = (trial.pixels, parameters.radius);
    let mut draw = || pixels.mapv(|value| value + radius * (2.0 * generator.random::<f32>() - 1.0));
    max_sensitivity_over(trial, parameters.samples, &mut draw)
}

/// Sensitivity over given pictures, `samples` of them.
///
/// # Errors
/// As for [`max_sensitivity`].
pub fn max_sensitivity_over(
    trial: &mut ExplainTrial,
    samples: usize,
    draw: &mut dyn FnMut() -> Array3<f32>,
) -> Result<Option<Sensitivity>> {
    let (mut largest, mut sum, mut length) = (0.0f64, 0.0, 0.0);
    let flow = trial.explain_each(samples, draw, &mut |original, _, map| {
        length = distance(original, &Array3::zeros(original.dim()));
        let moved = distance(original, map);
        largest = largest.max(moved);
        sum += moved;
    })?;
    let relative = |moved: f64| match length {
        0.0 => Measured::Undefined("the picture's map is zero everywhere, or nothing was drawn"),
        length => Ok(moved / length).into(),
    };
    let found = || Sensitivity { maximum: relative(largest), mean: relative(sum / samples as f64) };
    Ok((flow == Flow::Continue).then(found))
}
