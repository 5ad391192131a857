//! Convolution over channels and its gradients on the CPU.
//!
//! No im2col matrix is made. Planes are stored as long rows ([`Layout`]), and what one tap takes
//! from one channel is that channel's row, shifted. A tile of results, eight channels (four where
//! there are 16 registers) by three vectors, stays in registers while all channels and taps are
//! summed up.

mod rows;
mod weight_gradient;

pub use weight_gradient::weight_gradient;

use super::row_layout::{Geometry, Layout, StridedPlane};
use super::storage::{both_on_host, from_host, on_host, slice, zeros};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use rows::{OUTS, WIDEST, is_wasteful, offsets};
use std::sync::OnceLock;

/// The most vectors of a tile's rows.
const VECTORS: usize = 3;
/// Result channels of a tile where vectors are of 8 values: such processors have 16 registers,
/// which a tile, its vectors and one weight fill. One sum more would stay in memory.
const FEW_OUTS: usize = OUTS / 2;
/// What the longest row may exceed its end by, in values.
const SLACK: usize = VECTORS * WIDEST;
/// Values of all channels that a few rows of results are computed from: they fit a core's cache.
const CACHED: usize = 1 << 17;

/// The convolution of N×C×H×W by out × C/groups × h × w, or `None` where it isn't on the CPU.
/// `packed` keeps the weights in the order that this takes them in.
pub fn convolve(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    packed: &OnceLock<Vec<f32>>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<2>,
) -> Option<Tensor<4>> {
    let ([samples, _, height, width], dims) = (x.dims(), weight.dims());
    let geometry = Geometry::new([height, width], dims, options);
    let (inputs, outs) = (dims[1], dims[0] / options.groups);
    let by_rows = |samples| geometry.forward(samples);
    let by_taps = |samples| geometry.forward_by_taps(samples);
    let pass = Pass {
        layout: fuller(by_rows, by_taps, samples, outs),
        groups: options.groups,
        inputs,
        outs,
    };
    let (x, weight) = both_on_host(x, weight)?;
    let bias = match bias {
        Some(bias) => Some(on_host(bias.clone()).ok()?),
        None => None,
    };
    let (weight, kernel) = (slice(&weight), geometry.kernel());
    let packed = packed.get_or_init(|| {
        pass.pack(|group, out, input, place| {
            weight[((group * outs + out) * inputs + input) * kernel + place]
        })
    });
    let planes = pass.run(slice(&x), packed, bias.as_ref().map(slice));
    let [height, width] = geometry.output;
    Some(from_host(planes, [samples, dims[0], height, width]))
}

/// The gradient at the input, of `input` height and width, from the one at the output; `None` and
/// `packed` as for [`convolve`].
pub fn gradient(
    gradient: &Tensor<4>,
    weight: &Tensor<4>,
    packed: &OnceLock<Vec<f32>>,
    options: &ConvOptions<2>,
    input: [usize; 2],
) -> Option<Tensor<4>> {
    let (samples, dims) = (gradient.dims()[0], weight.dims());
    let geometry = Geometry::new(input, dims, options);
    let (inputs, outs) = (dims[0] / options.groups, dims[1]);
    let by_rows = |samples| geometry.backward(samples);
    let by_taps = |samples| geometry.backward_by_taps(samples);
    let pass = Pass {
        layout: fuller(by_rows, by_taps, samples, outs),
        groups: options.groups,
        inputs,
        outs,
    };
    let (gradient, weight) = both_on_host(gradient, weight)?;
    let (weight, kernel) = (slice(&weight), geometry.kernel());
    let packed = packed.get_or_init(|| {
        pass.pack(|group, out, input, place| {
            weight[((group * inputs + input) * outs + out) * kernel + place]
        })
    });
    let planes = pass.run(slice(&gradient), packed, None);
    Some(from_host(planes, [samples, outs * options.groups, input[0], input[1]]))
}

/// Long rows, or rows of taps where less of the long ones' vectors would be results and there are
/// so many result channels that copying for every tap does not count.
fn fuller(
    by_rows: impl Fn(usize) -> Layout,
    by_taps: impl Fn(usize) -> Layout,
    samples: usize,
    outs: usize,
) -> Layout {
    let layout = by_rows(1);
    match is_wasteful(&layout, 1, outs) {
        true => {
            let area = layout.plane[1] / layout.results.len();
            by_taps(samples.clamp(1, (4 * SLACK).div_ceil(area)))
        }
        false => layout,
    }
}

