//! Fast adversarial training: one step from a random start (Wong, Rice and Kolter 2020, "Fast is
//! better than free", section 4).

use super::{Adversarial, Batch, Collapse, Objective, check_adversary};
use crate::attack::PixelNorm;
use crate::error::Result;
use crate::model::Weights;
use crate::training::network::Network;
use crate::training::pixel_distance::PixelDistance;
use crate::training::update::Update;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Adversarial training by a single step of α = `step`·ε from anywhere in the ball. It can collapse
/// from one epoch to the next: the network learns to fool the single step, and any stronger attack
/// succeeds (catastrophic overfitting).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fast {
    pub norm: PixelNorm,
    /// Radius of the ball, in [0,1] pixels.
    pub epsilon: PixelDistance,
    /// Length of the step, in radii.
    pub step: f64,
}

impl Default for Fast {
    fn default() -> Self {
        Self { norm: PixelNorm::Linf, epsilon: PixelDistance::of_255(8.0), step: 1.25 }
    }
}

impl Objective for Fast {
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        random: &mut ChaCha8Rng,
    ) -> Result<Update> {
        let step = PixelDistance::new(self.step * self.epsilon.exact());
        let one = Adversarial { norm: self.norm, epsilon: self.epsilon, step, steps: 1 };
        one.learn(network, weights, batch, random)
    }

    fn check(&self) -> Result<()> {
        check_adversary(self.norm, self.epsilon, self.step * self.epsilon.exact(), 1)
    }

    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        Some((self.norm, self.epsilon))
    }

    fn collapse(&self) -> Option<Collapse> {
        Some(Collapse::Robust)
    }
}
