//! Planes as long rows, for convolutions on the CPU.
//!
//! A plane is laid out once with its padding, row after row, so that one tap of a kernel is a shift
//! of one long row, whatever its width. With a stride, pixels are laid out by their phase
//! (remainder of the division by the stride), and the same holds inside each phase. Where planes
//! are so small that their padding would be most of the work, what each tap takes is laid out by
//! itself instead, for several samples after one another. Values and their gradients differ only in
//! what is laid out and where results go.

use burn::tensor::ops::ConvOptions;
use std::ops::Range;

/// How the planes of one channel become a long row, and results become planes.
pub struct Layout {
    pub sources: Vec<StridedPlane>,
    /// Where each result goes, with the taps that make it: positions in the kernel and shifts.
    pub results: Vec<(StridedPlane, Vec<(usize, usize)>)>,
    /// Values of a plane that comes in and one that goes out.
    pub plane: [usize; 2],
    /// Samples in one row.
    pub samples: usize,
    /// Distance of two samples in a row.
    pub sample: usize,
    /// Values of a row that all sources fill.
    pub row: usize,
}

/// A convolution's sizes and window.
pub struct Geometry {
    pub input: [usize; 2],
    pub output: [usize; 2],
    axes: [AxisWindow; 2],
}

/// Every `step`-th pixel of a plane, from `first` (which padding puts outside), as rows of a
/// scratch that lie `row` values apart.
pub struct StridedPlane {
    plane: [usize; 2],
    first: [isize; 2],
    step: [usize; 2],
    size: [usize; 2],
    row: usize,
    offset: usize,
}

/// What both directions share, along one axis.
struct AxisWindow {
    step: usize,
    dilation: usize,
    padding: (usize, usize),
    taps: usize,
}

impl AxisWindow {
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

    /// Whole strides and remainder of a tap's distance.
    fn tap(&self, tap: usize) -> (usize, usize) {
        (tap * self.dilation / self.step, tap * self.dilation % self.step)
    }

    /// Strides that lie in the padding before the first pixel, and strides from there to the last.
    fn strides(&self, input: usize) -> (usize, usize) {
        let skipped = self.padding.0 / self.step;
        (skipped, (input - 1 + self.padding.0) / self.step + 1 - skipped)
    }

    /// Strides that the last tap reaches.
    fn reach(&self) -> usize {
        self.tap(self.taps - 1).0
    }
}

impl Geometry {
    /// A convolution of planes of a height and width by `weight` (out × in/groups × h × w).
    pub fn new(input: [usize; 2], weight: [usize; 4], options: &ConvOptions<2>) -> Self {
        let axes = [0, 1].map(|axis| AxisWindow::of(axis, weight, options));
        Self { input, output: [0, 1].map(|axis| axes[axis].output(input[axis])), axes }
    }

    /// Positions of the kernel.
    pub fn kernel(&self) -> usize {
        self.axes[0].taps * self.axes[1].taps
    }

    /// From inputs to outputs, with `samples` in a row.
    pub fn forward(&self, samples: usize) -> Layout {
        let Self { input, output, axes } = self;
        // Those that a window takes from: a narrow one that strides does not take from all.
        let mut phases = self.phases();
        phases.retain(|phase| self.taps_of(*phase).next().is_some());
        let size = [0, 1].map(|axis| output[axis] + axes[axis].reach());
        let area = size[0] * size[1];
        let source = |(index, phase): (usize, &[usize; 2])| StridedPlane {
            size,
            row: size[1],
            offset: index * samples * area,
            ..self.phase(*phase)
        };
        let taps = self.taps().map(|(place, [down, across])| {
            let phase = [down.1, across.1];
            let index = phases.iter().position(|p| *p == phase).expect("a phase of a tap");
            (place, index * samples * area + down.0 * size[1] + across.0)
        });
        Layout {
            sources: phases.iter().enumerate().map(source).collect(),
            results: vec![(StridedPlane::whole(*output, size[1]), taps.collect())],
            plane: [input[0] * input[1], output[0] * output[1]],
            samples,
            sample: area,
            row: phases.len() * samples * area,
        }
    }