/// Some channels of each group into some others.
struct Pass {
    layout: Layout,
    groups: usize,
    /// Channels of one group that come in and go out.
    inputs: usize,
    outs: usize,
}

impl Pass {
    /// Weights by result plane, group, block of result channels, channel and tap, and result
    /// channel; zeros where the last block is not full. `weight` gives the one of a group, result
    /// channel, channel and position in the kernel.
    fn pack(&self, weight: impl Fn(usize, usize, usize, usize) -> f32) -> Vec<f32> {
        let mut packed = vec![];
        for (_, taps) in &self.layout.results {
            for group in 0..self.groups {
                for block in (0..self.outs).step_by(OUTS) {
                    for input in 0..self.inputs {
                        for (place, _) in taps {
                            packed.extend((block..block + OUTS).map(|out| match out < self.outs {
                                true => weight(group, out, input, *place),
                                false => 0.0,
                            }));
                        }
                    }
                }
            }
        }
        packed
    }

    /// What comes of each strided plane of results.
    fn results(&self) -> Vec<Part<'_>> {
        let mut start = 0;
        let mut parts = vec![];
        for (strided, taps) in &self.layout.results {
            let offsets = offsets(self.inputs, self.layout.row, taps);
            let weights = start..start + self.groups * self.blocks() * offsets.len() * OUTS;
            start = weights.end;
            parts.push(Part { strided, offsets, weights });
        }
        parts
    }

    /// Tiles that one group's result channels take.
    fn blocks(&self) -> usize {
        self.outs.div_ceil(OUTS)
    }

    /// All planes, one after another.
    fn run(&self, x: &[f32], packed: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let ([from, to], row) = (self.layout.plane, self.layout.row);
        let channels = self.groups * self.inputs;
        let samples = x.len() / (channels * from);
        let mut planes = zeros(samples * self.groups * self.outs * to);
        let parts = self.results();
        let rows = samples.div_ceil(self.layout.samples);
        let threads = rayon::current_num_threads();
        // Blocks that one core takes through a sample.
        let together = match rows >= threads {
            true => self.groups * self.blocks(),
            false => (self.groups * self.blocks()).div_ceil(threads),
        };
        let fill = |source: &mut Vec<f32>, (first, planes): (usize, &mut [f32])| {
            let samples = first * self.layout.samples..;
            let samples = samples.take(planes.len() / (self.groups * self.outs * to));
            let gather = |(channel, row): (usize, &mut [f32])| {
                for (index, sample) in samples.clone().enumerate() {
                    let plane = &x[(sample * channels + channel) * from..][..from];
                    self.layout.gather(plane, index, row);
                }
            };
            let channels = source.chunks_exact_mut(row).take(channels);
            match together == self.groups * self.blocks() {
                true => channels.enumerate().for_each(gather),
                false => channels.collect::<Vec<_>>().into_par_iter().enumerate().for_each(gather),
            }
            let mut blocks = self.blocks_of(planes);
            blocks.par_chunks_mut(together).enumerate().for_each(|(index, blocks)| {
                self.fill(source, &parts, packed, bias, (index * together, blocks));
            });
        };
        planes
            .par_chunks_mut(self.layout.samples * self.groups * self.outs * to)
            .enumerate()
            .for_each_init(|| vec![0.0; channels * row + SLACK], fill);
        planes
    }

    /// The planes of every block of result channels, for each sample.
    fn blocks_of<'a>(&self, planes: &'a mut [f32]) -> Vec<Vec<&'a mut [f32]>> {
        let plane = self.layout.plane[1];
        let mut blocks: Vec<Vec<_>> = vec![];
        blocks.resize_with(self.groups * self.blocks(), Vec::new);
        for sample in planes.chunks_exact_mut(self.groups * self.outs * plane) {
            let groups = sample.chunks_exact_mut(self.outs * plane);
            let all = groups.flat_map(|group| group.chunks_mut(OUTS * plane));
            blocks.iter_mut().zip(all).for_each(|(block, planes)| block.push(planes));
        }
        blocks
    }

    /// Computes some blocks from rows of all channels, a few rows of results at a time, as long as
    /// their inputs are in the cache.
    fn fill(
        &self,
        source: &[f32],
        parts: &[Part],
        packed: &[f32],
        bias: Option<&[f32]>,
        (first, blocks): (usize, &mut [Vec<&mut [f32]>]),
    ) {
        let (arch, plane) = (Arch::new(), self.layout.plane[1]);
        let row = self.layout.longest() + SLACK;
        let mut sums = vec![0.0; OUTS * row];
        for Part { strided, offsets, weights } in parts {
            let height = strided.height();
            let cached = (CACHED * height / (self.inputs * self.layout.row)).clamp(1, height);
            let step = if self.layout.samples > 1 { height } else { cached };
            for start in (0..height).step_by(step) {
                let (band, skipped) = strided.band(start..(start + step).min(height));
                for (index, planes) in (first..).zip(blocks.iter_mut()) {
                    let (group, block) = (index / self.blocks(), index % self.blocks());
                    let channel = group * self.outs + block * OUTS;
                    let count = planes[0].len() / plane;
                    let mut start = [0.0; OUTS];
                    if let Some(bias) = bias {
                        start[..count].copy_from_slice(&bias[channel..channel + count]);
                    }
                    let each = offsets.len() * OUTS;
                    arch.dispatch(Sums {
                        source: &source[group * self.inputs * self.layout.row + skipped..],
                        offsets,
                        weights: &packed[weights.start + index * each..][..each],
                        start,
                        outs: count,
                        length: (planes.len() - 1) * self.layout.sample + band.length(),
                        results: &mut sums,
                        row,
                    });
                    for (sample, planes) in planes.iter_mut().enumerate() {
                        let sums = sums[sample * self.layout.sample..].chunks(row);
                        for (plane, sums) in planes.chunks_exact_mut(plane).zip(sums) {
                            band.scatter(sums, plane);
                        }
                    }
                }
            }
        }
    }
}

