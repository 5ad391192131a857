//! The gradient at a convolution's weights: as the convolution itself with the operands exchanged.
//! A tile of weights stays in registers, summed up along the rows.

use super::rows::{WIDEST, is_wasteful, offsets};
use crate::graph::op::cpu::row_layout::{Geometry, Layout};
use crate::graph::op::cpu::storage::{both_on_host, from_host, slice};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Values of a row that the sums at weights go along; longer ones leave the cache.
const LONG: usize = 1024;
/// The same where rows are of taps, and a tile of them meets [`MANY`] channels of results.
const SHORT: usize = 256;
const MANY: usize = 256;
/// Channels and taps of a tile of weights.
const TILE: [usize; 2] = [4, 3];
/// Vectors of a row that are summed up without looking whether it ends.
const RUN: usize = 8;
/// Partial sums over the samples: fixed, so that the order of additions is too.
const PARTS: usize = 16;
/// Values that all partial sums may take.
const PARTIAL: usize = 1 << 23;

/// The gradient at a weight of `dims` (out × C/groups × h × w) from the input and the gradient at
/// the output; `None` as for [`convolve`]. Sums go in the same order on any number of cores.
pub fn weight_gradient(
    x: &Tensor<4>,
    gradient: &Tensor<4>,
    dims: [usize; 4],
    options: &ConvOptions<2>,
) -> Option<Tensor<4>> {
    let [samples, _, height, width] = x.dims();
    let geometry = Geometry::new([height, width], dims, options);
    let (inputs, outs) = (dims[1], dims[0] / options.groups);
    let by_rows = |samples| geometry.forward(samples);
    let by_taps = |samples| geometry.forward_by_taps(samples);
    let area = geometry.output[0] * geometry.output[1];
    let [long, short] = [LONG, SHORT].map(|values| samples.min(values.div_ceil(area)));
    let is_wasteful = is_wasteful(&by_rows(long), long, outs);
    let (x, gradient) = both_on_host(x, gradient)?;
    let weights = Weights {
        layout: if is_wasteful { by_taps(short) } else { by_rows(long) },
        groups: options.groups,
        inputs,
        outs,
        kernel: geometry.kernel(),
        together: if is_wasteful { MANY } else { TILE[0] },
    };
    Some(from_host(weights.run(slice(&x), slice(&gradient)), dims))
}

/// The sums at all weights.
struct Weights {
    layout: Layout,
    groups: usize,
    inputs: usize,
    outs: usize,
    kernel: usize,
    /// Result channels that a tile of columns meets while it is in the cache.
    together: usize,
}

impl Weights {
    fn run(&self, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        let all = self.groups * self.outs * self.inputs * self.kernel;
        let samples = x.len() / (self.groups * self.inputs * self.layout.plane[0]);
        let rows = samples.div_ceil(self.layout.samples);
        let parts = rows.min(PARTS).min(PARTIAL / all).max(1);
        let parts = 1 << parts.ilog2();
        let mut partial = vec![0.0; parts * all];
        partial.par_chunks_mut(all).enumerate().for_each(|(part, sums)| {
            let (start, end) = (part * rows / parts, (part + 1) * rows / parts);
            self.sum(x, gradient, sums, start..end, samples);
        });
        let (total, others) = partial.split_at_mut(all);
        for other in others.chunks_exact(all) {
            total.iter_mut().zip(other).for_each(|(total, other)| *total += other);
        }
        partial.truncate(all);
        partial
    }

