//! Builds nodes from named tensors, with batch norm folded and every shape checked.

mod rare;

use super::fit::{Fit, Misshapen};
use super::tensors::{Tensors, is_buffer};
use super::window::Window;
use crate::error::{Error, Result};
use crate::graph::op::{
    Affine, Arithmetic, Axes, BatchNorm, Concatenate, Convolution, Linear, Matrix, MaxPool,
    Normalise, Pointwise, Resample, Standardise,
};
use crate::graph::{Graph, GraphBuilder, NodeId, Op, Shape};
use crate::picture::Preprocessing;
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeSet;

/// A graph under construction from a file's tensors. Layers take their widths from the tensors; a
/// tensor that is missing or of another shape is recorded and counts as zeros, so that one build
/// finds everything that is wrong.
pub struct GraphAssembler<'a> {
    pub tensors: &'a Tensors<'a>,
    /// Whether a person named the architecture.
    pub named: bool,
    /// The network's name in a card or the file, in lower case with hyphens; empty where there is
    /// none. It says what tensors cannot: activations, blurring, padding.
    pub called: String,
    /// What batch norm adds to variances.
    pub epsilon: f32,
    /// First parts of the names of tensors that training leaves in the file.
    pub(super) leftovers: &'static [&'static str],
    /// What is added to variances of kernels that are standardised (Qiao et al. 2019).
    pub standardised: Option<f32>,
    /// Whether a kernel was.
    standardises: bool,
    /// Channels of a group of EvoNorm, where norms are such; 0 for as many groups as elsewhere.
    pub width_of_evo_groups: Option<usize>,
    /// A factor of kernels that are standardised and have a gain of every output.
    pub gain: f32,
    norms: Norms,
    /// Whether names are those of layers beside the network.
    pub(super) outside: bool,
    /// The normalised pixels, and how many channels of them the first convolution takes.
    pixels: Option<NodeId>,
    taken: Option<usize>,
    /// Whether to stop once `taken` is known.
    probes: bool,
    /// The module that names are relative to, with its dot.
    module: String,
    used: BTreeSet<String>,
    fit: Fit,
    graph: GraphBuilder,
}

/// What becomes of batch norms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norms {
    /// With the statistics of training they are constants, and part of a convolution where they
    /// follow one.
    Folded,
    /// Nodes of their own, by the statistics of the batch.
    OfBatch,
    /// Constants as nodes of their own.
    Apart,
}

