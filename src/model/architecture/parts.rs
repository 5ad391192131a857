//! Parts that many families have.

use super::graph_assembler::GraphAssembler;
use super::window::{Window, window};
use crate::error::{Error, Result};
use crate::graph::op::{Affine, Arithmetic, Matrix, Pad, Pointwise, Resample, Slice, Steps};
use crate::graph::{NodeId, Shape};
use std::ops::Range;

impl GraphAssembler<'_> {
    /// A convolution `NAME.conv` or `NAME.c` with its norm `NAME.bn`, if the file has one. The
    /// window's sides and groups are those of the tensor.
    pub fn unit(&mut self, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
        let conv = self.either(&[&format!("{name}.conv"), &format!("{name}.c")]).to_string();
        self.unit_of([&conv, &format!("{name}.bn")], stride, from)
    }

    /// As [`Self::unit`], by the names of its two layers; an empty name is of no norm.
    pub fn unit_of(
        &mut self,
        [conv, norm]: [&str; 2],
        stride: usize,
        from: NodeId,
    ) -> Result<NodeId> {
        let window = self.window_of(conv, from).unwrap_or(window(1)).stride(stride);
        let has_norm = self.has(&format!("{norm}.weight")) || !self.has(&format!("{conv}.bias"));
        match has_norm && !norm.is_empty() {
            true => self.convolution_norm([conv, norm], window, from),
            false => self.bare_convolution(conv, window, from),
        }
    }

    /// [`Self::unit`] with an activation, `NAME.act`.
    pub fn active_unit(
        &mut self,
        name: &str,
        stride: usize,
        activation: Pointwise,
        from: NodeId,
    ) -> Result<NodeId> {
        let x = self.unit(name, stride, from)?;
        self.add(&format!("{name}.act"), activation, &[x])
    }

    /// Squeeze-and-excitation by two convolutions `NAME.fc1` and `NAME.fc2`, with ReLU and perhaps
    /// a norm between and a sigmoid after.
    pub fn squeeze(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let part = |part: &str| format!("{name}.{part}");
        let mut x = self.global_average_pool(&part("avgpool"), from)?;
        x = match self.has(&part("bn.weight")) {
            true => self.convolution_norm([&part("fc1"), &part("bn")], window(1), x)?,
            false => self.bare_convolution(&part("fc1"), window(1), x)?,
        };
        x = self.relu(&part("act"), x)?;
        x = self.bare_convolution(&part("fc2"), window(1), x)?;
        x = self.add(&part("gate"), Pointwise::Sigmoid, &[x])?;
        self.add(&part("scale"), Arithmetic::Multiply, &[from, x])
    }

    /// Effective squeeze-and-excitation by one convolution, `NAME.fc`, and a hard sigmoid (Lee and
    /// Park 2020, "CenterMask").
    pub fn effective_squeeze(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let part = |part: &str| format!("{name}.{part}");
        let mut x = self.global_average_pool(&part("avgpool"), from)?;
        x = self.convolution(&part("fc"), window(1), x)?;
        x = self.add(&part("gate"), Pointwise::HARD_SIGMOID, &[x])?;
        self.add(&part("scale"), Arithmetic::Multiply, &[from, x])
    }

    /// The sum of several values, which are at least one.
    pub fn total(&mut self, name: &str, parts: &[NodeId]) -> Result<NodeId> {
        let Some((first, rest)) = parts.split_first() else {
            let why = format!("the file has no tensors of `{name}`");
            return Err(Error::new("the weights do not fit the architecture", why));
        };
        let mut sum = *first;
        for (index, part) in (1..).zip(rest) {
            sum = self.sum(&format!("{name}.add{index}"), sum, *part)?;
        }
        Ok(sum)
    }

    /// Zeros before and after rows, and before and after columns.
    pub fn pad(
        &mut self,
        name: &str,
        [rows, columns]: [(usize, usize); 2],
        from: NodeId,
    ) -> Result<NodeId> {
        self.add(name, Pad { sides: [(0, 0), rows, columns], value: 0.0 }, &[from])
    }

    /// Binomial weights of three rows and columns at every other place, zeros around (Zhang 2019,
    /// "Making Convolutional Networks Shift-Invariant Again").
    pub fn blur_pool(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let input = self.shape(from);
        let sides = [input.height, input.width].map(Matrix::blur);
        self.resample(name, "blur", sides, from)
    }

    /// A matrix along the rows and one along the columns; `kind` is the display name.
    pub fn resample(
        &mut self,
        name: &str,
        kind: &'static str,
        [rows, columns]: [Matrix; 2],
        from: NodeId,
    ) -> Result<NodeId> {
        self.add(name, Resample::new(kind, rows, columns, self.device()), &[from])
    }

    /// Some of the channels.
    pub fn some_channels(
        &mut self,
        name: &str,
        range: Range<usize>,
        from: NodeId,
    ) -> Result<NodeId> {
        let shape = self.shape(from);
        let channels = Steps { start: range.start, end: range.end, step: 1 };
        let ranges = [channels, Steps::all(shape.height), Steps::all(shape.width)];
        self.add(name, Slice { ranges }, &[from])
    }

    /// A window that keeps the size of its input, with the sides and groups of a convolution's
    /// tensor, if the file has it.
    pub fn window_of(&self, name: &str, from: NodeId) -> Option<Window> {
        let shape = self.tensor_shape(&format!("{name}.weight"))?;
        let [_, inputs, height, width] = *shape else { return None };
        let groups = self.shape(from).channels / inputs.max(1);
        Some(Window::rectangle([height, width]).groups(groups.max(1)))
    }

    /// Every channel times `NAME.weight`, plus `NAME.bias`.
    pub fn scale_and_shift(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let channels = self.shape(from).channels;
        let mut part = |part: &str| self.channel_values(&format!("{name}.{part}"), channels);
        let [scale, shift] = ["weight", "bias"].map(&mut part);
        self.affine(name, scale, shift, from)
    }

    /// Every value times a constant, plus another.
    pub fn constants(
        &mut self,
        name: &str,
        [scale, shift]: [Option<f32>; 2],
        from: NodeId,
    ) -> Result<NodeId> {
        let [scale, shift] = [scale, shift].map(|constant| constant.map(|value| vec![value]));
        let affine = Affine::new(scale, shift, Shape::new(1, 1, 1), self.device());
        self.add(name, affine, &[from])
    }

    /// All values times `NAME.scale`, plus `NAME.bias`, one number each.
    pub fn learned_constants(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let [scale, shift] =
            ["scale", "bias"].map(|part| self.values(&format!("{name}.{part}"), &[1]));
        self.constants(name, [Some(scale[0]), Some(shift[0])], from)
    }
}
