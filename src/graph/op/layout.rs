//! Operations that only move values.

use crate::graph::Shape;
use burn::tensor::ops::PadMode;
use burn::tensor::{Slice as Range, Tensor};

/// N×C×H×W to N×(C·H·W)×1×1.
pub fn flatten(x: Tensor<4>) -> Tensor<4> {
    let [samples, channels, height, width] = x.dims();
    x.reshape([samples, channels * height * width, 1, 1])
}

/// A range of every side: channels, rows, columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    pub ranges: [Steps; 3],
}

/// Every `step`-th index from `start`, before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    pub start: usize,
    pub end: usize,
    pub step: usize,
}

impl Steps {
    /// All of a side of `size`.
    pub const fn all(size: usize) -> Self {
        Self { start: 0, end: size, step: 1 }
    }
}

impl Slice {
    /// Every `stride`-th row and column, from the first.
    pub fn subsample(input: Shape, stride: usize) -> Self {
        let every = |size| Steps { start: 0, end: size, step: stride };
        Self { ranges: [Steps::all(input.channels), every(input.height), every(input.width)] }
    }

    pub(super) fn output_shape(self, input: Shape) -> Result<Shape, String> {
        let [channels, height, width] = self.ranges;
        for (range, size) in
            [(channels, input.channels), (height, input.height), (width, input.width)]
        {
            if range.step == 0 || range.start > range.end || range.end > size {
                return Err(format!("cannot take {range:?} of {input}"));
            }
        }
        let count = |range: Steps| (range.end - range.start).div_ceil(range.step);
        Ok(Shape::new(count(channels), count(height), count(width)))
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        let samples = x.dims()[0];
        x.slice(self.slices(samples))
    }

    pub(super) fn backward(self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        Tensor::zeros(input, &gradient.device()).slice_assign(self.slices(input[0]), gradient)
    }

    fn slices(self, samples: usize) -> [Range; 4] {
        let range = |range: Steps| {
            Range::new(range.start as isize, Some(range.end as isize), range.step as isize)
        };
        let [channels, height, width] = self.ranges.map(range);
        [Range::new(0, Some(samples as isize), 1), channels, height, width]
    }
}

/// Constant values before and after every side: channels, rows, columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pad {
    pub sides: [(usize, usize); 3],
    pub value: f32,
}

impl Pad {
    /// Channels of zeros before and after.
    pub const fn channels(before: usize, after: usize) -> Self {
        Self { sides: [(before, after), (0, 0), (0, 0)], value: 0.0 }
    }

    pub(super) fn output_shape(self, input: Shape) -> Shape {
        let [channels, height, width] = self.sides.map(|(before, after)| before + after);
        Shape::new(channels + input.channels, height + input.height, width + input.width)
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        let [channels, height, width] = self.sides;
        let sides = [(0, 0), channels, height, width];
        x.pad(sides.as_slice(), PadMode::Constant(self.value))
    }

    pub(super) fn backward(self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let inside = |axis: usize| {
            let before = self.sides[axis - 1].0;
            before..before + input[axis]
        };
        gradient.slice([0..input[0], inside(1), inside(2), inside(3)])
    }
}

/// Values one after the other along an axis: 0 for channels, 1 for rows, 2 for columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenate {
    pub axis: usize,
}

impl Concatenate {
    pub(super) fn output_shape(self, inputs: &[Shape]) -> Result<Shape, String> {
        let sides = |shape: &Shape| [shape.channels, shape.height, shape.width];
        let mut sum = sides(&inputs[0]);
        for input in &inputs[1..] {
            let mut other = sides(input);
            sum[self.axis] += other[self.axis];
            other[self.axis] = sum[self.axis];
            if other != sum {
                return Err(format!("cannot join {} and {input}", inputs[0]));
            }
        }
        Ok(Shape::new(sum[0], sum[1], sum[2]))
    }

    pub(super) fn apply(self, inputs: Vec<Tensor<4>>) -> Tensor<4> {
        Tensor::cat(inputs, self.axis + 1)
    }

    pub(super) fn backward(self, inputs: &[&Tensor<4>], gradient: Tensor<4>) -> Vec<Tensor<4>> {
        let mut start = 0;
        let part = |input: &&Tensor<4>| {
            let range = start..start + input.dims()[self.axis + 1];
            start = range.end;
            gradient.clone().slice_dim(self.axis + 1, range)
        };
        inputs.iter().map(part).collect()
    }
}

/// The values of a sample cut into up to five factors, the factors put in another order, and the
/// result read as a shape: transpositions and channel shuffles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rearrange {
    /// Lengths whose product is the number of values, row-major.
    factors: [usize; FACTORS],
    /// Which factor comes first, second, …
    order: [usize; FACTORS],
    shape: Shape,
}

/// Factors that one sample is cut into at most.
pub const FACTORS: usize = 5;

impl Rearrange {
    /// `None` for more factors than are supported, or an order that is none.
    pub fn new(factors: &[usize], order: &[usize], shape: Shape) -> Option<Self> {
        let count = factors.len();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if count > FACTORS || sorted != (0..count).collect::<Vec<_>>() {
            return None;
        }
        let factor = |i: usize| factors.get(i).copied().unwrap_or(1);
        let place = |i: usize| order.get(i).copied().unwrap_or(i);
        Some(Self {
            factors: std::array::from_fn(factor),
            order: std::array::from_fn(place),
            shape,
        })
    }

    /// Another shape of the same values in the same order.
    pub fn reshape(shape: Shape) -> Self {
        Self {
            factors: [shape.channels, shape.height, shape.width, 1, 1],
            order: std::array::from_fn(|i| i),
            shape,
        }
    }

    /// The factors, and which of them comes first, second, …
    pub(in crate::graph) fn parts(&self) -> ([usize; FACTORS], [usize; FACTORS]) {
        (self.factors, self.order)
    }

    /// True where the order stays.
    pub fn is_reshape(&self) -> bool {
        self.order.is_sorted()
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let count: usize = self.factors.iter().product();
        if count != input.len() || count != self.shape.len() {
            return Err(format!("cannot read {input} as {}", self.shape));
        }
        Ok(self.shape)
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let samples = x.dims()[0];
        let Shape { channels, height, width } = self.shape;
        moved(x, self.factors, self.order, [samples, channels, height, width])
    }

    pub(super) fn backward(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let factors = self.order.map(|i| self.factors[i]);
        let mut back = [0; FACTORS];
        for (to, from) in self.order.into_iter().enumerate() {
            back[from] = to;
        }
        moved(gradient, factors, back, input)
    }
}

fn moved(
    x: Tensor<4>,
    factors: [usize; FACTORS],
    order: [usize; FACTORS],
    dims: [usize; 4],
) -> Tensor<4> {
    if order.is_sorted() {
        return x.reshape(dims);
    }
    let [a, b, c, d, e] = factors;
    let order = order.map(|i| i + 1);
    x.reshape([dims[0], a, b, c, d, e])
        .permute([0, order[0], order[1], order[2], order[3], order[4]])
        .reshape(dims)
}