    /// From gradients at outputs to gradients at inputs, with `samples` in a row.
    pub fn backward(&self, samples: usize) -> Layout {
        let Self { input, output, axes } = self;
        let reach = [0, 1].map(|axis| axes[axis].reach());
        let [down, across] = [0, 1].map(|axis| axes[axis].strides(input[axis]));
        let (skipped, size) = ([down.0, across.0], [down.1, across.1]);
        let padded = [size[0] + reach[0], size[1] + reach[1]];
        let source = StridedPlane {
            first: [0, 1].map(|axis| skipped[axis] as isize - reach[axis] as isize),
            size: padded,
            ..StridedPlane::whole(*output, padded[1])
        };
        let result = |phase: &[usize; 2]| {
            let strided = StridedPlane { size, row: padded[1], ..self.phase_of_results(*phase) };
            let taps = self.taps_of(*phase).map(|(place, [down, across])| {
                (place, (reach[0] - down) * padded[1] + reach[1] - across)
            });
            (strided, taps.collect())
        };
        Layout {
            sources: vec![source],
            results: self.phases().iter().map(result).collect(),
            plane: [output[0] * output[1], input[0] * input[1]],
            samples,
            sample: padded[0] * padded[1],
            row: samples * padded[0] * padded[1],
        }
    }

    /// As [`Self::forward`], with a row of its own for what each tap takes.
    pub fn forward_by_taps(&self, samples: usize) -> Layout {
        let (Self { input, output, axes }, area) = (self, self.output[0] * self.output[1]);
        let source = |(place, _)| {
            let tap = [place / axes[1].taps, place % axes[1].taps];
            let first = |axis: usize| {
                (tap[axis] * axes[axis].dilation) as isize - axes[axis].padding.0 as isize
            };
            StridedPlane {
                plane: *input,
                first: [first(0), first(1)],
                step: [axes[0].step, axes[1].step],
                size: *output,
                row: output[1],
                offset: place * samples * area,
            }
        };
        let taps = (0..self.kernel()).map(|place| (place, place * samples * area));
        Layout {
            sources: self.taps().map(source).collect(),
            results: vec![(StridedPlane::whole(*output, output[1]), taps.collect())],
            plane: [input[0] * input[1], area],
            samples,
            sample: area,
            row: self.kernel() * samples * area,
        }
    }

    /// As [`Self::backward`], with a row of its own for what each tap takes.
    pub fn backward_by_taps(&self, samples: usize) -> Layout {
        let Self { input, output, axes } = self;
        let [rows, columns] = [0, 1].map(|axis| axes[axis].strides(input[axis]));
        let (skipped, size) = ([rows.0, columns.0], [rows.1, columns.1]);
        let area = size[0] * size[1];
        let source = |(place, [down, across]): (usize, [(usize, usize); 2])| StridedPlane {
            first: [skipped[0] as isize - down.0 as isize, skipped[1] as isize - across.0 as isize],
            size,
            offset: place * samples * area,
            ..StridedPlane::whole(*output, size[1])
        };
        let result = |phase: &[usize; 2]| {
            let strided = StridedPlane { size, row: size[1], ..self.phase_of_results(*phase) };
            let taps = self.taps_of(*phase).map(|(place, _)| (place, place * samples * area));
            (strided, taps.collect())
        };
        Layout {
            sources: self.taps().map(source).collect(),
            results: self.phases().iter().map(result).collect(),
            plane: [output[0] * output[1], input[0] * input[1]],
            samples,
            sample: area,
            row: self.kernel() * samples * area,
        }
    }

    /// All remainders of a division by the strides.
    fn phases(&self) -> Vec<[usize; 2]> {
        let [down, across] = [self.axes[0].step, self.axes[1].step];
        (0..down).flat_map(|d| (0..across).map(move |a| [d, a])).collect()
    }

    /// A phase of the inputs; its size and rows are left open.
    fn phase(&self, phase: [usize; 2]) -> StridedPlane {
        let first = |axis: usize| phase[axis] as isize - self.axes[axis].padding.0 as isize;
        StridedPlane {
            plane: self.input,
            first: [first(0), first(1)],
            step: [self.axes[0].step, self.axes[1].step],
            size: [0, 0],
            row: 0,
            offset: 0,
        }
    }

    /// A phase of the inputs from its first pixels on, without padding.
    fn phase_of_results(&self, phase: [usize; 2]) -> StridedPlane {
        let mut strided = self.phase(phase);
        for (axis, window) in self.axes.iter().enumerate() {
            strided.first[axis] += (window.strides(self.input[axis]).0 * window.step) as isize;
        }
        strided
    }

