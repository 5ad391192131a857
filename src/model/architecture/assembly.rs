//! Laying nodes from named tensors, with batch norm folded and every shape checked.

use crate::error::{Error, Result};
use crate::graph::op::{Convolution, Linear, MaxPool, Normalise, Pointwise, same_padding};
use crate::graph::{Graph, GraphBuilder, NodeId, Op, Shape};
use crate::model::weights::Weights;
use crate::picture::Preprocessing;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeSet;

/// Padding of a convolution.
#[derive(Debug, Clone, Copy)]
pub enum Padding {
    /// So many pixels on every side.
    Each(usize),
    /// TensorFlow's: output = ceil(input / stride), the odd pixel at the end.
    Same,
}

/// A square convolution window.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
}

/// A graph under construction from a file's tensors.
pub struct Assembly<'a> {
    architecture: &'static str,
    weights: &'a Weights,
    used: BTreeSet<String>,
    graph: GraphBuilder,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(
        architecture: &'static str,
        weights: &'a Weights,
        input: &Preprocessing,
        device: &Device,
    ) -> Self {
        let shape = Shape::new(input.channels, input.size[0], input.size[1]);
        Self {
            architecture,
            weights,
            used: BTreeSet::new(),
            graph: GraphBuilder::new(shape, device),
        }
    }

    pub(super) fn normalised_pixels(&mut self, input: &Preprocessing) -> Result<NodeId> {
        let normalise = Normalise::new(&input.mean, &input.std, self.graph.device());
        self.add("normalise", normalise, &[Graph::INPUT])
    }

    /// Shape of a node's value.
    pub fn shape(&self, id: NodeId) -> Shape {
        self.graph.shape(id)
    }

    pub fn add(
        &mut self,
        name: impl Into<String>,
        op: impl Into<Op>,
        from: &[NodeId],
    ) -> Result<NodeId> {
        self.graph.add(name, op, from)
    }

    pub fn relu(&mut self, name: impl Into<String>, from: NodeId) -> Result<NodeId> {
        self.add(name, Pointwise::Relu, &[from])
    }

    pub fn relu6(&mut self, name: impl Into<String>, from: NodeId) -> Result<NodeId> {
        self.add(name, Pointwise::RELU6, &[from])
    }

    pub fn max_pool(
        &mut self,
        name: impl Into<String>,
        side: usize,
        from: NodeId,
    ) -> Result<NodeId> {
        self.add(name, MaxPool::square(side), &[from])
    }

    /// A convolution with a bias, `NAME.weight` and `NAME.bias`.
    pub fn convolution(
        &mut self,
        name: &str,
        out: usize,
        window: Window,
        from: NodeId,
    ) -> Result<NodeId> {
        let kernel = self.kernel(name, out, 1, window, from)?;
        let bias = self.values(&format!("{name}.bias"), &[out])?;
        self.lay_convolution(name, kernel, bias, 1, window, from)
    }

    /// A convolution followed by batch norm, folded into one node that keeps the convolution's
    /// name. `groups` is 1, or the number of channels for a depthwise convolution.
    pub fn convolution_norm(
        &mut self,
        [name, norm]: [&str; 2],
        out: usize,
        groups: usize,
        window: Window,
        epsilon: f32,
        from: NodeId,
    ) -> Result<NodeId> {
        let mut kernel = self.kernel(name, out, groups, window, from)?;
        let part = |part: &str| format!("{norm}.{part}");
        let gamma = self.values(&part("weight"), &[out])?;
        let beta = self.values(&part("bias"), &[out])?;
        let mean = self.values(&part("running_mean"), &[out])?;
        let variance = self.values(&part("running_var"), &[out])?;
        if let Some(channel) = variance.iter().position(|v| *v + epsilon <= 0.0) {
            let why = format!("`{}` is {} at {channel}", part("running_var"), variance[channel]);
            return Err(Error::new("the weights hold an impossible variance", why)
                .hint("the training that wrote them diverged, or the file is damaged"));
        }
        let scale: Vec<f32> = (0..out).map(|c| gamma[c] / (variance[c] + epsilon).sqrt()).collect();
        let each = kernel.len() / out;
        for (weights, scale) in kernel.chunks_exact_mut(each).zip(&scale) {
            for weight in weights {
                *weight *= scale;
            }
        }
        let bias = (0..out).map(|c| beta[c] - mean[c] * scale[c]).collect();
        self.lay_convolution(name, kernel, bias, groups, window, from)
    }

    /// A linear layer, `NAME.weight` and `NAME.bias`.
    pub fn linear(&mut self, name: &str, out: usize, from: NodeId) -> Result<NodeId> {
        let inputs = self.shape(from).len();
        let weight = self.values(&format!("{name}.weight"), &[out, inputs])?;
        let bias = self.values(&format!("{name}.bias"), &[out])?;
        let weight = self.tensor::<2>(weight, [out, inputs]);
        let bias = self.tensor::<1>(bias, [out]);
        self.add(name, Linear::new(weight, Some(bias)), &[from])
    }

    /// The length of the first side of a tensor: how many outputs the layer has.
    pub fn outputs(&self, tensor: &str) -> Result<usize> {
        match self.weights.shape(tensor) {
            Some([out, ..]) => Ok(*out),
            _ => Err(self.missing(tensor, "[outputs, …]")),
        }
    }

    pub(super) fn finish(self) -> Result<Graph> {
        let left: Vec<_> =
            self.weights.tensors.keys().filter(|name| !self.used.contains(*name)).collect();
        if let Some(first) = left.first() {
            let why =
                format!("{} tensors of the file have no place in it, first `{first}`", left.len());
            return Err(Error::new(format!("the weights do not fit {}", self.architecture), why)
                .hint("a model card can name another architecture"));
        }
        self.graph.finish()
    }

    fn kernel(
        &mut self,
        name: &str,
        out: usize,
        groups: usize,
        window: Window,
        from: NodeId,
    ) -> Result<Vec<f32>> {
        let shape = [out, self.shape(from).channels / groups, window.kernel, window.kernel];
        self.values(&format!("{name}.weight"), &shape)
    }

    fn lay_convolution(
        &mut self,
        name: &str,
        kernel: Vec<f32>,
        bias: Vec<f32>,
        groups: usize,
        window: Window,
        from: NodeId,
    ) -> Result<NodeId> {
        let input = self.shape(from);
        let padding = match window.padding {
            Padding::Each(pixels) => [(pixels, pixels); 2],
            Padding::Same => [input.height, input.width]
                .map(|size| same_padding(size, window.kernel, window.stride)),
        };
        let stride = [window.stride; 2];
        let options = ConvOptions::new_with_padding(stride, padding, [1, 1], groups);
        let shape = [bias.len(), input.channels / groups, window.kernel, window.kernel];
        let kernel = self.tensor::<4>(kernel, shape);
        let bias = self.tensor::<1>(bias.clone(), [bias.len()]);
        self.add(name, Convolution::new(kernel, Some(bias), options), &[from])
    }

    fn values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some(tensor) = self.weights.tensors.get(name) else {
            return Err(self.missing(name, &format!("{shape:?}")));
        };
        if tensor.shape != shape {
            let why =
                format!("tensor `{name}` should be {shape:?}, the file has {:?}", tensor.shape);
            return Err(Error::new(format!("the weights do not fit {}", self.architecture), why)
                .hint("check `architecture` and `size` in the model card"));
        }
        self.used.insert(name.to_string());
        Ok(tensor.values.clone())
    }

    fn missing(&self, name: &str, shape: &str) -> Error {
        let why = format!("tensor `{name}` {shape} is not in the file");
        Error::new(format!("the weights do not fit {}", self.architecture), why)
    }

    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.graph.device())
    }
}
