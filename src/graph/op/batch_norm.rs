//! Batch normalisation by the statistics of the batch (Ioffe and Szegedy 2015, "Batch
//! Normalization"), as training needs it. In a network that runs, it is folded into a convolution.
//!
//! On the CPU each pass is one or two sweeps over the values, where tensor operations need ten.

use super::Saved;
use super::cpu::storage::{from_host, on_host, own_values, slice, zeros};
use crate::graph::Shape;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

/// (x − mean) / √(variance + ε) · weight + bias, by channel; mean and variance are of the batch.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f32,
}

/// Least planes per task of one core.
const PLANES: usize = 32;
/// Sums that run beside each other, so that they fill vectors.
const LANES: usize = 16;

impl BatchNorm {
    /// `weight` and `bias` have one value a channel.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, epsilon: f32, device: &Device) -> Self {
        let tensor = |values: Vec<f32>| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        Self { weight: tensor(weight), bias: tensor(bias), epsilon }
    }

    fn channels(&self) -> usize {
        self.weight.dims()[0]
    }

    pub(super) fn parameters(&self) -> usize {
        2 * self.channels()
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        match input.channels == self.channels() {
            true => Ok(input),
            false => Err(format!("it is of {} channels, its input is {input}", self.channels())),
        }
    }

    /// The value, with the mean and the variance of each channel (divided by their number).
    pub(super) fn apply(&self, x: Tensor<4>) -> (Tensor<4>, Saved) {
        match on_host(x) {
            Ok(values) => self.apply_on_host(&values),
            Err(x) => {
                let (centred, mean, variance) = centred(x);
                let scale = (variance.clone() + self.epsilon).sqrt().recip() * row(&self.weight);
                let value = centred * scale + row(&self.bias);
                (value, Saved::Statistics([mean.reshape([-1]), variance.reshape([-1])]))
            }
        }
    }

    fn apply_on_host(&self, x: &FlexTensor) -> (Tensor<4>, Saved) {
        let dims: [usize; 4] = burn::backend::TensorMetadata::shape(x).dims();
        let (x, plane) = (slice(x), dims[2] * dims[3]);
        let [mean, variance] = moments(x, dims[1], plane);
        let (weight, bias) = (values(&self.weight), values(&self.bias));
        let scale: Vec<f32> =
            variance.iter().zip(&weight).map(|(v, w)| w / (v + self.epsilon).sqrt()).collect();
        let shift: Vec<f32> = (0..dims[1]).map(|c| bias[c] - mean[c] * scale[c]).collect();
        let mut y = zeros(x.len());
        let arch = Arch::new();
        let planes = y.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate();
        planes.with_min_len(PLANES).for_each(|(index, (y, x))| {
            let (scale, shift) = (scale[index % dims[1]], shift[index % dims[1]]);
            arch.dispatch(|| {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = x * scale + shift;
                }
            });
        });
        let device = self.weight.device();
        let tensor =
            |values: Vec<f32>| Tensor::<1>::from_data(TensorData::new(values, [dims[1]]), &device);
        (from_host(y, dims), Saved::Statistics([tensor(mean), tensor(variance)]))
    }

    /// The gradients at the input, at the weight and at the bias.
    pub(super) fn backward(
        &self,
        x: &Tensor<4>,
        saved: &Saved,
        gradient: Tensor<4>,
    ) -> (Tensor<4>, [Tensor<1>; 2]) {
        let Saved::Statistics([mean, variance]) = saved else {
            unreachable!("a batch norm on a tape saved its statistics")
        };
        match (on_host(gradient), on_host(x.clone())) {
            (Ok(gradient), Ok(x)) => self.backward_on_host(&x, [mean, variance], gradient),
            (Ok(gradient), Err(_)) => {
                self.backward_by_tensors(x, Tensor::from_primitive::<Flex>(gradient))
            }
            (Err(gradient), _) => self.backward_by_tensors(x, gradient),
        }
    }

    /// scale·(g − mean(g) − x̂·mean(g·x̂)), Σ g·x̂ and Σ g. The statistics are computed again, so
    /// that this can be differentiated.
    fn backward_by_tensors(
        &self,
        x: &Tensor<4>,
        gradient: Tensor<4>,
    ) -> (Tensor<4>, [Tensor<1>; 2]) {
        let (centred, _, variance) = centred(x.clone());
        let deviation = (variance + self.epsilon).sqrt().recip();
        let normal = centred * deviation.clone();
        let along = gradient.clone() * normal.clone();
        let part = gradient.clone() - mean(gradient.clone()) - normal * mean(along.clone());
        let sums = [along, gradient].map(|t| t.sum_dims(&[0, 2, 3]).reshape([-1]));
        (part * deviation * row(&self.weight), sums)
    }

    fn backward_on_host(
        &self,
        x: &FlexTensor,
        [mean, variance]: [&Tensor<1>; 2],
        mut gradient: FlexTensor,
    ) -> (Tensor<4>, [Tensor<1>; 2]) {
        let dims: [usize; 4] = burn::backend::TensorMetadata::shape(x).dims();
        let (channels, plane, x) = (dims[1], dims[2] * dims[3], slice(x));
        let (mean, variance, weight) = (values(mean), values(variance), values(&self.weight));
        let deviation: Vec<f32> =
            variance.iter().map(|v| (v + self.epsilon).sqrt().recip()).collect();
        let [sums, along] = products(slice(&gradient), x, &mean, plane);
        let count = (dims[0] * plane) as f32;
        // dx = a·g + b·x + c.
        let factors: Vec<[f32; 3]> = (0..channels)
            .map(|c| {
                let a = deviation[c] * weight[c];
                let b = -a * deviation[c] * deviation[c] * along[c] / count;
                [a, b, -a * sums[c] / count - b * mean[c]]
            })
            .collect();
        let arch = Arch::new();
        let sweep = |index: usize, g: &mut [f32], x: &[f32]| {
            let [a, b, c] = factors[index % channels];
            arch.dispatch(|| {
                for (g, x) in g.iter_mut().zip(x) {
                    *g = a * *g + (b * x + c);
                }
            });
        };
        let run = |gradient: &mut [f32]| {
            let planes = gradient.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate();
            planes.with_min_len(PLANES).for_each(|(index, (g, x))| sweep(index, g, x));
        };
        let result = if let Some(own) = own_values(&mut gradient) {
            run(own);
            Tensor::from_primitive::<Flex>(gradient)
        } else {
            let mut copy = slice(&gradient).to_vec();
            run(&mut copy);
            from_host(copy, dims)
        };
        let at_weight = along.iter().zip(&deviation).map(|(along, d)| along * d).collect();
        (result, [at_weight, sums].map(|sums: Vec<f32>| from_host(sums, [channels])))
    }
}

