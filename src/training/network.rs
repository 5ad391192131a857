//! From weights to graphs, for learning and for running.

use crate::error::Result;
use crate::graph::Graph;
use crate::model::architecture::{self, Architecture};
use crate::model::{BatchNorms, ComputeDevice, Weights};
use crate::picture::Preprocessing;
use std::borrow::Cow;

/// What a network is, but for its weights.
pub struct Network {
    architecture: Architecture,
    pub input: Preprocessing,
    pub device: ComputeDevice,
}

impl Network {
    /// The architecture of an identifier, for weights like these; pixels are normalised by a mean
    /// and a deviation, one value a channel.
    ///
    /// # Errors
    /// When the weights are not those of the architecture.
    pub fn new(
        id: &str,
        weights: &Weights,
        size: [usize; 2],
        [mean, std]: [Vec<f32>; 2],
        device: &ComputeDevice,
    ) -> Result<Self> {
        // A depth or width that is no published network's is of the family.
        let weights = &*chosen(weights, BatchNorms::Main);
        let architecture = architecture::find(Some(id), weights)
            .ok()
            .filter(|found| found.takes(weights))
            .map_or_else(|| architecture::find(None, weights), Ok)?;
        let input = architecture.input(weights).preprocessing;
        let input = Preprocessing { size, mean, std, ..input }.validated()?;
        architecture.build(weights, &input, &device.device)?;
        Ok(Self { architecture, input, device: device.clone() })
    }

    /// Identifier of the architecture.
    pub fn id(&self) -> &'static str {
        self.architecture.id
    }

    /// The graph to train: batch norms are nodes that use the statistics of the batch.
    ///
    /// # Errors
    /// As on [`Self::new`], which has checked the weights.
    pub fn learning(&self, weights: &Weights, norms: BatchNorms) -> Result<Graph> {
        let weights = chosen(weights, norms);
        self.architecture.build_for_training(&weights, &self.input, true, &self.device.device)
    }

    /// The graph whose explanations are learned from: the running network, with batch norms as
    /// constants of their own.
    ///
    /// # Errors
    /// As on [`Self::running`].
    pub fn explaining(&self, weights: &Weights) -> Result<Graph> {
        self.architecture.build_for_training(weights, &self.input, false, &self.device.device)
    }

    /// The graph to run, and to attack: batch norms are folded.
    ///
    /// # Errors
    /// As on [`Self::learning`], or when a variance became impossible.
    pub fn running(&self, weights: &Weights, norms: BatchNorms) -> Result<Graph> {
        let weights = chosen(weights, norms);
        Ok(self.architecture.build(&weights, &self.input, &self.device.device)?.0)
    }
}

/// The weights with one set of batch norms, where there are two.
fn chosen(weights: &Weights, norms: BatchNorms) -> Cow<'_, Weights> {
    if !weights.tensors.keys().any(|name| name.contains(".aux_bn.")) {
        return Cow::Borrowed(weights);
    }
    let mut weights = weights.clone();
    weights.choose_batch_norms(norms);
    Cow::Owned(weights)
}
