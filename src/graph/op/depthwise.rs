//! Depthwise convolution and its gradient on the CPU.
//!
//! burn's kernel for it works row by row, and rows of 7 or 14 pixels leave a vector unit idle. Here a
//! plane is laid out once with its padding, so that one tap of the kernel is a shift of one long row.
//! With a stride, pixels are laid out by their phase (remainder of the division by the stride), and
//! the same holds inside each phase. On EfficientNet-lite0, where burn's took a third of a pass, it
//! takes a tenth.

use super::host::{from_host, on_host, slice};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Vectors that one turn of the inner loop sums up.
const VECTORS: usize = 4;
/// What the longest row may exceed its end by, in values: the widest vectors are of 16.
const SLACK: usize = VECTORS * 16;

/// The convolution of N×C×H×W by C×1×h×w, or `None` where it isn't depthwise, or not on the CPU.
pub(super) fn convolve(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<2>,
) -> Option<Tensor<4>> {
    let [samples, channels, height, width] = x.dims();
    let input = [height, width];
    let output = [0, 1].map(|axis| Side::of(axis, weight.dims(), options).output(input[axis]));
    let layout = Layout::forward(input, output, weight.dims(), options);
    let planes = layout.run(x, weight, bias, options.groups)?;
    Some(from_host(planes, [samples, channels, output[0], output[1]]))
}

/// The gradient at the input, of `input` height and width, from the one at the output; `None` as
/// for [`convolve`].
pub(super) fn gradient(
    gradient: &Tensor<4>,
    weight: &Tensor<4>,
    options: &ConvOptions<2>,
    input: [usize; 2],
) -> Option<Tensor<4>> {
    let [samples, channels, height, width] = gradient.dims();
    let layout = Layout::backward(input, [height, width], weight.dims(), options);
    let planes = layout.run(gradient, weight, None, options.groups)?;
    Some(from_host(planes, [samples, channels, input[0], input[1]]))
}

/// How planes become long rows and back.
struct Layout {
    sources: Vec<Lattice>,
    /// Where each result goes, with the taps that make it: places in the kernel and shifts.
    results: Vec<(Lattice, Vec<(usize, usize)>)>,
    /// Values of a plane that comes in and one that goes out.
    plane: [usize; 2],
    kernel: usize,
    /// Values of all sources, and of the longest result.
    scratch: [usize; 2],
}

/// Every `step`-th pixel of a plane, from `first` (which padding puts outside), as rows of a
/// scratch that lie `row` values apart.
struct Lattice {
    plane: [usize; 2],
    first: [isize; 2],
    step: [usize; 2],
    size: [usize; 2],
    row: usize,
    offset: usize,
}

/// What both directions share, along one axis.
struct Side {
    step: usize,
    dilation: usize,
    padding: (usize, usize),
    taps: usize,
}

impl Side {
    fn of(axis: usize, weight: [usize; 4], options: &ConvOptions<2>) -> Self {
        Self {
            step: options.stride[axis],
            dilation: options.dilation[axis],
            padding: options.padding[axis],
            taps: weight[2 + axis],
        }
    }

    /// Pixels that come out of some that go in; the kernel fits, as the graph has checked.
    fn output(&self, input: usize) -> usize {
        let padded = input + self.padding.0 + self.padding.1;
        (padded - (self.taps - 1) * self.dilation - 1) / self.step + 1
    }

    /// The first pixel of a phase, from the edge of the padding.
    fn first(&self, phase: usize) -> isize {
        phase as isize - self.padding.0 as isize
    }

    /// Whole strides and remainder of a tap's distance.
    fn tap(&self, tap: usize) -> (usize, usize) {
        (tap * self.dilation / self.step, tap * self.dilation % self.step)
    }

    /// Strides that the last tap reaches.
    fn reach(&self) -> usize {
        self.tap(self.taps - 1).0
    }
}

impl Layout {
    fn forward(
        input: [usize; 2],
        output: [usize; 2],
        weight: [usize; 4],
        options: &ConvOptions<2>,
    ) -> Self {
        let sides = [0, 1].map(|axis| Side::of(axis, weight, options));
        let size = [0, 1].map(|axis| output[axis] + sides[axis].reach());
        let area = size[0] * size[1];
        let phases = phases(&sides);
        let source = |(index, phase): (usize, &[usize; 2])| Lattice {
            plane: input,
            first: [0, 1].map(|axis| sides[axis].first(phase[axis])),
            step: [sides[0].step, sides[1].step],
            size,
            row: size[1],
            offset: index * area,
        };
        let taps = taps(&sides).map(|(place, [down, across])| {
            let index = down.1 * sides[1].step + across.1;
            (place, index * area + down.0 * size[1] + across.0)
        });
        let result = Lattice::whole(output, size[1]);
        Self {
            sources: phases.iter().enumerate().map(source).collect(),
            scratch: [phases.len() * area, result.length()],
            results: vec![(result, taps.collect())],
            plane: [input[0] * input[1], output[0] * output[1]],
            kernel: weight[2] * weight[3],
        }
    }

