//! TRADES: accuracy against how much predictions can be changed (Zhang et al. 2019, "Theoretically
//! Principled Trade-off between Robustness and Accuracy", equation 5).

use super::{Batch, Objective, check_adversary, check_weight};
use crate::attack::{Pgd, PixelNorm, Start, cross_entropy, input_gradient, log_softmax};
use crate::error::Result;
use crate::model::{BatchNorms, Weights};
use crate::training::network::Network;
use crate::training::pixel_distance::PixelDistance;
use crate::training::update::{Pass, Update};
use burn::tensor::Tensor;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// L = mean −ln p(x)[y] + `beta`·mean KL(p(x) ‖ p(x′)), p = softmax(f), where x′ climbs the
/// divergence within the ball, from near x. As in the authors' code, attacks use the statistics of
/// a running network, and each half of the loss those of its own batch. The defaults are the
/// code's for CIFAR-10.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trades {
    pub norm: PixelNorm,
    /// Radius of the ball, in [0,1] pixels.
    pub epsilon: PixelDistance,
    /// Length of a step, in [0,1] pixels.
    pub step: PixelDistance,
    pub steps: usize,
    /// Weight of the divergence; 1/λ in the paper, α in some studies.
    pub beta: f64,
}

impl Default for Trades {
    fn default() -> Self {
        Self {
            norm: PixelNorm::Linf,
            epsilon: PixelDistance::new(0.031),
            step: PixelDistance::new(0.007),
            steps: 10,
            beta: 6.0,
        }
    }
}

/// Deviation of the noise that attacks start with; at the picture itself the divergence is flat.
const NOISE: f32 = 1e-3;

impl Trades {
    /// Pictures near others whose predictions differ most.
    fn attack(
        &self,
        network: &Network,
        weights: &Weights,
        pixels: &Tensor<4>,
        random: &mut ChaCha8Rng,
    ) -> Result<Tensor<4>> {
        let graph = network.running(weights, BatchNorms::Main)?;
        let classes = graph.classes();
        let clean = log_softmax(&crate::graph::read_back(graph.logits(pixels.clone()))?, classes);
        let pgd = Pgd {
            norm: self.norm,
            epsilon: self.epsilon.value(),
            step: self.step.value(),
            steps: self.steps,
            start: Start::Noise(NOISE),
        };
        pgd.maximise(pixels, random, |x| {
            input_gradient(&graph, x, |logits| {
                let changed = log_softmax(logits, classes);
                changed.iter().zip(&clean).map(|(q, p)| (q.exp() - p.exp()) as f32).collect()
            })
        })
    }

    /// Gradients of the loss for pictures that are attacked already.
    ///
    /// # Errors
    /// When the device failed.
    pub fn learn_from(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        attacked: Tensor<4>,
    ) -> Result<Update> {
        let graph = network.learning(weights, BatchNorms::Main)?;
        let clean = Pass::forward(&graph, BatchNorms::Main, batch.pixels.clone())?;
        let changed = Pass::forward(&graph, BatchNorms::Main, attacked)?;
        let mut loss = cross_entropy(&clean.logits, &batch.labels);
        let divergence = Divergence::of(&clean.logits, &changed.logits, graph.classes());
        for (value, divergence) in loss.values.iter_mut().zip(&divergence.values) {
            *value += self.beta * divergence;
        }
        let mut update = Update::default();
        update.count(&loss, &clean.logits, &batch.labels);
        let share = 1.0 / batch.labels.len() as f64;
        let at_clean = loss.gradient.iter().zip(&divergence.at_clean);
        let at_clean = at_clean.map(|(ce, kl)| (share * (f64::from(*ce) + self.beta * kl)) as f32);
        update.pull(&clean, at_clean.collect())?;
        let at_changed = divergence.at_changed.iter().map(|kl| (share * self.beta * kl) as f32);
        update.pull(&changed, at_changed.collect())?;
        Ok(update)
    }
}

/// KL(p ‖ q) of each sample, with its gradients at the logits of both.
struct Divergence {
    values: Vec<f64>,
    at_clean: Vec<f64>,
    at_changed: Vec<f64>,
}

impl Divergence {
    fn of(clean: &[f32], changed: &[f32], classes: usize) -> Self {
        let (p, q) = (log_softmax(clean, classes), log_softmax(changed, classes));
        let (mut values, mut at_clean) = (vec![], vec![]);
        for (p, q) in p.chunks_exact(classes).zip(q.chunks_exact(classes)) {
            let value = p.iter().zip(q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>();
            at_clean.extend(p.iter().zip(q).map(|(p, q)| p.exp() * (p - q - value)));
            values.push(value);
        }
        let at_changed = p.iter().zip(&q).map(|(p, q)| q.exp() - p.exp()).collect();
        Self { values, at_clean, at_changed }
    }
}

impl Objective for Trades {
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        random: &mut ChaCha8Rng,
    ) -> Result<Update> {
        let attacked = self.attack(network, weights, &batch.pixels, random)?;
        self.learn_from(network, weights, batch, attacked)
    }

    fn check(&self) -> Result<()> {
        check_weight("beta", self.beta)?;
        check_adversary(self.norm, self.epsilon, self.step.exact(), self.steps)
    }

    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        Some((self.norm, self.epsilon))
    }
}
