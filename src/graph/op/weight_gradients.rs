//! Gradients at an operation's trained values.

use super::{Op, ReluRule, Step, WeightGradient};
use burn::tensor::Tensor;

impl Op {
    /// The gradients at the inputs, if `through`, and at the trained values, given the one at the
    /// output.
    pub(in crate::graph) fn backward_training(
        &self,
        step: &Step,
        gradient: Tensor<4>,
        through: bool,
    ) -> (Vec<Tensor<4>>, Vec<WeightGradient>) {
        let x = step.inputs[0];
        if let Op::BatchNorm(norm) = self {
            let (at_input, [weight, bias]) = norm.backward(x, step.saved, gradient);
            return (vec![at_input], vec![("weight", weight), ("bias", bias)]);
        }
        let at_weights = self.weight_gradients(x, &gradient);
        let at_inputs = match through {
            true => self.backward(step, gradient, ReluRule::Gradient),
            false => vec![],
        };
        (at_inputs, at_weights)
    }

    /// Gradients at the weights through this node's backward step, from the adjoint of the gradient
    /// at its input and the gradient at its output; a bias takes no part in it.
    pub(in crate::graph) fn double_backward_weights(
        &self,
        adjoint: &Tensor<4>,
        gradient: &Tensor<4>,
    ) -> Vec<WeightGradient> {
        let mut parts = self.weight_gradients(adjoint, gradient);
        parts.retain(|(part, _)| *part == "weight");
        parts
    }

    /// The gradients at weights and bias of an operation that is linear in its input x.
    fn weight_gradients(&self, x: &Tensor<4>, gradient: &Tensor<4>) -> Vec<WeightGradient> {
        match self {
            Op::Convolution(convolution) => convolution.weight_gradients(x, gradient),
            Op::Linear(linear) => linear.weight_gradients(x, gradient),
            Op::Affine(affine) => affine.weight_gradients(x, gradient),
            // A batch norm's come with the gradient at its input, and PReLU's slopes stay as they
            // are: no network that can be trained has any. The others have no trained values.
            Op::Input
            | Op::Normalise(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => vec![],
        }
    }
}
