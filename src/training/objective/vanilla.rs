//! Cross-entropy on pictures as they are.

use super::{Batch, Objective};
use crate::attack::cross_entropy;
use crate::error::Result;
use crate::graph::Graph;
use crate::model::{BatchNorms, Weights};
use crate::training::network::Network;
use crate::training::update::{Pass, Update};
use burn::tensor::Tensor;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// L = mean −ln softmax(f(x))[y].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vanilla {}

impl Objective for Vanilla {
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        _random: &mut ChaCha8Rng,
    ) -> Result<Update> {
        let graph = network.learning(weights, BatchNorms::Main)?;
        let mut update = Update::default();
        classify(&mut update, &graph, BatchNorms::Main, batch.pixels.clone(), &batch.labels)?;
        Ok(update)
    }
}

/// Adds the gradients of the mean cross-entropy of pictures.
///
/// # Errors
/// When the device failed.
pub fn classify(
    update: &mut Update,
    graph: &Graph,
    norms: BatchNorms,
    pixels: Tensor<4>,
    labels: &[usize],
) -> Result<()> {
    let pass = Pass::forward(graph, norms, pixels)?;
    let loss = cross_entropy(&pass.logits, labels);
    update.count(&loss, &pass.logits, labels);
    let share = 1.0 / labels.len() as f32;
    update.pull(&pass, loss.gradient.iter().map(|gradient| gradient * share).collect())
}
