//! AdvProp: pictures and adversarial ones together, each with batch norms of their own (Xie et al.
//! 2020, "Adversarial Examples Improve Image Recognition", algorithm 1).

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

/// L = CE(x) through the main norms + CE(x′) through the auxiliary ones, which attacks are made
/// with. A trained network runs with its main norms. The defaults are the paper's PGD-5 (section
/// 5.1) at a radius of 4/255; PGD-1 has one step of the radius.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdvProp {
    pub norm: PixelNorm,
    /// Radius of the ball, in [0,1] pixels.
    pub epsilon: PixelDistance,
    /// Length of a step, in [0,1] pixels.
    pub step: PixelDistance,
    pub steps: usize,
}

impl Default for AdvProp {
    fn default() -> Self {
        Self {
            norm: PixelNorm::Linf,
            epsilon: PixelDistance::of_255(4.0),
            step: PixelDistance::of_255(1.0),
            steps: 5,
        }
    }
}

impl Objective for AdvProp {
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
        let target = network.running(weights, BatchNorms::Auxiliary)?;
        let attacked = pgd.attack(&target, &batch.pixels, &batch.labels, random)?;
        let mut update = Update::default();
        for (norms, pixels) in
            [(BatchNorms::Auxiliary, attacked), (BatchNorms::Main, batch.pixels.clone())]
        {
            let graph = network.learning(weights, norms)?;
            // What is counted in the end is of the pictures as they are.
            (update.loss, update.correct, update.samples) = (0.0, 0, 0);
            classify(&mut update, &graph, norms, pixels, &batch.labels)?;
        }
        Ok(update)
    }

    fn check(&self) -> Result<()> {
        check_adversary(self.norm, self.epsilon, self.step.exact(), self.steps)
    }

    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        Some((self.norm, self.epsilon))
    }

    fn has_auxiliary_norms(&self) -> bool {
        true
    }
}