    /// Adds the contribution of some rows of samples.
    fn sum(
        &self,
        x: &[f32],
        gradient: &[f32],
        sums: &mut [f32],
        rows: std::ops::Range<usize>,
        samples: usize,
    ) {
        let [from, to] = self.layout.plane;
        let (strided, taps) = &self.layout.results[0];
        let mut offsets = offsets(self.inputs, self.layout.row, taps);
        let count = offsets.len();
        offsets.resize(count.next_multiple_of(TILE[1]), 0);
        let (channels, outs) = (self.groups * self.inputs, self.groups * self.outs);
        let length = self.layout.longest().next_multiple_of(RUN * WIDEST);
        let mut source = vec![0.0; channels * self.layout.row + RUN * WIDEST];
        let mut results = vec![0.0; (outs + TILE[0]) * length];
        let arch = Arch::new();
        for row in rows {
            let first = row * self.layout.samples;
            if samples < first + self.layout.samples {
                // The last row is not full.
                source.fill(0.0);
                results.fill(0.0);
            }
            for (index, sample) in (first..samples).take(self.layout.samples).enumerate() {
                for (channel, row) in
                    source.chunks_exact_mut(self.layout.row).take(channels).enumerate()
                {
                    self.layout.gather(
                        &x[(sample * channels + channel) * from..][..from],
                        index,
                        row,
                    );
                }
                for (out, row) in results.chunks_exact_mut(length).take(outs).enumerate() {
                    let plane = &gradient[(sample * outs + out) * to..][..to];
                    strided.gather(plane, &mut row[index * self.layout.sample..]);
                }
            }
            let groups = sums.par_chunks_mut(self.outs * count).enumerate();
            groups.for_each(|(group, sums)| {
                let source = &source[group * self.inputs * self.layout.row..];
                let blocks = sums.par_chunks_mut(self.together * count).enumerate();
                blocks.for_each(|(block, sums)| {
                    let first = group * self.outs + block * self.together;
                    let rows = &results[first * length..];
                    arch.dispatch(Products {
                        source,
                        offsets: &offsets,
                        rows,
                        length,
                        sums,
                        count,
                    });
                });
            });
        }
    }
}

/// sums[o][k] += Σᵢ rows[o][i] · source[i + offsets[k]], for as many rows and offsets as sums has.
struct Products<'a> {
    source: &'a [f32],
    /// A whole number of tiles.
    offsets: &'a [usize],
    rows: &'a [f32],
    length: usize,
    sums: &'a mut [f32],
    count: usize,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        const OUT: usize = TILE[0];
        const TAPS: usize = TILE[1];
        let (rows, source) = (self.rows, self.source);
        for (tile, offsets) in self.offsets.as_chunks::<TAPS>().0.iter().enumerate() {
            let mut right: [&[[S::f32s; RUN]]; TAPS] = [&[]; TAPS];
            for (column, offset) in right.iter_mut().zip(offsets) {
                *column = S::as_simd_f32s(&source[*offset..][..self.length]).0.as_chunks().0;
            }
            let blocks = self.sums.chunks_mut(OUT * self.count);
            for (totals, rows) in blocks.zip(rows.chunks_exact(OUT * self.length)) {
                let mut left: [&[[S::f32s; RUN]]; OUT] = [&[]; OUT];
                for (row, values) in left.iter_mut().zip(rows.chunks_exact(self.length)) {
                    *row = S::as_simd_f32s(values).0.as_chunks().0;
                }
                let sums = products(simd, &left, &right, self.length / (RUN * S::F32_LANES));
                for (totals, sums) in totals.chunks_exact_mut(self.count).zip(&sums) {
                    let totals = &mut totals[tile * TAPS..];
                    for (total, sum) in totals.iter_mut().zip(sums) {
                        *total += simd.reduce_sum_f32s(*sum);
                    }
                }
            }
        }
    }
}

/// Every row times every column, vector by vector.
#[allow(clippy::inline_always)]
#[inline(always)]
fn products<S: Simd, const OUT: usize, const TAPS: usize>(
    simd: S,
    left: &[&[[S::f32s; RUN]]; OUT],
    right: &[&[[S::f32s; RUN]]; TAPS],
    runs: usize,
) -> [[S::f32s; TAPS]; OUT] {
    let mut sums = [[simd.splat_f32s(0.0); TAPS]; OUT];
    for run in 0..runs {
        // Checked once for a run, and not for every vector.
        let mut factors = [&left[0][run]; OUT];
        for (factors, row) in factors.iter_mut().zip(left) {
            *factors = &row[run];
        }
        let mut values = [&right[0][run]; TAPS];
        for (values, column) in values.iter_mut().zip(right) {
            *values = &column[run];
        }
        for index in 0..RUN {
            for (sums, factors) in sums.iter_mut().zip(&factors) {
                for (sum, values) in sums.iter_mut().zip(&values) {
                    *sum = simd.mul_add_e_f32s(factors[index], values[index], *sum);
                }
            }
        }
    }
    sums
}
