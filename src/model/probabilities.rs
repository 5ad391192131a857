//! Probabilities of a network's classes, and their gradients.

use super::Model;
use crate::error::{Error, Result};
use crate::graph::{Graph, Rules, Tape, read_back};
use burn::tensor::Tensor;

impl Model {
    /// Probabilities of pictures (N×C×H×W, pixels in [0,1]), N×classes.
    ///
    /// # Errors
    /// When the network gives values and no probabilities.
    pub fn probabilities(&self, pixels: Tensor<4>) -> Result<Tensor<2>> {
        let outputs = self.graph.logits(pixels);
        self.outputs.kind.probabilities(outputs).ok_or_else(|| self.without_probabilities())
    }

    /// Probabilities of a class for the pictures of a tape and their gradients at the pixels:
    /// N×1×1×1 and N×C×H×W.
    ///
    /// # Errors
    /// As for [`Model::probabilities`].
    pub fn probability_gradients(
        &self,
        tape: &Tape,
        class: usize,
    ) -> Result<(Tensor<4>, Tensor<4>)> {
        let kind = self.outputs.kind;
        let all = kind.probabilities(tape.logits()).ok_or_else(|| self.without_probabilities())?;
        let samples = all.dims()[0];
        let slopes = kind.slopes(&all, class).reshape([samples as i32, -1, 1, 1]);
        let of_class = all.narrow(1, class, 1).reshape([samples, 1, 1, 1]);
        let pulled = self.graph.vector_jacobian(tape, slopes, &[Graph::INPUT], &Rules::Gradient);
        Ok((of_class, pulled.into_iter().next().expect("one gradient for one node")))
    }

    /// # Errors
    /// When the network gives values and no probabilities.
    pub fn check_probabilities(&self) -> Result<()> {
        match self.outputs.kind.probability() {
            Some(_) => Ok(()),
            None => Err(self.without_probabilities()),
        }
    }

    fn without_probabilities(&self) -> Error {
        let why = "its outputs are values (regression)";
        Error::new(format!("{} has no probabilities", self.name), why)
            .hint("`[output] kind` in its model card says what they are")
    }

    /// Outputs and, of those that have them, probabilities of pictures, on the host: each N·classes.
    ///
    /// # Errors
    /// When the device failed.
    pub(super) fn scores(&self, pixels: Tensor<4>) -> Result<(Vec<f32>, Option<Vec<f32>>)> {
        let outputs = self.graph.logits(pixels);
        let probabilities = self.outputs.kind.probabilities(outputs.clone());
        Ok((read_back(outputs)?, probabilities.map(read_back).transpose()?))
    }
}
