//! The backward pass, written out in tensor operations.
//!
//! It takes a rule set, so that the same walk gives plain gradients and their modifications. On
//! an autodiff device its result can be differentiated once more: burn's own autodiff is first
//! order and keeps no gradients of activations, and this pass needs neither.

use super::{Graph, NodeId, ReluRule, Tape};
use burn::tensor::{Tensor, TensorData};

/// The rules of a backward pass: how it goes through nodes that are not linear.
#[derive(Debug, Clone, Copy, Default)]
pub enum Rules<'a> {
    /// The derivative.
    #[default]
    Gradient,
    /// See [`ReluRule::Guided`].
    Guided,
    /// See [`ReluRule::Deconvolution`].
    Deconvolution,
    /// DeepLIFT's rescale rule: the slope between the value here and on another tape, of one
    /// picture or as many (Shrikumar, Greenside, Kundaje 2017, "Learning Important Features Through
    /// Propagating Activation Differences", section 3.2).
    Rescale(&'a Tape),
}

impl Rules<'_> {
    /// What they are at rectifiers where no slope between two tapes is taken.
    fn of_relu(self) -> ReluRule {
        match self {
            Rules::Gradient | Rules::Rescale(_) => ReluRule::Gradient,
            Rules::Guided => ReluRule::Guided,
            Rules::Deconvolution => ReluRule::Deconvolution,
        }
    }
}

impl From<ReluRule> for Rules<'_> {
    fn from(rule: ReluRule) -> Self {
        match rule {
            ReluRule::Gradient => Rules::Gradient,
            ReluRule::Guided => Rules::Guided,
            ReluRule::Deconvolution => Rules::Deconvolution,
        }
    }
}

impl Graph {
    /// Gradients at the nodes `wrt` of the logit of one class per sample, each N×C×H×W.
    ///
    /// Nothing is computed that `wrt` does not need: a node near the output costs only the part
    /// of the network behind it.
    ///
    /// # Panics
    /// When there is not one class per sample, or a class is out of range.
    pub fn gradients(
        &self,
        tape: &Tape,
        classes: &[usize],
        wrt: &[NodeId],
        rules: &Rules,
    ) -> Vec<Tensor<4>> {
        self.vector_jacobian(tape, self.one_hot(classes), wrt, rules)
    }

    /// Gradient of one class's logit with respect to the pixels, for every sample alike.
    pub fn input_gradient(&self, pixels: Tensor<4>, class: usize, rules: &Rules) -> Tensor<4> {
        let classes = vec![class; pixels.dims()[0]];
        let tape = self.forward(pixels);
        self.gradients(&tape, &classes, &[Self::INPUT], rules).remove(0)
    }

    /// Pulls `cotangent`, a gradient at the logits (N×classes×1×1), back to the nodes `wrt`.
    pub fn vector_jacobian(
        &self,
        tape: &Tape,
        cotangent: Tensor<4>,
        wrt: &[NodeId],
        rules: &Rules,
    ) -> Vec<Tensor<4>> {
        let _held = self.submit(&cotangent, 2.0);
        let needed = self.leads_to(wrt);
        let first = wrt.iter().min().map_or(0, |id| id.0);
        let mut gradients: Vec<Option<Tensor<4>>> = vec![None; self.nodes.len()];
        gradients[self.output().0] = Some(cotangent);
        for index in (first + 1..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            if !node.inputs.iter().any(|id| needed[id.0]) {
                continue;
            }
            let keep = wrt.contains(&NodeId(index));
            let slot = &mut gradients[index];
            let Some(gradient) = (if keep { slot.clone() } else { slot.take() }) else {
                continue;
            };
            let step = tape.step(node, index);
            let rescaled = match rules {
                Rules::Rescale(reference) => {
                    node.op.rescale(&step, &reference.step(node, index), &gradient)
                }
                Rules::Gradient | Rules::Guided | Rules::Deconvolution => None,
            };
            let parts =
                rescaled.unwrap_or_else(|| node.op.backward(&step, gradient, rules.of_relu()));
            for (id, part) in node.inputs.iter().zip(parts) {
                if needed[id.0] {
                    let sum = &mut gradients[id.0];
                    *sum = Some(match sum.take() {
                        Some(other) => other + part,
                        None => part,
                    });
                }
            }
        }
        wrt.iter()
            .map(|id| gradients[id.0].clone().unwrap_or_else(|| tape.value(*id).zeros_like()))
            .collect()
    }

    /// For every node, whether it is one of `wrt` or comes after one.
    pub(super) fn leads_to(&self, wrt: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            needed[index] =
                wrt.contains(&NodeId(index)) || node.inputs.iter().any(|id| needed[id.0]);
        }
        needed
    }

    pub(super) fn one_hot(&self, classes: &[usize]) -> Tensor<4> {
        let count = self.classes();
        let mut values = vec![0f32; classes.len() * count];
        for (sample, &class) in classes.iter().enumerate() {
            assert!(class < count, "class {class} of {count}");
            values[sample * count + class] = 1.0;
        }
        let data = TensorData::new(values, [classes.len(), count, 1, 1]);
        Tensor::from_data(data, &self.device)
    }
}