/// One strided plane of results.
struct Part<'a> {
    strided: &'a StridedPlane,
    /// Positions that every channel's taps start from.
    offsets: Vec<usize>,
    /// Range of its weights.
    weights: std::ops::Range<usize>,
}

/// results[o][i] = start[o] + Σₖ weights[k][o] · source[i + offsets[k]].
struct Sums<'a> {
    source: &'a [f32],
    offsets: &'a [usize],
    weights: &'a [f32],
    start: [f32; OUTS],
    /// Result channels to compute.
    outs: usize,
    /// Values to compute of each row; up to [`SLACK`] more are written.
    length: usize,
    results: &'a mut [f32],
    /// Distance of two rows of results.
    row: usize,
}

impl WithSimd for Sums<'_> {
    type Output = ();

    // Its instructions are those of the caller that pulp compiles for each processor.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut first = 0;
        while first < self.length {
            let vectors = (self.length - first).div_ceil(S::F32_LANES);
            first += S::F32_LANES
                * match vectors {
                    1 => self.tiles::<S, 1>(simd, first),
                    2 => self.tiles::<S, 2>(simd, first),
                    _ => self.tiles::<S, VECTORS>(simd, first),
                };
        }
    }
}

impl Sums<'_> {
    /// `V` vectors of every row; gives `V`.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn tiles<S: Simd, const V: usize>(&mut self, simd: S, first: usize) -> usize {
        match S::F32_LANES {
            8 => (0..self.outs)
                .step_by(FEW_OUTS)
                .for_each(|out| self.tile::<S, FEW_OUTS, V>(simd, first, out)),
            _ => self.tile::<S, OUTS, V>(simd, first, 0),
        }
        V
    }

    /// `V` vectors of `O` rows.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn tile<S: Simd, const O: usize, const V: usize>(&mut self, simd: S, first: usize, out: usize) {
        let mut sums = [[simd.splat_f32s(0.0); V]; O];
        for (sums, start) in sums.iter_mut().zip(&self.start[out..]) {
            *sums = [simd.splat_f32s(*start); V];
        }
        let source = &self.source[first..];
        for (weights, offset) in self.weights.as_chunks::<OUTS>().0.iter().zip(self.offsets) {
            let row = S::as_simd_f32s(&source[*offset..][..V * S::F32_LANES]).0;
            let mut values = [simd.splat_f32s(0.0); V];
            values.copy_from_slice(row);
            for (sums, weight) in sums.iter_mut().zip(&weights[out..out + O]) {
                let weight = simd.splat_f32s(*weight);
                for (sum, value) in sums.iter_mut().zip(&values) {
                    *sum = simd.mul_add_e_f32s(weight, *value, *sum);
                }
            }
        }
        for (row, sums) in (out..).zip(&sums) {
            let row = &mut self.results[row * self.row + first..][..V * S::F32_LANES];
            S::as_mut_simd_f32s(row).0.copy_from_slice(sums);
        }
    }
}
