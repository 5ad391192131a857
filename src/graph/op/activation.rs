//! ReLU and clipped ReLU.

use crate::graph::ActivationRule;
use burn::tensor::{Tensor, activation};

/// max(x, 0).
pub fn relu(x: Tensor<4>) -> Tensor<4> {
    activation::relu(x)
}

/// The derivative is 1 where the input is positive, 0 elsewhere.
pub fn relu_backward(input: &Tensor<4>, gradient: Tensor<4>, rule: ActivationRule) -> Tensor<4> {
    match rule {
        ActivationRule::Gradient => gradient.mask_fill(input.clone().lower_equal_elem(0), 0),
        ActivationRule::Guided => relu(gradient).mask_fill(input.clone().lower_equal_elem(0), 0),
        ActivationRule::Deconvolution => relu(gradient),
    }
}

/// min(max(x, 0), `high`); ReLU6 has `high` = 6.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clip {
    pub high: f32,
}

impl Clip {
    /// One bound at a time: several times faster on the CPU backend than its clamp to both.
    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        relu(x.clamp_max(self.high))
    }

    /// The derivative is 1 strictly between the bounds.
    pub(super) fn backward(
        self,
        input: &Tensor<4>,
        gradient: Tensor<4>,
        rule: ActivationRule,
    ) -> Tensor<4> {
        let passed = relu_backward(input, gradient, rule);
        match rule {
            ActivationRule::Deconvolution => passed,
            _ => passed.mask_fill(input.clone().greater_equal_elem(self.high), 0),
        }
    }
}