    fn backward(
        input: [usize; 2],
        output: [usize; 2],
        weight: [usize; 4],
        options: &ConvOptions<2>,
    ) -> Self {
        let sides = [0, 1].map(|axis| Side::of(axis, weight, options));
        let reach = [sides[0].reach(), sides[1].reach()];
        let size = [0, 1].map(|axis| {
            let last = input[axis] - 1 + sides[axis].padding.0;
            last / sides[axis].step + 1
        });
        let padded = [size[0] + reach[0], size[1] + reach[1]];
        let source = Lattice {
            first: [-(reach[0] as isize), -(reach[1] as isize)],
            size: padded,
            ..Lattice::whole(output, padded[1])
        };
        let result = |phase: &[usize; 2]| {
            let lattice = Lattice {
                plane: input,
                first: [0, 1].map(|axis| sides[axis].first(phase[axis])),
                step: [sides[0].step, sides[1].step],
                size,
                row: padded[1],
                offset: 0,
            };
            let taps = taps(&sides).filter(|(_, [down, across])| [down.1, across.1] == *phase).map(
                |(place, [down, across])| {
                    (place, (reach[0] - down.0) * padded[1] + reach[1] - across.0)
                },
            );
            (lattice, taps.collect())
        };
        Self {
            scratch: [padded[0] * padded[1], size[0] * padded[1]],
            sources: vec![source],
            results: phases(&sides).iter().map(result).collect(),
            plane: [output[0] * output[1], input[0] * input[1]],
            kernel: weight[2] * weight[3],
        }
    }

    /// All planes, one after another.
    fn run(
        &self,
        x: &Tensor<4>,
        weight: &Tensor<4>,
        bias: Option<&Tensor<1>>,
        groups: usize,
    ) -> Option<Vec<f32>> {
        let [samples, channels, ..] = x.dims();
        let [out, per_group, ..] = weight.dims();
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
        let mut planes = vec![0.0; samples * channels * self.plane[1]];
        let arch = Arch::new();
        let scratch = || [0, 1].map(|which| vec![0.0; self.scratch[which] + SLACK]);
        planes.par_chunks_mut(self.plane[1]).enumerate().for_each_init(
            scratch,
            |[source, result], (index, plane)| {
                let channel = index % channels;
                for lattice in &self.sources {
                    lattice.gather(&x[index * self.plane[0]..][..self.plane[0]], source);
                }
                for (lattice, taps) in &self.results {
                    let weights = &weight[channel * self.kernel..][..self.kernel];
                    let start = bias.map_or(0.0, |bias| bias[channel]);
                    let length = lattice.length();
                    arch.dispatch(Correlation { source, taps, weights, start, length, result });
                    lattice.scatter(result, plane);
                }
            },
        );
        Some(planes)
    }
}

/// All remainders of a division by the strides.
fn phases(sides: &[Side; 2]) -> Vec<[usize; 2]> {
    let across = |down| (0..sides[1].step).map(move |across| [down, across]);
    (0..sides[0].step).flat_map(across).collect()
}

/// Every tap's place in the kernel, and its distance down and across as in [`Side::tap`].
fn taps(sides: &[Side; 2]) -> impl Iterator<Item = (usize, [(usize, usize); 2])> {
    let columns = sides[1].taps;
    (0..sides[0].taps * columns)
        .map(move |place| (place, [sides[0].tap(place / columns), sides[1].tap(place % columns)]))
}

impl Lattice {
    /// All pixels of a plane.
    fn whole(plane: [usize; 2], row: usize) -> Self {
        Self { plane, first: [0, 0], step: [1, 1], size: plane, row, offset: 0 }
    }

    /// Values from the first pixel to the last.
    fn length(&self) -> usize {
        (self.size[0] - 1) * self.row + self.size[1]
    }

    /// Cells along an axis that lie inside the plane, and the pixel of the first.
    fn inside(&self, axis: usize) -> (std::ops::Range<usize>, usize) {
        let (first, step) = (self.first[axis], self.step[axis]);
        let cells = |pixels: isize| pixels.max(0).unsigned_abs().div_ceil(step);
        let start = cells(-first).min(self.size[axis]);
        let end = cells(self.plane[axis] as isize - first).min(self.size[axis]).max(start);
        (start..end, (first + (start * step) as isize).max(0).unsigned_abs())
    }

    /// Starts of matching rows in the scratch and in the plane, and how many cells they share.
    fn rows(&self) -> (impl Iterator<Item = (usize, usize)>, usize) {
        let ((rows, top), (columns, left)) = (self.inside(0), self.inside(1));
        let start = self.offset + columns.start;
        let pixel = move |index: usize| (top + index * self.step[0]) * self.plane[1] + left;
        let rows = rows.enumerate();
        (rows.map(move |(index, row)| (start + row * self.row, pixel(index))), columns.len())
    }

    /// Plane to scratch. Cells of padding are never written and stay zero.
    fn gather(&self, plane: &[f32], scratch: &mut [f32]) {
        let (rows, count) = self.rows();
        for (cell, pixel) in rows.filter(|_| count > 0) {
            let cells = &mut scratch[cell..cell + count];
            match self.step[1] {
                1 => cells.copy_from_slice(&plane[pixel..pixel + count]),
                step => {
                    for (cell, value) in cells.iter_mut().zip(plane[pixel..].iter().step_by(step)) {
                        *cell = *value;
                    }
                }
            }
        }
    }

    /// Scratch to plane.
    fn scatter(&self, scratch: &[f32], plane: &mut [f32]) {
        let (rows, count) = self.rows();
        for (cell, pixel) in rows.filter(|_| count > 0) {
            let cells = &scratch[cell..cell + count];
            match self.step[1] {
                1 => plane[pixel..pixel + count].copy_from_slice(cells),
                step => {
                    for (value, cell) in plane[pixel..].iter_mut().step_by(step).zip(cells) {
                        *value = *cell;
                    }
                }
            }
        }
    }
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