/// What a batch norm adds and multiplies, by channel.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl<'a> GraphAssembler<'a> {
    pub(super) fn new(
        architecture: &'static str,
        tensors: &'a Tensors<'a>,
        input: &Preprocessing,
        norms: Norms,
        device: &Device,
    ) -> Self {
        let shape = Shape::new(input.channels, input.size[0], input.size[1]);
        Self {
            tensors,
            named: false,
            called: String::new(),
            epsilon: 1e-5,
            leftovers: &[],
            standardised: None,
            standardises: false,
            width_of_evo_groups: None,
            gain: 1.0,
            norms,
            outside: false,
            pixels: None,
            taken: None,
            probes: false,
            module: String::new(),
            used: BTreeSet::new(),
            fit: Fit::new(architecture),
            graph: GraphBuilder::new(shape, device),
        }
    }

    pub(super) fn normalised_pixels(&mut self, input: &Preprocessing) -> Result<NodeId> {
        let normalise = Normalise::new(&input.mean, &input.std, self.graph.device());
        let pixels = self.add("normalise", normalise, &[Graph::INPUT])?;
        self.pixels = Some(pixels);
        Ok(pixels)
    }

    /// Channels of the pictures that a network takes, where a convolution sees them first.
    pub(super) fn channels(
        mut self,
        input: &Preprocessing,
        build: impl FnOnce(&mut Self, NodeId) -> Result<NodeId>,
    ) -> Option<usize> {
        let pixels = self.normalised_pixels(input).ok()?;
        self.probes = true;
        // It ends early, with an error.
        let _ = build(&mut self, pixels);
        self.taken.filter(|channels| *channels > 0)
    }

    /// Builds a module; the names inside are relative to it.
    pub fn within<T>(&mut self, module: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.module.len();
        self.module += module;
        self.module += ".";
        let built = build(self);
        self.module.truncate(outer);
        built
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.module)
    }

    /// Where tensors are taken from.
    pub(super) fn source(&self) -> &'a Tensors<'a> {
        if self.outside { self.tensors.beside() } else { self.tensors }
    }

    /// Whether the file has a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.source().has(&self.full(name))
    }

    /// Whether the file has tensors of a module.
    pub(super) fn has_module(&self, module: &str) -> bool {
        self.source().under(&self.full(module)).next().is_some()
    }

    /// Names of the layers that a module is or has, those with a weight.
    pub(super) fn layers_of(&self, module: &str) -> Vec<String> {
        let full = self.full(module);
        let weights = self.source().under(&full);
        let layers = weights.filter_map(|name| name.strip_suffix(".weight"));
        layers.map(|name| name[self.module.len()..].to_string()).collect()
    }

    /// Outermost modules that nothing has used so far, but for what is known to be left behind.
    pub(super) fn unused_modules(&self) -> Vec<String> {
        let unused = self.unused().filter_map(|name| name.strip_prefix(&*self.module));
        let mut modules: Vec<_> =
            unused.filter_map(|name| Some(name.split_once('.')?.0.to_string())).collect();
        modules.dedup();
        modules
    }

    /// Tensors that nothing has used so far, but for what is known to be left behind.
    fn unused(&self) -> impl Iterator<Item = &str> {
        let is_leftover = |name: &str| {
            self.leftovers.iter().any(|start| name.starts_with(start)) || is_buffer(name)
        };
        self.source().names().filter(move |name| !self.used.contains(*name) && !is_leftover(name))
    }

    /// How many modules `PREFIX0…`, `PREFIX1…` there are.
    pub fn count(&self, prefix: &str) -> usize {
        self.tensors.count(&self.full(prefix))
    }

    /// Shape of a tensor of the file.
    pub fn tensor_shape(&self, name: &str) -> Option<&'a [usize]> {
        self.source().shape(&self.full(name))
    }

    /// The spelling of a layer's name that the file has, or else the first.
    pub fn either<'n>(&self, names: &[&'n str]) -> &'n str {
        let there = names.iter().find(|name| self.has(&format!("{name}.weight")));
        there.unwrap_or(&names[0])
    }

    /// Identifier of the architecture.
    pub fn architecture(&self) -> &'static str {
        self.fit.architecture
    }

    /// Whether the network's name contains a part.
    pub fn is_called(&self, part: &str) -> bool {
        self.called.contains(part)
    }

    /// One dimension of a tensor of the file, 0 where there is none.
    pub fn dim(&self, name: &str, axis: usize) -> usize {
        self.tensors.dim(&self.full(name), axis)
    }

    /// Notes something that was inferred and may be wrong.
    pub fn guess(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.fit.guessed.contains(&sentence) {
            self.fit.guessed.push(sentence);
        }
    }

    pub fn device(&self) -> &Device {
        self.graph.device()
    }

    /// Shape of a node's value.
    pub fn shape(&self, id: NodeId) -> Shape {
        self.graph.shape(id)
    }

    pub fn add(&mut self, name: &str, op: impl Into<Op>, from: &[NodeId]) -> Result<NodeId> {
        if self.probes && self.taken.is_some() {
            return Err(Error::new("the network is not built further", "its channels are known"));
        }
        self.graph.add(self.full(name), op, from)
    }

    pub fn relu(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        self.add(name, Pointwise::Relu, &[from])
    }

    pub fn sum(&mut self, name: &str, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.add(name, Arithmetic::Add, &[a, b])
    }

    pub fn max_pool(&mut self, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
        let options = window.max_pool(self.shape(from), false);
        self.add(name, MaxPool { options }, &[from])
    }

    pub fn average_pool(&mut self, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
        let input = self.shape(from);
        let [rows, columns] = window.average_pool(input);
        let rows = Matrix::average_pool(input.height, rows);
        let columns = Matrix::average_pool(input.width, columns);
        let Some((rows, columns)) = rows.zip(columns) else {
            let why = format!("the window is larger than its input of {input}");
            return Err(Error::new(format!("cannot add node `{}`", self.full(name)), why));
        };
        let pool = Resample::new("average pool", rows, columns, self.graph.device());
        self.add(name, pool, &[from])
    }

    pub fn global_average_pool(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        self.add(name, Op::GlobalAveragePool, &[from])
    }

    /// Channels of one value after those of another.
    pub fn concatenate(&mut self, name: &str, from: &[NodeId]) -> Result<NodeId> {
        self.add(name, Concatenate { axis: 0 }, from)
    }

    /// A convolution with a bias, `NAME.weight` and `NAME.bias`.
    pub fn convolution(&mut self, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
        let out = self.outputs(&[name]).unwrap_or(self.shape(from).channels);
        let kernel = self.kernel(name, out, window, from);
        let bias = self.values(&format!("{name}.bias"), &[out]);
        self.build_convolution(name, kernel, Some(bias), window, from)
    }

    /// A convolution whose bias may be left out.
    pub fn bare_convolution(&mut self, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
        if self.has(&format!("{name}.bias")) {
            return self.convolution(name, window, from);
        }
        let out = self.outputs(&[name]).unwrap_or(self.shape(from).channels);
        let kernel = self.kernel(name, out, window, from);
        self.build_convolution(name, kernel, None, window, from)
    }

    /// A convolution followed by batch norm, folded into one node that keeps the convolution's
    /// name.
    pub fn convolution_norm(
        &mut self,
        [name, norm]: [&str; 2],
        window: Window,
        from: NodeId,
    ) -> Result<NodeId> {
        let out = self.outputs(&[name, norm]).unwrap_or(self.shape(from).channels);
        if self.norms != Norms::Folded {
            let x = self.bare_convolution(name, window, from)?;
            return self.norm(norm, x);
        }
        let mut kernel = self.kernel(name, out, window, from);
        let bias = format!("{name}.bias");
        let mut bias = match self.has(&bias) {
            true => self.values(&bias, &[out]),
            false => vec![0.0; out],
        };
        let Norm { scale, shift } = self.read_norm(norm, out)?;
        let each = kernel.len() / out;
        for (channel, weights) in kernel.chunks_exact_mut(each).enumerate() {
            for weight in weights {
                *weight *= scale[channel];
            }
            bias[channel] = bias[channel] * scale[channel] + shift[channel];
        }
        self.build_convolution(name, kernel, Some(bias), window, from)
    }

    /// A batch norm that follows no convolution.
    pub fn norm(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let channels = self.shape(from).channels;
        if self.norms == Norms::OfBatch {
            let mut part = |part: &str| self.values(&format!("{name}.{part}"), &[channels]);
            let [weight, bias] = ["weight", "bias"].map(&mut part);
            let norm = BatchNorm::new(weight, bias, self.epsilon, self.graph.device());
            return self.add(name, norm, &[from]);
        }
        let Norm { scale, shift } = self.read_norm(name, channels)?;
        self.affine(name, scale, shift, from)
    }

    /// A norm of every position over its channels, with its own scale and shift.
    pub fn layer_norm(&mut self, name: &str, epsilon: f32, from: NodeId) -> Result<NodeId> {
        let channels = self.shape(from).channels;
        let scale = self.values(&format!("{name}.weight"), &[channels]);
        let shift = self.values(&format!("{name}.bias"), &[channels]);
        let standardise = Standardise { axes: Axes::CHANNELS, epsilon };
        let x = self.add(&format!("{name}.standardise"), standardise, &[from])?;
        self.affine(name, scale, shift, x)
    }

    pub(super) fn affine(
        &mut self,
        name: &str,
        scale: Vec<f32>,
        shift: Vec<f32>,
        from: NodeId,
    ) -> Result<NodeId> {
        let shape = Shape::new(scale.len(), 1, 1);
        self.add(name, Affine::new(Some(scale), Some(shift), shape, self.graph.device()), &[from])
    }

    /// A value for every channel; sides of length 1 may surround them.
    pub(super) fn channel_values(&mut self, name: &str, channels: usize) -> Vec<f32> {
        let found = self.tensor_shape(name).unwrap_or_default();
        let fits = found.contains(&channels) && found.iter().product::<usize>() == channels;
        let shape = if fits { found.to_vec() } else { vec![channels] };
        self.values(name, &shape)
    }

    /// A linear layer over the values of the whole sample, `NAME.weight` and `NAME.bias`.
    pub fn linear(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        let (weight, out) = self.matrix(name, self.shape(from).len());
        let bias = self.values(&format!("{name}.bias"), &[out]);
        let inputs = weight.len() / out;
        let weight = self.tensor::<2>(weight, [out, inputs]);
        let bias = self.tensor::<1>(bias, [out]);
        self.add(name, Linear::new(weight, Some(bias)), &[from])
    }

    /// A linear layer without bias.
    pub fn bare_linear(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        if self.has(&format!("{name}.bias")) {
            return self.linear(name, from);
        }
        let (weight, out) = self.matrix(name, self.shape(from).len());
        let inputs = weight.len() / out;
        let weight = self.tensor::<2>(weight, [out, inputs]);
        self.add(name, Linear::new(weight, None), &[from])
    }

    /// A linear layer over the channels of every position, or a convolution of side 1.
    pub fn linear_of_channels(&mut self, name: &str, from: NodeId) -> Result<NodeId> {
        if self.tensor_shape(&format!("{name}.weight")).is_some_and(|shape| shape.len() == 4) {
            return self.convolution(name, super::window::window(1), from);
        }
        let (kernel, out) = self.matrix(name, self.shape(from).channels);
        let bias = self.values(&format!("{name}.bias"), &[out]);
        self.build_convolution(name, kernel, Some(bias), super::window::window(1), from)
    }

    fn matrix(&mut self, name: &str, inputs: usize) -> (Vec<f32>, usize) {
        let out = self.outputs(&[name]).unwrap_or(inputs);
        (self.values(&format!("{name}.weight"), &[out, inputs]), out)
    }

    /// The number of outputs that most tensors of a layer and its norm agree on, so that one of
    /// another shape is known to be the wrong one.
    fn outputs(&self, layers: &[&str]) -> Option<usize> {
        let parts = ["weight", "bias", "running_mean", "running_var"];
        let lengths: Vec<usize> = layers
            .iter()
            .flat_map(|layer| parts.map(|part| format!("{layer}.{part}")))
            .filter_map(|name| self.tensor_shape(&name)?.first().copied())
            .filter(|length| *length > 0)
            .collect();
        let agree = |length: &usize| lengths.iter().filter(|other| *other == length).count();
        lengths.iter().rev().max_by_key(|length| agree(length)).copied()
    }

    fn kernel(&mut self, name: &str, out: usize, window: Window, from: NodeId) -> Vec<f32> {
        let [height, width] = window.kernel;
        if self.pixels == Some(from) && self.taken.is_none() {
            let inputs =
                self.tensor_shape(&format!("{name}.weight")).and_then(|shape| shape.get(1));
            self.taken = inputs.map(|inputs| inputs * window.groups);
        }
        let shape = [out, self.shape(from).channels / window.groups, height, width];
        let mut kernel = self.values(&format!("{name}.weight"), &shape);
        self.standardise(name, out, &mut kernel);
        kernel
    }

    fn read_norm(&mut self, name: &str, channels: usize) -> Result<Norm> {
        let mut part = |part: &str| self.values(&format!("{name}.{part}"), &[channels]);
        let (gamma, beta, mean) = (part("weight"), part("bias"), part("running_mean"));
        let variance = part("running_var");
        if let Some(channel) = variance.iter().position(|v| *v + self.epsilon <= 0.0) {
            let why = format!(
                "`{}` is {} at {channel}",
                self.full(&format!("{name}.running_var")),
                variance[channel]
            );
            return Err(Error::new("the weights hold an impossible variance", why)
                .hint("the training that wrote them diverged, or the file is damaged"));
        }
        let scale: Vec<f32> =
            gamma.iter().zip(&variance).map(|(g, v)| g / (v + self.epsilon).sqrt()).collect();
        let shift = (0..channels).map(|c| beta[c] - mean[c] * scale[c]).collect();
        Ok(Norm { scale, shift })
    }

    pub(super) fn build_convolution(
        &mut self,
        name: &str,
        kernel: Vec<f32>,
        bias: Option<Vec<f32>>,
        window: Window,
        from: NodeId,
    ) -> Result<NodeId> {
        let input = self.shape(from);
        let ([height, width], inputs) = (window.kernel, input.channels / window.groups);
        let out = kernel.len() / (inputs * height * width).max(1);
        let kernel = self.tensor::<4>(kernel, [out, inputs, height, width]);
        let bias = bias.map(|bias| self.tensor::<1>(bias, [out]));
        self.add(name, Convolution::new(kernel, bias, window.convolution(input)), &[from])
    }

    /// Values of a tensor of a shape, or zeros and a note.
    pub(super) fn values(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        let name = self.full(name);
        let found = self.source().get(&name);
        if let Some(tensor) = found.filter(|tensor| tensor.shape == shape) {
            self.used.insert(name);
            return tensor.values.clone();
        }
        match found {
            None => self.fit.missing.push(format!("`{name}` {shape:?}")),
            Some(tensor) => {
                self.used.insert(name.clone());
                let (expected, found) = (shape.to_vec(), tensor.shape.clone());
                self.fit.misshapen.push(Misshapen { name, expected, found });
            }
        }
        vec![0.0; shape.iter().product()]
    }

    fn tensor<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.graph.device())
    }

    /// The graph, and how the tensors fitted but for those that are known to be left behind.
    pub(super) fn finish(mut self) -> (Result<Graph>, Fit) {
        self.outside = false;
        let unexpected = self.unused().map(ToString::to_string).collect();
        self.outside = true;
        let beside = self.unused_modules();
        let mut fit = std::mem::replace(&mut self.fit, Fit::new(""));
        fit.unexpected = unexpected;
        fit.beside = beside;
        fit.matched = self.used.len() - fit.misshapen.len();
        let graph = match self.standardises && self.norms != Norms::Folded {
            true => Err(Error::new("cannot train the network", "its kernels are standardised")),
            false => self.graph.finish(),
        };
        (graph, fit.with_confidence())
    }
}
