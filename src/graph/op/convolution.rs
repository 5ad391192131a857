//! Two-dimensional convolution, grouped and dilated, with any padding.

use crate::graph::Shape;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, ops::PadMode};
use std::sync::{Arc, OnceLock};

/// A convolution (cross-correlation, as everywhere in the field).
#[derive(Debug, Clone)]
pub struct Convolution {
    /// out × in/groups × kernel height × kernel width.
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    /// The weight of the gradient's convolution: channels swapped inside each group, flipped.
    /// Made when first needed, so that opening a network holds its weights once.
    flipped: Arc<OnceLock<Tensor<4>>>,
    options: ConvOptions<2>,
}

/// TensorFlow's "SAME" padding (begin, end) along one side: output = ceil(input / stride), the
/// odd pixel at the end.
pub fn same_padding(input: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let total = ((input.div_ceil(stride) - 1) * stride + kernel).saturating_sub(input);
    (total / 2, total - total / 2)
}

impl Convolution {
    /// `weight` is out × in/groups × kernel height × kernel width; `options` give stride,
    /// (begin, end) padding, dilation and groups.
    pub fn new(weight: Tensor<4>, bias: Option<Tensor<1>>, options: ConvOptions<2>) -> Self {
        Self { weight, bias, flipped: Arc::default(), options }
    }

    /// 1×out×1×1.
    pub fn bias(&self) -> Option<Tensor<4>> {
        self.bias.clone().map(|bias| bias.reshape([1, -1, 1, 1]))
    }

    pub(super) fn with_weights(
        &self,
        weight: impl Fn(Tensor<4>) -> Tensor<4>,
        bias: impl Fn(Tensor<1>) -> Tensor<1>,
    ) -> Self {
        let bias = self.bias.clone().map(bias);
        Self::new(weight(self.weight.clone()), bias, self.options.clone())
    }

    pub fn is_depthwise(&self) -> bool {
        self.options.groups > 1 && self.weight.dims()[1] == 1
    }

    pub(super) fn parameters(&self) -> usize {
        self.weight.dims().iter().product::<usize>()
            + self.bias.as_ref().map_or(0, |bias| bias.dims()[0])
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let [out, per_group, ..] = self.weight.dims();
        let wanted = per_group * self.options.groups;
        if input.channels != wanted {
            return Err(format!(
                "the weight takes {wanted} channels, its input has {}",
                input.channels
            ));
        }
        let side = |axis: usize, size: usize| {
            let (begin, end) = self.options.padding[axis];
            (size + begin + end)
                .checked_sub(self.reach(axis))
                .map(|room| room / self.options.stride[axis] + 1)
                .ok_or_else(|| format!("the kernel is larger than its input of {input}"))
        };
        Ok(Shape::new(out, side(0, input.height)?, side(1, input.width)?))
    }

    /// Pixels that one window spans along an axis.
    fn reach(&self, axis: usize) -> usize {
        self.options.dilation[axis] * (self.weight.dims()[2 + axis] - 1) + 1
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        conv2d(x, self.weight.clone(), self.bias.clone(), self.options.clone())
    }

    pub(super) fn backward(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        match self.padding_of_gradient() {
            Some(padding) => self.backward_by_convolution(gradient, padding),
            None => self.backward_by_transpose(gradient, input),
        }
    }

    /// With stride 1 the gradient is itself a convolution, which the CPU backend runs faster
    /// than a transposed one. `None` where that does not hold.
    fn padding_of_gradient(&self) -> Option<[(usize, usize); 2]> {
        let pair = |axis: usize| {
            let (begin, end) = self.options.padding[axis];
            let reach = self.reach(axis) - 1;
            Some((reach.checked_sub(begin)?, reach.checked_sub(end)?))
        };
        (self.options.stride == [1, 1]).then(|| Some([pair(0)?, pair(1)?]))?
    }

    fn backward_by_convolution(
        &self,
        gradient: Tensor<4>,
        padding: [(usize, usize); 2],
    ) -> Tensor<4> {
        let ConvOptions { dilation, groups, .. } = self.options;
        let options = ConvOptions::new_with_padding([1, 1], padding, dilation, groups);
        let weight = self.flipped.get_or_init(|| flipped(self.weight.clone(), groups));
        conv2d(gradient, weight.clone(), None, options)
    }

    /// A transposed convolution without padding gives the gradient at the padded input, up to
    /// the last pixel that a window touched; the padding is cut off.
    fn backward_by_transpose(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let ConvOptions { stride, padding, dilation, groups } = self.options.clone();
        let options = ConvTransposeOptions::new(stride, [0, 0], [0, 0], dilation, groups);
        let full = conv_transpose2d(gradient, self.weight.clone(), None, options);
        let [samples, channels, height, width] = full.dims();
        let wanted = [padding[0].0 + input[2], padding[1].0 + input[3]];
        let missing = [wanted[0].saturating_sub(height), wanted[1].saturating_sub(width)];
        let full = if missing == [0, 0] {
            full
        } else {
            full.pad((0, missing[1], 0, missing[0]), PadMode::Constant(0.0))
        };
        full.slice([0..samples, 0..channels, padding[0].0..wanted[0], padding[1].0..wanted[1]])
    }
}

fn flipped(weight: Tensor<4>, groups: usize) -> Tensor<4> {
    let [out, per_group, height, width] = weight.dims();
    weight
        .reshape([groups, out / groups, per_group, height, width])
        .swap_dims(1, 2)
        .reshape([groups * per_group, out / groups, height, width])
        .flip([2, 3])
}