    /// Every tap's position in the kernel, and its distance down and across as in
    /// [`AxisWindow::tap`].
    fn taps(&self) -> impl Iterator<Item = (usize, [(usize, usize); 2])> {
        let [down, across] = &self.axes;
        (0..self.kernel())
            .map(|place| (place, [down.tap(place / across.taps), across.tap(place % across.taps)]))
    }

    /// The taps that take from a phase: positions in the kernel and whole strides.
    fn taps_of(&self, phase: [usize; 2]) -> impl Iterator<Item = (usize, [usize; 2])> {
        let of_phase = move |taps: &[(usize, usize); 2]| [taps[0].1, taps[1].1] == phase;
        let taps = self.taps().filter(move |(_, taps)| of_phase(taps));
        taps.map(|(place, [down, across])| (place, [down.0, across.0]))
    }
}

impl Layout {
    /// Values of a result's row from its first sample to its last.
    pub fn length(&self, result: &StridedPlane) -> usize {
        (self.samples - 1) * self.sample + result.length()
    }

    /// The longest result's row.
    pub fn longest(&self) -> usize {
        self.results.iter().map(|(strided, _)| self.length(strided)).max().unwrap_or(0)
    }

    /// Lays out one sample's plane, as the `index`-th of a row.
    pub fn gather(&self, plane: &[f32], index: usize, row: &mut [f32]) {
        for strided in &self.sources {
            strided.gather(plane, &mut row[index * self.sample..]);
        }
    }
}

impl StridedPlane {
    /// All pixels of a plane.
    fn whole(plane: [usize; 2], row: usize) -> Self {
        Self { plane, first: [0, 0], step: [1, 1], size: plane, row, offset: 0 }
    }

    /// Values from the first pixel to the last.
    pub fn length(&self) -> usize {
        (self.size[0] - 1) * self.row + self.size[1]
    }

    /// Rows of cells.
    pub fn height(&self) -> usize {
        self.size[0]
    }

    /// Some of its rows, and how far into the scratch they start.
    pub fn band(&self, rows: Range<usize>) -> (Self, usize) {
        let first = [self.first[0] + (rows.start * self.step[0]) as isize, self.first[1]];
        let size = [rows.len(), self.size[1]];
        (Self { first, size, ..*self }, rows.start * self.row)
    }

    /// Cells along an axis that lie inside the plane, and the pixel of the first.
    fn inside(&self, axis: usize) -> (Range<usize>, usize) {
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
    pub fn gather(&self, plane: &[f32], scratch: &mut [f32]) {
        let (rows, count) = self.rows();
        for (cell, pixel) in rows.filter(|_| count > 0) {
            let cells = &mut scratch[cell..cell + count];
            match self.step[1] {
                1 => copy(&plane[pixel..pixel + count], cells),
                2 if plane.len() >= pixel + 2 * count => {
                    // By pairs it fills vectors.
                    let pairs = plane[pixel..].as_chunks::<2>().0;
                    cells.iter_mut().zip(pairs).for_each(|(cell, [value, _])| *cell = *value);
                }
                step => {
                    for (cell, value) in cells.iter_mut().zip(plane[pixel..].iter().step_by(step)) {
                        *cell = *value;
                    }
                }
            }
        }
    }

    /// Scratch to plane.
    pub fn scatter(&self, scratch: &[f32], plane: &mut [f32]) {
        let (rows, count) = self.rows();
        for (cell, pixel) in rows.filter(|_| count > 0) {
            let cells = &scratch[cell..cell + count];
            match self.step[1] {
                1 => copy(cells, &mut plane[pixel..pixel + count]),
                step => {
                    for (value, cell) in plane[pixel..].iter_mut().step_by(step).zip(cells) {
                        *value = *cell;
                    }
                }
            }
        }
    }
}

/// Copies a row; of the usual short ones without a call.
fn copy(from: &[f32], to: &mut [f32]) {
    fn sized<const N: usize>(from: &[f32], to: &mut [f32]) {
        if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
            *to = *from;
        }
    }
    match from.len() {
        4 => sized::<4>(from, to),
        7 => sized::<7>(from, to),
        8 => sized::<8>(from, to),
        14 => sized::<14>(from, to),
        16 => sized::<16>(from, to),
        28 => sized::<28>(from, to),
        32 => sized::<32>(from, to),
        _ => to.copy_from_slice(from),
    }
}
