//! Norms that are composed of several nodes.

use super::graph_assembler::GraphAssembler;
use crate::error::Result;
use crate::graph::op::{Arithmetic, Axes, Pointwise, Standardise};
use crate::graph::{NodeId, Op};

/// Keeps the derivative of a root finite where a channel is zero everywhere.
const TINY: f32 = 1e-24;

impl GraphAssembler<'_> {
    /// Global response norm (Woo et al. 2023, "ConvNeXt V2"): channels are weighed by their length
    /// over all positions, as a share of the mean of all, and added to themselves.
    pub fn response_norm(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let part = |part: &str| format!("{name}.{part}");
        let channels = self.shape(from).channels;
        let squares = self.add(&part("square"), Arithmetic::Multiply, &[from, from])?;
        let length = self.add(&part("sum"), Op::Sum(Axes::SPATIAL), &[squares])?;
        let length = self.constants(&part("tiny"), [None, Some(TINY)], length)?;
        let length = self.add(&part("length"), Pointwise::Sqrt, &[length])?;
        let mean = self.add(&part("total"), Op::Sum(Axes::CHANNELS), &[length])?;
        let factors = [Some(1.0 / channels as f32), Some(1e-6)];
        let mean = self.constants(&part("mean"), factors, mean)?;
        let share = self.add(&part("share"), Arithmetic::Divide, &[length, mean])?;
        let x = self.add(&part("weigh"), Arithmetic::Multiply, &[from, share])?;
        let x = self.scale_and_shift(name, x)?;
        self.sum(&part("add"), from, x)
    }

    /// (x − mean) / √(variance + ε) over some sides, with a scale and perhaps a shift for every
    /// channel.
    pub fn standardised(
        &mut self,
        name: &str,
        axes: Axes,
        epsilon: f32,
        from: NodeId,
    ) -> Result<NodeId> {
        let standardise = Standardise { axes, epsilon };
        let x = self.add(&format!("{name}.standardise"), standardise, &[from])?;
        match self.has(&format!("{name}.bias")) {
            true => self.scale_and_shift(name, x),
            false => self.channel_scale(&format!("{name}.weight"), x),
        }
    }

    /// timm's simple norm: every position over the standard deviation of its channels, the unbiased
    /// one, with a scale of its own; the mean stays.
    pub fn simple_norm(&mut self, name: &str, epsilon: f32, from: NodeId) -> Result<NodeId> {
        let part = |part: &str| format!("{name}.{part}");
        let channels = self.shape(from).channels as f32;
        let mean = self.add(&part("total"), Op::Sum(Axes::CHANNELS), &[from])?;
        let mean = self.constants(&part("mean"), [Some(1.0 / channels), None], mean)?;
        let centred = self.add(&part("centre"), Arithmetic::Subtract, &[from, mean])?;
        let squares = self.add(&part("square"), Arithmetic::Multiply, &[centred, centred])?;
        let variance = self.add(&part("sum"), Op::Sum(Axes::CHANNELS), &[squares])?;
        let factors = [Some(1.0 / (channels - 1.0).max(1.0)), Some(epsilon)];
        let variance = self.constants(&part("variance"), factors, variance)?;
        let deviation = Pointwise::Power { exponent: -0.5 };
        let factor = self.add(&part("factor"), deviation, &[variance])?;
        let x = self.add(&part("divide"), Arithmetic::Multiply, &[from, factor])?;
        self.channel_scale(&format!("{name}.weight"), x)
    }
}
