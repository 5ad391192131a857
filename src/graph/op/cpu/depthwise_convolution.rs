//! Depthwise convolution and its gradient on the CPU.
//!
//! burn's kernel for it works row by row, and rows of 7 or 14 pixels leave a vector unit idle. Here a
//! plane is one long row ([`Layout`]). On EfficientNet-lite0, where burn's took a third of a pass,
//! it takes a tenth.

use super::row_layout::{Geometry, Layout};
use super::storage::{from_host, on_host, slice, zeros};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Vectors that one turn of the inner loop sums up.
const VECTORS: usize = 4;
/// What the longest row may exceed its end by, in values: the widest vectors are of 16.
const SLACK: usize = VECTORS * 16;

/// The convolution of N×C×H×W by C×1×h×w, or `None` where it isn't depthwise, or not on the CPU.
pub fn convolve(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<2>,
) -> Option<Tensor<4>> {
    let [samples, channels, height, width] = x.dims();
    let geometry = Geometry::new([height, width], weight.dims(), options);
    let layout = geometry.forward(1);
    let planes = run(&layout, x, weight, bias, options.groups)?;
    let [height, width] = geometry.output;
    Some(from_host(planes, [samples, channels, height, width]))
}

/// The gradient at the input, of `input` height and width, from the one at the output; `None` as
/// for [`convolve`].
pub fn gradient(
    gradient: &Tensor<4>,
    weight: &Tensor<4>,
    options: &ConvOptions<2>,
    input: [usize; 2],
) -> Option<Tensor<4>> {
    let [samples, channels, ..] = gradient.dims();
    let layout = Geometry::new(input, weight.dims(), options).backward(1);
    let planes = run(&layout, gradient, weight, None, options.groups)?;
    Some(from_host(planes, [samples, channels, input[0], input[1]]))
}

/// All planes, one after another.
fn run(
    layout: &Layout,
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    groups: usize,
) -> Option<Vec<f32>> {
    let [samples, channels, ..] = x.dims();
    let [out, per_group, rows, columns] = weight.dims();
    let kernel = rows * columns;
    if per_group != 1 || groups != channels || out != channels || groups == 1 {
        return None;
    }
    let (x, weight) = (on_host(x.clone()).ok()?, on_host(weight.clone()).ok()?);
    let (x, weight) = (slice(&x), slice(&weight));
    let bias = match bias {
        Some(bias) => Some(on_host(bias.clone()).ok()?),
        None => None,
    };
    let bias = bias.as_ref().map(slice);
    let mut planes = zeros(samples * channels * layout.plane[1]);
    let arch = Arch::new();
    let scratch = || [layout.row, layout.longest()].map(|values| vec![0.0; values + SLACK]);
    planes.par_chunks_mut(layout.plane[1]).enumerate().for_each_init(
        scratch,
        |[source, result], (index, plane)| {
            let channel = index % channels;
            layout.gather(&x[index * layout.plane[0]..][..layout.plane[0]], 0, source);
            for (strided, taps) in &layout.results {
                let weights = &weight[channel * kernel..][..kernel];
                let start = bias.map_or(0.0, |bias| bias[channel]);
                let length = strided.length();
                arch.dispatch(Correlation { source, taps, weights, start, length, result });
                strided.scatter(result, plane);
            }
        },
    );
    Some(planes)
}

/// result[i] = start + Σ weight · source[i + shift] over the taps.
struct Correlation<'a> {
    source: &'a [f32],
    taps: &'a [(usize, usize)],
    weights: &'a [f32],
    start: f32,
    length: usize,
    result: &'a mut [f32],
}

impl WithSimd for Correlation<'_> {
    type Output = ();

    // Its instructions are those of the caller that pulp compiles for each processor.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let block = VECTORS * S::F32_LANES;
        for (index, result) in self.result.chunks_exact_mut(block).enumerate() {
            let first = index * block;
            if first >= self.length {
                break;
            }
            let mut sums = [simd.splat_f32s(self.start); VECTORS];
            for (place, shift) in self.taps {
                let weight = simd.splat_f32s(self.weights[*place]);
                let values = S::as_simd_f32s(&self.source[first + shift..][..block]).0;
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = simd.mul_add_e_f32s(weight, *value, *sum);
                }
            }
            S::as_mut_simd_f32s(result).0.copy_from_slice(&sums);
        }
    }
}
