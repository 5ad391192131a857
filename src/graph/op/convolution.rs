//! Two-dimensional convolution, grouped and dilated, with any padding.

use super::WeightGradient;
use super::cpu::{depthwise_convolution, direct_convolution};
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
    forms: Arc<Forms>,
    options: ConvOptions<2>,
}

/// The weight in other layouts, made when first needed, so that opening a network holds its weights
/// once.
#[derive(Debug, Default)]
struct Forms {
    /// Of the gradient's convolution: channels swapped inside each group, flipped.
    flipped: OnceLock<Tensor<4>>,
    /// As [`direct`] takes it, for the value and for the gradient.
    packed: [OnceLock<Vec<f32>>; 2],
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
        Self { weight, bias, forms: Arc::default(), options }
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
        self.convolve(x, self.bias.as_ref())
    }

    /// Without the bias.
    pub(super) fn apply_linear(&self, x: Tensor<4>) -> Tensor<4> {
        self.convolve(x, None)
    }

    fn convolve(&self, x: Tensor<4>, bias: Option<&Tensor<1>>) -> Tensor<4> {
        let (weight, options) = (&self.weight, &self.options);
        depthwise_convolution::convolve(&x, weight, bias, options)
            .or_else(|| {
                self.directly(|packed| {
                    direct_convolution::convolve(&x, weight, &packed[0], bias, options)
                })
            })
            .unwrap_or_else(|| conv2d(x, weight.clone(), bias.cloned(), options.clone()))
    }

    pub(super) fn backward(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let size = [input[2], input[3]];
        if let Some(result) =
            depthwise_convolution::gradient(&gradient, &self.weight, &self.options, size)
        {
            return result;
        }
        let direct = self.directly(|packed| {
            direct_convolution::gradient(&gradient, &self.weight, &packed[1], &self.options, size)
        });
        if let Some(result) = direct {
            return result;
        }
        match self.padding_of_gradient() {
            Some(padding) => self.backward_by_convolution(gradient, padding),
            None => self.backward_by_transpose(gradient, input),
        }
    }

    /// Products of matrices, which windows of one pixel are, burn computes as fast.
    fn directly<T>(&self, run: impl FnOnce(&[OnceLock<Vec<f32>>; 2]) -> Option<T>) -> Option<T> {
        let [_, _, height, width] = self.weight.dims();
        let is_product = height * width == 1 && self.options.stride == [1, 1];
        (!is_product).then(|| run(&self.forms.packed))?
    }

    pub(super) fn weight_gradients(
        &self,
        x: &Tensor<4>,
        gradient: &Tensor<4>,
    ) -> Vec<WeightGradient> {
        let dims = self.weight.dims();
        let weight = direct_convolution::weight_gradient(x, gradient, dims, &self.options)
            .unwrap_or_else(|| self.weight_gradient_by_convolution(x, gradient));
        let sum = || gradient.clone().sum_dims(&[0, 2, 3]).reshape([-1]);
        let bias = self.bias.as_ref().map(|_| ("bias", sum()));
        [("weight", weight.reshape([-1]))].into_iter().chain(bias).collect()
    }

    /// A convolution of the input by the gradient, with samples and channels swapped, and
    /// stride and dilation in each other's.
    fn weight_gradient_by_convolution(&self, x: &Tensor<4>, gradient: &Tensor<4>) -> Tensor<4> {
        let ConvOptions { stride, padding, dilation, groups } = self.options.clone();
        let ([samples, channels, height, width], [_, out, rows, columns]) =
            (x.dims(), gradient.dims());
        let inputs = channels / groups;
        let x = x
            .clone()
            .reshape([samples, groups, inputs, height, width])
            .permute([2, 1, 0, 3, 4])
            .reshape([inputs, groups * samples, height, width]);
        let gradient =
            gradient.clone().permute([1, 0, 2, 3]).reshape([out, samples, rows, columns]);
        let options = ConvOptions::new_with_padding(dilation, padding, stride, groups);
        let [_, _, height, width] = self.weight.dims();
        conv2d(x, gradient, None, options)
            .slice([0..inputs, 0..out, 0..height, 0..width])
            .permute([1, 0, 2, 3])
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
        let weight = self.forms.flipped.get_or_init(|| flipped(self.weight.clone(), groups));
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
    use crate::graph::read_back;
    use burn::tensor::{Device, Distribution};

    fn assert_close(found: Tensor<4>, wanted: Tensor<4>, what: &str) {
        assert_eq!(found.dims(), wanted.dims(), "{what}");
        let largest = read_back(wanted.clone().abs().max()).unwrap()[0];
        let difference = read_back((found - wanted).abs().max()).unwrap()[0];
        assert!(difference < 1e-5 * largest.max(1.0), "{what}: {difference}");
    }

    fn random(shape: [usize; 4]) -> Tensor<4> {
        Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &Device::flex())
    }

    /// Values and gradients as burn's own convolutions have them, of 3 samples.
    fn assert_right(size: [usize; 2], weight: [usize; 4], options: ConvOptions<2>) {
        let what = format!("{size:?} by {weight:?}, {options:?}");
        let x = random([3, weight[1] * options.groups, size[0], size[1]]);
        let (weight, bias) = (random(weight), random([1, 1, 1, weight[0]]).reshape([-1]));
        let convolution = Convolution::new(weight.clone(), Some(bias.clone()), options.clone());
        let wanted = conv2d(x.clone(), weight, Some(bias), options);
        let gradient = random(wanted.dims());
        assert_close(convolution.apply(x.clone()), wanted, &what);
        let wanted = convolution.backward_by_transpose(gradient.clone(), x.dims());
        assert_close(convolution.backward(gradient.clone(), x.dims()), wanted, &what);
        let wanted = convolution.weight_gradient_by_convolution(&x, &gradient).reshape([-1]);
        let found = convolution.weight_gradients(&x, &gradient).remove(0).1;
        assert_close(
            found.reshape(convolution.weight.dims()),
            wanted.reshape(convolution.weight.dims()),
            &what,
        );
    }

    /// Sizes, sides of kernels, strides, dilations and paddings.
    type Case = ([usize; 2], [usize; 2], [usize; 2], [usize; 2], [(usize, usize); 2]);

    const CASES: [Case; 9] = [
        ([7, 7], [3, 3], [1, 1], [1, 1], [(1, 1), (1, 1)]),
        ([8, 14], [5, 5], [2, 2], [1, 1], [(1, 2), (1, 2)]),
        ([9, 11], [3, 5], [2, 3], [1, 1], [(0, 1), (2, 2)]),
        ([13, 12], [3, 3], [1, 1], [2, 3], [(2, 2), (3, 3)]),
        ([17, 16], [3, 3], [3, 2], [2, 2], [(0, 0), (0, 3)]),
        ([5, 40], [1, 7], [1, 2], [1, 1], [(0, 0), (3, 3)]),
        ([4, 4], [3, 3], [1, 1], [1, 1], [(4, 4), (3, 5)]),
        ([6, 6], [1, 1], [4, 4], [1, 1], [(0, 0), (0, 0)]),
        ([33, 70], [4, 4], [1, 1], [1, 1], [(0, 0), (0, 0)]),
    ];

    #[test]
    fn convolutions_of_any_geometry_agree_with_the_general_ones_of_burn() {
        for (size, kernel, stride, dilation, padding) in CASES {
            // Depthwise; one group; few and many channels in groups.
            for [groups, per_group, out] in [[5, 1, 5], [1, 7, 13], [3, 2, 3], [2, 3, 160]] {
                let options = ConvOptions::new_with_padding(stride, padding, dilation, groups);
                assert_right(size, [out, per_group, kernel[0], kernel[1]], options);
            }
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
