//! Two-dimensional convolution, grouped and dilated, with any padding.

use super::depthwise;
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
        let (weight, bias) = (&self.weight, self.bias.as_ref());
        depthwise::convolve(&x, weight, bias, &self.options)
            .unwrap_or_else(|| conv2d(x, weight.clone(), bias.cloned(), self.options.clone()))
    }

    pub(super) fn backward(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let size = [input[2], input[3]];
        if let Some(result) = depthwise::gradient(&gradient, &self.weight, &self.options, size) {
            return result;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host;
    use burn::tensor::{Device, Distribution};

    fn assert_close(found: Tensor<4>, wanted: Tensor<4>, what: &str) {
        assert_eq!(found.dims(), wanted.dims(), "{what}");
        let difference = host((found - wanted).abs().max()).unwrap()[0];
        assert!(difference < 1e-5, "{what}: {difference}");
    }

    #[test]
    fn depthwise_convolutions_agree_with_general_ones() {
        let device = Device::flex();
        let random = |shape: [usize; 4]| {
            Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device)
        };
        for (size, kernel, stride, dilation, padding) in [
            ([7, 7], [3, 3], [1, 1], [1, 1], [(1, 1), (1, 1)]),
            ([8, 14], [5, 5], [2, 2], [1, 1], [(1, 2), (1, 2)]),
            ([9, 11], [3, 5], [2, 3], [1, 1], [(0, 1), (2, 2)]),
            ([13, 12], [3, 3], [1, 1], [2, 3], [(2, 2), (3, 3)]),
            ([17, 16], [3, 3], [3, 2], [2, 2], [(0, 0), (0, 3)]),
            ([5, 40], [1, 7], [1, 2], [1, 1], [(0, 0), (3, 3)]),
            ([4, 4], [3, 3], [1, 1], [1, 1], [(4, 4), (3, 5)]),
            ([6, 6], [1, 1], [4, 4], [1, 1], [(0, 0), (0, 0)]),
            ([33, 70], [4, 4], [1, 1], [1, 1], [(0, 0), (0, 0)]),
        ] {
            let what = format!("{size:?} by {kernel:?}, stride {stride:?}, dilation {dilation:?}");
            let options = ConvOptions::new_with_padding(stride, padding, dilation, 5);
            let (x, weight) =
                (random([3, 5, size[0], size[1]]), random([5, 1, kernel[0], kernel[1]]));
            let bias = random([1, 1, 1, 5]).reshape([5]);
            let convolution = Convolution::new(weight.clone(), Some(bias.clone()), options.clone());
            let wanted = conv2d(x.clone(), weight, Some(bias), options);
            let gradient = random(wanted.dims());
            assert_close(convolution.apply(x.clone()), wanted, &what);
            let wanted = convolution.backward_by_transpose(gradient.clone(), x.dims());
            assert_close(convolution.backward(gradient, x.dims()), wanted, &what);
        }
    }

    #[test]
    fn tensors_that_are_views_convolve_as_what_they_show() {
        let device = Device::flex();
        let x = Tensor::<4>::random([2, 6, 9, 8], Distribution::Default, &device);
        let weight = Tensor::<4>::random([6, 1, 3, 3], Distribution::Default, &device);
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 6);
        let convolution = Convolution::new(weight, None, options);
        let turned = convolution.apply(x.clone().swap_dims(2, 3));
        let part = convolution.apply(x.clone().narrow(0, 1, 1));
        assert_close(part, convolution.apply(x.clone()).narrow(0, 1, 1), "a part");
        let copied = Tensor::from_data(x.swap_dims(2, 3).into_data(), &device);
        assert_close(turned, convolution.apply(copied), "turned");
    }
}
