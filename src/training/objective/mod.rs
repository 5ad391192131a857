//! What a network learns: one file for each kind of training.

mod adversarial;
mod advprop;
mod fast;
mod kind;
mod sep;
mod trades;
mod vanilla;

pub use adversarial::Adversarial;
pub use advprop::AdvProp;
pub use fast::Fast;
pub use kind::Kind;
pub use sep::Sep;
pub use trades::Trades;
pub use vanilla::Vanilla;

use super::network::Network;
use super::pixel_distance::PixelDistance;
use super::update::Update;
use crate::attack::PixelNorm;
use crate::error::{Error, Result};
use crate::model::Weights;
use burn::tensor::Tensor;
use rand::rngs::ChaCha8Rng;

/// Pictures of a step.
pub struct Batch {
    /// N×C×H×W in [0,1].
    pub pixels: Tensor<4>,
    pub labels: Vec<usize>,
}

/// A kind of training.
pub trait Objective {
    /// Gradients of the mean loss of a batch.
    ///
    /// # Errors
    /// When the device failed.
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        random: &mut ChaCha8Rng,
    ) -> Result<Update>;

    /// Whether its values can be used.
    ///
    /// # Errors
    /// With the one that can't.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The adversary's norm and radius, where there is one.
    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        None
    }

    /// What is known to collapse in such a training.
    fn collapse(&self) -> Option<Collapse> {
        None
    }

    /// Whether it learns a second set of batch norms.
    fn has_auxiliary_norms(&self) -> bool {
        false
    }
}

/// Whether the values of an adversary can be used.
///
/// # Errors
/// With the one that can't.
fn check_adversary(norm: PixelNorm, epsilon: PixelDistance, step: f64, steps: usize) -> Result<()> {
    let wrong = |name: &str, why: &str| {
        Err(Error::new(format!("`{name}` can't be used"), why.to_string())
            .hint("lengths are of [0,1] pixels, such as \"8/255\""))
    };
    match () {
        () if norm == PixelNorm::Linf && epsilon.exact() > 1.0 => {
            wrong("epsilon", "no pixel can be changed by more than 1")
        }
        () if !(step > 0.0 && step.is_finite()) => wrong("step", "it must be above 0"),
        () if norm == PixelNorm::Linf && step > 2.0 => {
            wrong("step", "it is longer than any change")
        }
        () if steps == 0 => wrong("steps", "there must be one at least"),
        () => Ok(()),
    }
}

/// Whether a number is finite and not below 0.
///
/// # Errors
/// When it isn't.
fn check_weight(name: &str, value: f64) -> Result<()> {
    match value >= 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(Error::new(format!("`{name}` can't be used"), "it must not be below 0")),
    }
}

/// An accuracy that may collapse from one epoch to the next. Under attack that is catastrophic
/// overfitting (Wong, Rice and Kolter 2020, "Fast is better than free", section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collapse {
    /// Accuracy on pictures as they are.
    Clean,
    /// Accuracy under an attack of several steps.
    Robust,
}

impl Collapse {
    /// The accuracy's name, for people.
    pub fn of(self) -> &'static str {
        match self {
            Collapse::Clean => "accuracy without attack",
            Collapse::Robust => "accuracy under attack",
        }
    }
}
