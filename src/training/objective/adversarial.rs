//! Adversarial training: cross-entropy on adversarial pictures alone (Madry et al. 2018, "Towards
//! Deep Learning Models Resistant to Adversarial Attacks", section 2.1).

use super::vanilla::classify;
use super::{Batch, Objective, check_adversary};
use crate::attack::{Pgd, PixelNorm, Start};
use crate::error::Result;
use crate::model::{BatchNorms, Weights};
use crate::training::network::Network;
use crate::training::pixel_distance::PixelDistance;
use crate::training::update::Update;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// L = mean −ln softmax(f(x′))[y], where x′ climbs that loss within the ball. Attacks are made
/// with the statistics that a running network uses. The defaults are the paper's for CIFAR-10
/// (section 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adversarial {
    pub norm: PixelNorm,
    /// Radius of the ball, in [0,1] pixels.
    pub epsilon: PixelDistance,
    /// Length of a step, in [0,1] pixels.
    pub step: PixelDistance,
    pub steps: usize,
}

impl Default for Adversarial {
    fn default() -> Self {
        Self {
            norm: PixelNorm::Linf,
            epsilon: PixelDistance::of_255(8.0),
            step: PixelDistance::of_255(2.0),
            steps: 7,
        }
    }
}

impl Objective for Adversarial {
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        random: &mut ChaCha8Rng,
    ) -> Result<Update> {
        let pgd = Pgd {
            norm: self.norm,
            epsilon: self.epsilon.value(),
            step: self.step.value(),
            steps: self.steps,
            start: Start::Uniform,
        };
        let target = network.running(weights, BatchNorms::Main)?;
        let attacked = pgd.attack(&target, &batch.pixels, &batch.labels, random)?;
        let graph = network.learning(weights, BatchNorms::Main)?;
        let mut update = Update::default();
        classify(&mut update, &graph, BatchNorms::Main, attacked, &batch.labels)?;
        Ok(update)
    }

    fn check(&self) -> Result<()> {
        check_adversary(self.norm, self.epsilon, self.step.exact(), self.steps)
    }

    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        Some((self.norm, self.epsilon))
    }
}
