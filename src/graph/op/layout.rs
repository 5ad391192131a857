//! Operations that only move values.

use crate::graph::Shape;
use burn::tensor::{Tensor, s};

/// N×C×H×W to N×(C·H·W)×1×1.
pub fn flatten(x: Tensor<4>) -> Tensor<4> {
    let [samples, channels, height, width] = x.dims();
    x.reshape([samples, channels * height * width, 1, 1])
}

/// Every `stride`-th row and column, from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subsample {
    pub stride: usize,
}

impl Subsample {
    pub(super) fn output_shape(self, input: Shape) -> Shape {
        let side = |size: usize| size.div_ceil(self.stride);
        Shape::new(input.channels, side(input.height), side(input.width))
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        let stride = self.stride as isize;
        x.slice(s![.., .., ..;stride, ..;stride])
    }

    pub(super) fn backward(self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let stride = self.stride as isize;
        Tensor::zeros(input, &gradient.device())
            .slice_assign(s![.., .., ..;stride, ..;stride], gradient)
    }
}

/// Channels of zeros before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PadChannels {
    pub before: usize,
    pub after: usize,
}

impl PadChannels {
    pub(super) fn output_shape(self, input: Shape) -> Shape {
        let channels = self.before + input.channels + self.after;
        Shape::new(channels, input.height, input.width)
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        let [samples, _, height, width] = x.dims();
        let zeros =
            |channels: usize| Tensor::zeros([samples, channels, height, width], &x.device());
        let mut parts = Vec::with_capacity(3);
        if self.before > 0 {
            parts.push(zeros(self.before));
        }
        let after = (self.after > 0).then(|| zeros(self.after));
        parts.push(x);
        parts.extend(after);
        Tensor::cat(parts, 1)
    }

    pub(super) fn backward(self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        gradient.slice_dim(1, self.before..self.before + input[1])
    }
}
