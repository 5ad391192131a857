//! Infidelity: how well a map foretells what perturbations do to the score.

use super::description::{Better, Description, Measure, OverPictures};
use super::measured::Measured;
use super::perturbation::{Perturbation, shares};
use super::trial::ScoreTrial;
use super::trial::check_shape;
use crate::error::{Error, Result};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::{Array3, Zip};
use rand::Rng;
use serde::Serialize;

pub(super) static DESCRIPTION: Description = Description {
    id: "infidelity",
    name: "Infidelity",
    better: Better::Lower,
    range: "0 and above, in squares of the score",
    over_pictures: OverPictures::Mean,
    paper: "Yeh, Hsieh, Suggala, Inouye, Ravikumar 2019, On the (In)fidelity and Sensitivity of Explanations, and its published code; squares are drawn, not gone through",
    formula: "E (βIᵀΦ − (f(x) − f(x − I)))², β = 1, or E IᵀΦ(f(x) − f(x − I)) / E (IᵀΦ)²",
    passes: "samples + 1 forwards",
    parameters: PARAMETERS,
    measure: Measure::Scores(|trial, values, generator| {
        let found = infidelity(trial, &InfidelityParameters::from(values), generator)?;
        Ok(found.map(|found| match values.choice("scaling") {
            "none" => Measured::Value(found.plain),
            _ => Measured::Value(found.scaled),
        }))
    }),
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        id: "perturbation",
        help: "I: a square brought to the mean colour (square), normal noise on every value (gaussian), or all that differs from noise about the mean colour (noisy-baseline)",
        unit: "",
        kind: Kind::Choice {
            default: "square",
            options: &["square", "gaussian", "noisy-baseline"],
        },
        source: "Yeh et al. 2019: squares for pictures",
    },
    Parameter {
        id: "side",
        help: "longest side of a square; sides are drawn uniformly from 1",
        unit: "px",
        kind: Kind::Integer { default: 10, min: 1, max: 1024 },
        source: "published code of Yeh et al. 2019: 1 to 10",
    },
    Parameter {
        id: "sigma",
        help: "deviation of the noise",
        unit: "of the [0,1] pixel range",
        kind: Kind::Real { default: 0.2, min: 0.0, max: 10.0 },
        source: "published code of Yeh et al. 2019",
    },
    Parameter {
        id: "samples",
        help: "perturbations drawn",
        unit: "pictures",
        kind: Kind::Integer { default: 1000, min: 1, max: 1_000_000 },
        source: "a tenth of the 10 000 in the published code of Yeh et al. 2019, for 28×28 px; the result varies √10 times as much",
    },
    Parameter {
        id: "map",
        help: "what the map holds: the score's change for a change of a value (slope, as gradients), or for its removal (contribution, as gradient × input); contributions are taken by shares I / (x − x₀)",
        unit: "",
        kind: Kind::Choice { default: "slope", options: &["slope", "contribution"] },
        source: "Captum 0.9 (multiply_by_inputs)",
    },
    Parameter {
        id: "scaling",
        help: "whether the map is first brought to the scale β that suits it best",
        unit: "",
        kind: Kind::Choice { default: "optimal", options: &["optimal", "none"] },
        source: "published code of Yeh et al. 2019: maps of different methods differ in scale",
    },
];

/// Parameters of [`infidelity`]; their defaults and sources are in its description.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InfidelityParameters {
    pub perturbation: Perturbation,
    /// Perturbations drawn.
    pub samples: usize,
    /// True for maps of contributions, false for maps of slopes.
    pub contributions: bool,
}

impl From<&Values> for InfidelityParameters {
    fn from(values: &Values) -> Self {
        let sigma = values.real("sigma");
        let perturbation = match values.choice("perturbation") {
            "gaussian" => Perturbation::Gaussian { sigma },
            "noisy-baseline" => Perturbation::NoisyBaseline { sigma },
            _ => Perturbation::Square { side: values.integer("side") },
        };
        let contributions = values.choice("map") == "contribution";
        Self { perturbation, samples: values.integer("samples"), contributions }
    }
}

impl Default for InfidelityParameters {
    fn default() -> Self {
        Self::from(&Values::defaults(PARAMETERS))
    }
}

/// Both kinds of infidelity from the same perturbations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Infidelity {
    /// Of the map as it is.
    pub plain: f64,
    /// Of the map times `scale`.
    pub scaled: f64,
    /// β, zero where the map predicts no change.
    pub scale: f64,
}

/// A picture x − I with its perturbation I.
#[derive(Debug, Clone)]
pub struct Perturbed {
    /// C×H×W.
    pub picture: Array3<f32>,
    /// What is multiplied with the map, C×H×W: I for slopes, shares for contributions.
    pub change: Array3<f32>,
}

/// Infidelity over drawn perturbations. `None` where the watch cancelled.
///
/// # Errors
/// When map and picture don't fit, or a picture can't be scored.
pub fn infidelity(
    trial: &mut ScoreTrial,
    parameters: &InfidelityParameters,
    generator: &mut impl Rng,
) -> Result<Option<Infidelity>> {
    let (pixels, colour) = (trial.pixels, trial.mean_colour);
    // A contribution given once for all channels is not each channel's.
    let told_once = trial.map.dim().0 < pixels.dim().0;
    let repeats = if told_once { pixels.dim().0 } else { 1 };
    let mut draw = || {
        let picture = parameters.perturbation.draw(pixels, colour, generator);
        let change = match parameters.contributions {
            true => shares(pixels, &picture, colour) / repeats as f32,
            false => pixels - &picture,
        };
        Perturbed { picture, change }
    };
    infidelity_over(trial, parameters.samples, &mut draw)
}

/// Infidelity over given perturbations, `samples` of them.
///
/// # Errors
/// As for [`infidelity`], and when there are no perturbations, or one is not of the
/// picture's shape.
pub fn infidelity_over(
    trial: &mut ScoreTrial,
    samples: usize,
    draw: &mut dyn FnMut() -> Perturbed,
) -> Result<Option<Infidelity>> {
    if samples == 0 {
        return Err(Error::new("cannot compute infidelity", "no perturbations were asked for"));
    }
    let attribution = trial.attribution()?;
    let pixels = trial.pixels;
    let mut next = || {
        let Perturbed { picture, change } = draw();
        check_shape(pixels, &change)?;
        let product = |sum, map: &f32, change: &f32| sum + f64::from(*map) * f64::from(*change);
        Ok((picture, Zip::from(&attribution).and(&change).fold(0.0, product)))
    };
    let mut sums = Sums::default();
    let flow =
        trial.loss_each(samples, &mut next, &mut |foretold, loss| sums.add(foretold, loss))?;
    Ok((flow == Flow::Continue).then(|| sums.infidelity()))
}

/// Sums over samples of what was foretold (a) and what came (b).
#[derive(Default)]
struct Sums {
    count: f64,
    squared_error: f64,
    aa: f64,
    ab: f64,
    bb: f64,
}

impl Sums {
    fn add(&mut self, a: f64, b: f64) {
        self.count += 1.0;
        self.squared_error += (a - b).powi(2);
        self.aa += a * a;
        self.ab += a * b;
        self.bb += b * b;
    }

    fn infidelity(&self) -> Infidelity {
        let scale = if self.aa > 0.0 { self.ab / self.aa } else { 0.0 };
        // Never below zero but for rounding.
        let scaled = (self.bb - scale * self.ab).max(0.0);
        Infidelity { plain: self.squared_error / self.count, scaled: scaled / self.count, scale }
    }
}
