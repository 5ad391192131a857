//! Layers that few families have.

use super::GraphAssembler;
use crate::error::{Error, Result};
use crate::graph::op::{
    Affine, Arithmetic, Axes, Matrix, MaxPool, Pointwise, Rearrange, Resample, Standardise,
};
use crate::graph::{NodeId, Op, Shape};
use crate::model::architecture::window::Window;

impl GraphAssembler<'_> {
    /// A multiplication of every channel by a learned constant, a tensor of its own.
    pub fn channel_scale(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let channels = self.shape(from).channels;
        let scale = self.channel_values(name, channels);
        let shape = Shape::new(channels, 1, 1);
        self.add(name, Affine::new(Some(scale), None, shape, self.graph.device()), &[from])
    }

    /// A pool whose last window may stand out of the input.
    pub fn max_pool_ceil(&mut self, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
        let options = window.max_pool(self.shape(from), true);
        self.add(name, MaxPool { options }, &[from])
    }

    pub fn adaptive_average_pool(
        &mut self,
        name: &str,
        side: usize,
        from: NodeId,
    ) -> Result<NodeId> {
        let input = self.shape(from);
        let [rows, columns] =
            [input.height, input.width].map(|inputs| Matrix::adaptive_average(inputs, side));
        let pool = Resample::new("adaptive average pool", rows, columns, self.graph.device());
        self.add(name, pool, &[from])
    }

    /// A norm over groups of channels and all positions (Wu and He 2018), with a scale and a shift
    /// of every channel.
    pub fn group_norm(&mut self, name: &str, groups: usize, from: NodeId) -> Result<NodeId> {
        let shape = self.shape(from);
        let scale = self.values(&format!("{name}.weight"), &[shape.channels]);
        let shift = self.values(&format!("{name}.bias"), &[shape.channels]);
        let rows = shape.len() / groups.max(1) / shape.width.max(1);
        let grouped = Rearrange::reshape(Shape::new(groups, rows, shape.width));
        let x = self.add(&format!("{name}.groups"), grouped, &[from])?;
        let standardise = Standardise { axes: Axes::SPATIAL, epsilon: self.epsilon };
        let x = self.add(&format!("{name}.standardise"), standardise, &[x])?;
        let x = self.add(&format!("{name}.channels"), Rearrange::reshape(shape), &[x])?;
        self.affine(name, scale, shift, x)
    }

    /// EvoNorm-S0 (Liu et al. 2020): x·sigmoid(v·x) over the deviation of groups of channels, with
    /// a scale and a shift; x alone where the file has no `v`.
    pub fn evo_norm(&mut self, name: &str, groups: usize, from: NodeId) -> Result<NodeId> {
        let shape = self.shape(from);
        let scale = self.values(&format!("{name}.weight"), &[shape.channels]);
        let shift = self.values(&format!("{name}.bias"), &[shape.channels]);
        let mut x = from;
        if self.has(&format!("{name}.v")) {
            let gate = self.channel_scale(&format!("{name}.v"), from)?;
            let gate = self.add(&format!("{name}.gate"), Pointwise::Sigmoid, &[gate])?;
            x = self.add(&format!("{name}.gated"), Arithmetic::Multiply, &[from, gate])?;
        }
        let rows = shape.len() / groups.max(1) / shape.width.max(1);
        let grouped = Rearrange::reshape(Shape::new(groups, rows, shape.width));
        let source = self.add(&format!("{name}.source"), grouped.clone(), &[from])?;
        let deviation = self.within(name, |net| net.deviation(source))?;
        x = self.add(&format!("{name}.groups"), grouped, &[x])?;
        x = self.add(&format!("{name}.divide"), Arithmetic::Divide, &[x, deviation])?;
        x = self.add(&format!("{name}.channels"), Rearrange::reshape(shape), &[x])?;
        self.affine(name, scale, shift, x)
    }

    /// Root of the variance of every channel's positions and ε.
    fn deviation(&mut self, from: NodeId) -> Result<NodeId> {
        let shape = self.shape(from);
        let share = ((shape.height * shape.width).max(1) as f32).recip();
        let sum = self.add("sum", Op::Sum(Axes::SPATIAL), &[from])?;
        let mean = self.constants("mean", [Some(share), None], sum)?;
        let centred = self.add("centred", Arithmetic::Subtract, &[from, mean])?;
        let squared = self.add("squared", Pointwise::Power { exponent: 2.0 }, &[centred])?;
        let sum = self.add("sum_of_squares", Op::Sum(Axes::SPATIAL), &[squared])?;
        let factors = [Some(share), Some(self.epsilon)];
        let variance = self.constants("variance", factors, sum)?;
        self.add("deviation", Pointwise::Sqrt, &[variance])
    }

    /// A sum that counts every window's tap by its weight, along rows and columns alike.
    pub fn resampled(
        &mut self,
        kind: &'static str,
        along: impl Fn(usize) -> Option<Matrix>,
        from: NodeId,
    ) -> Result<NodeId> {
        let Shape { height, width, .. } = self.shape(from);
        let Some((rows, columns)) = along(height).zip(along(width)) else {
            let why = format!("the window is larger than its input of {}", self.shape(from));
            return Err(Error::new(format!("cannot add node `{}`", self.full(kind)), why));
        };
        self.resample(&kind.replace(' ', "_"), kind, [rows, columns], from)
    }

    /// A convolution along the columns of a single channel, whose tensor has one side only.
    pub fn convolution_along(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let taps = self.dim(&format!("{name}.weight"), 2).max(1);
        let kernel = self.values(&format!("{name}.weight"), &[1, 1, taps]);
        let bias = format!("{name}.bias");
        let bias = self.has(&bias).then(|| self.values(&bias, &[1]));
        self.build_convolution(name, kernel, bias, Window::rectangle([1, taps]), from)
    }

    /// A tensor of a single value, if the file has it.
    pub fn constant(&mut self, name: &str) -> Option<f32> {
        let shape = self.tensor_shape(name)?;
        self.values(name, shape).first().copied()
    }

    /// Standardises a kernel that has a gain of every output, or any where the network's are.
    pub(super) fn standardise(&mut self, name: &str, out: usize, kernel: &mut [f32]) {
        let gain = format!("{name}.gain");
        self.standardises |= self.has(&gain) || self.standardised.is_some();
        if self.has(&gain) {
            let gains = self.values(&gain, &[out, 1, 1, 1]);
            let scale = self.gain / ((kernel.len() / out) as f32).sqrt();
            let epsilon = self.standardised.unwrap_or(1e-6);
            standardise(kernel, epsilon, |channel| gains[channel] * scale, out);
        } else if let Some(epsilon) = self.standardised {
            standardise(kernel, epsilon, |_| 1.0, out);
        }
    }
}

/// Every output's weights to mean 0 and variance 1, times a scale.
fn standardise(kernel: &mut [f32], epsilon: f32, scale: impl Fn(usize) -> f32, out: usize) {
    let each = (kernel.len() / out).max(1);
    for (channel, weights) in kernel.chunks_exact_mut(each).enumerate() {
        let mean_of = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / each as f64;
        let mean = mean_of(&mut weights.iter().map(|w| f64::from(*w)));
        let variance = mean_of(&mut weights.iter().map(|w| (f64::from(*w) - mean).powi(2)));
        let factor = f64::from(scale(channel)) / (variance + f64::from(epsilon)).sqrt();
        for weight in weights {
            *weight = ((f64::from(*weight) - mean) * factor) as f32;
        }
    }
}