fn row(values: &Tensor<1>) -> Tensor<4> {
    values.clone().reshape([1, -1, 1, 1])
}

fn values(tensor: &Tensor<1>) -> Vec<f32> {
    tensor.to_data().try_to_vec().expect("32-bit numbers")
}

fn mean(x: Tensor<4>) -> Tensor<4> {
    x.mean_dims(&[0, 2, 3])
}

/// The value less its channels' means, these, and the variances.
fn centred(x: Tensor<4>) -> (Tensor<4>, Tensor<4>, Tensor<4>) {
    let average = mean(x.clone());
    let centred = x - average.clone();
    let variance = mean(centred.clone().square());
    (centred, average, variance)
}

/// Mean and variance of every channel. Every plane's are taken by themselves, twice over its
/// values, and then joined, so that large means cost no digits.
fn moments(x: &[f32], channels: usize, plane: usize) -> [Vec<f32>; 2] {
    let arch = Arch::new();
    let of_plane = |x: &[f32]| {
        arch.dispatch(|| {
            let mean = sum(x, |x| x) / plane as f32;
            [mean, sum(x, |x| (x - mean) * (x - mean))]
        })
    };
    let planes: Vec<[f32; 2]> = x.par_chunks(plane).with_min_len(PLANES).map(of_plane).collect();
    let samples = (planes.len() / channels) as f64;
    let of = |channel: usize| planes[channel..].iter().step_by(channels);
    let mean: Vec<f64> =
        (0..channels).map(|c| of(c).map(|p| f64::from(p[0])).sum::<f64>() / samples).collect();
    let variance = (0..channels).map(|c| {
        let squares = of(c).map(|[average, squares]| {
            f64::from(*squares) + plane as f64 * (f64::from(*average) - mean[c]).powi(2)
        });
        (squares.sum::<f64>() / (samples * plane as f64)) as f32
    });
    let variance = variance.collect();
    [mean.into_iter().map(|mean| mean as f32).collect(), variance]
}

/// Σ g and Σ g·(x − mean) of every channel.
fn products(gradient: &[f32], x: &[f32], mean: &[f32], plane: usize) -> [Vec<f32>; 2] {
    let (arch, channels) = (Arch::new(), mean.len());
    let of_plane = |(index, (g, x)): (usize, (&[f32], &[f32]))| {
        let mean = mean[index % channels];
        arch.dispatch(|| [sum(g, |g| g), sum_of_two(g, x, |g, x| g * (x - mean))])
    };
    let pairs = gradient.par_chunks(plane).zip(x.par_chunks(plane)).enumerate();
    let planes: Vec<[f32; 2]> = pairs.with_min_len(PLANES).map(of_plane).collect();
    [0, 1].map(|which| {
        let of = |channel: usize| planes[channel..].iter().step_by(channels);
        let total = |c| of(c).map(|plane| f64::from(plane[which])).sum::<f64>() as f32;
        (0..channels).map(total).collect()
    })
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn sum(values: &[f32], function: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += function(*value);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| function(*value)).sum::<f32>()
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn sum_of_two(a: &[f32], b: &[f32], function: impl Fn(f32, f32) -> f32) -> f32 {
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += function(*a, *b);
        }
    }
    let rest = rest_of_a.iter().zip(rest_of_b).map(|(a, b)| function(*a, *b));
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}
