//! The classifier at the end of a network, as the file has it.
//!
//! Networks that were trained further have other classifiers than their family's: a linear layer
//! instead of several, several instead of one, norms between them, another pool before. Layers and
//! their order are read from names and shapes. What has no weights (activations, dropout) leaves
//! gaps in the numbering: the first gap between two layers is taken to be an activation.

use super::graph_assembler::GraphAssembler;
use super::tensors::{place, position};
use super::window::{Window, window};
use crate::error::{Error, Result};
use crate::graph::op::Pointwise;
use crate::graph::{NodeId, Op};

/// The classifier's names in a family's networks, and its form in published ones.
#[derive(Clone, Copy)]
pub struct Head {
    /// Spellings of the module's name, the preferred first.
    names: &'static [&'static str],
    published: Option<Published>,
    /// Side of the value that the pool before it leaves.
    side: usize,
    /// What layer norms add to variances.
    epsilon: f32,
}

/// The several layers of a published classifier.
#[derive(Clone, Copy)]
struct Published {
    layers: &'static [&'static str],
    /// Outputs of the first.
    width: usize,
    activation: Pointwise,
}

impl Head {
    /// A linear layer, after an average over all positions.
    pub const fn new(names: &'static [&'static str]) -> Self {
        Self { names, published: None, side: 1, epsilon: 1e-5 }
    }

    /// In published networks it has these layers, the first with this many outputs, with this
    /// activation between them.
    pub const fn of_layers(
        self,
        layers: &'static [&'static str],
        width: usize,
        activation: Pointwise,
    ) -> Self {
        Self { published: Some(Published { layers, width, activation }), ..self }
    }

    /// An adaptive pool leaves a square of this side.
    pub const fn pooled_to(self, side: usize) -> Self {
        Self { side, ..self }
    }

    /// Layer norms in it add this to variances.
    pub const fn epsilon(self, epsilon: f32) -> Self {
        Self { epsilon, ..self }
    }
}

/// One layer of a classifier, under its name in the file.
struct Layer {
    name: String,
    kind: Kind,
    inputs: usize,
    outputs: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Linear,
    /// Of side 1.
    Convolution,
    BatchNorm,
    LayerNorm,
}

impl Layer {
    fn is_norm(&self) -> bool {
        matches!(self.kind, Kind::BatchNorm | Kind::LayerNorm)
    }

    /// The layer of a name, if its tensors are those of one.
    fn read(net: &GraphAssembler, name: String) -> Option<Self> {
        let has = |part: &str| net.has(&format!("{name}.{part}"));
        let (kind, inputs, outputs) = match *net.tensor_shape(&format!("{name}.weight"))? {
            [outputs, inputs] => (Kind::Linear, inputs, outputs),
            [outputs, inputs, 1, 1] => (Kind::Convolution, inputs, outputs),
            [width] if has("running_mean") => (Kind::BatchNorm, width, width),
            [width] if has("bias") => (Kind::LayerNorm, width, width),
            _ => return None,
        };
        Some(Self { name, kind, inputs, outputs })
    }

    /// Whether something without weights lies between this layer and the next: one or more numbers
    /// are left out. Norms that are not numbered follow their layer.
    fn leaves_gap(&self, next: &Layer) -> bool {
        match (place(&self.name), place(&next.name)) {
            (Some((a, from)), Some((b, to))) if a == b => to > from + 1,
            _ => !next.is_norm(),
        }
    }

    /// Name of the activation after it.
    fn activation(&self) -> String {
        match place(&self.name) {
            Some(("", index)) => (index + 1).to_string(),
            Some((container, index)) => format!("{container}.{}", index + 1),
            None => format!("{}.activation", self.name),
        }
    }
}

/// The layers of a module, in the order they run in.
///
/// # Errors
/// When a tensor of the module is of none.
fn layers(net: &GraphAssembler, module: &str, features: usize) -> Result<Vec<Layer>> {
    let mut layers = vec![];
    for name in net.layers_of(module) {
        let unknown = || {
            let shape = net.tensor_shape(&format!("{name}.weight")).unwrap_or(&[]);
            let why =
                format!("`{name}.weight` {shape:?} is of no linear layer, convolution or norm");
            Error::new(format!("cannot build the classifier `{module}`"), why)
        };
        layers.push(Layer::read(net, name.clone()).ok_or_else(unknown)?);
    }
    layers.sort_by_key(|layer| position(&layer.name));
    let numbered = |layer: &Layer| place(&layer.name).is_some();
    if layers.len() > 1 && !layers.iter().all(numbered) {
        connect(&mut layers, features);
    }
    Ok(layers)
}

/// Orders layers that are not numbered by their inputs and outputs; a norm of the features comes
/// first.
fn connect(layers: &mut Vec<Layer>, features: usize) {
    let mut left = std::mem::take(layers);
    let mut width = features;
    while !left.is_empty() {
        let takes = |layer: &Layer| layer.inputs == width;
        let after_norm = layers.last().is_none_or(Layer::is_norm);
        let norm = left.iter().position(|layer| takes(layer) && layer.is_norm());
        let norm = norm.filter(|_| !after_norm || layers.is_empty());
        let next = norm.or_else(|| left.iter().position(takes)).unwrap_or(0);
        let next = left.remove(next);
        width = next.outputs;
        layers.push(next);
    }
}

impl GraphAssembler<'_> {
    /// Averages over all positions, unless the file's classifier takes something else, and builds
    /// that classifier.
    ///
    /// # Errors
    /// When the file has no classifier, or one of layers that are not known.
    pub fn pooled_head(&mut self, pool: &str, head: Head, from: NodeId) -> Result<NodeId> {
        let features = self.shape(from).channels;
        let module = self.head_module(head, features)?;
        let layers = layers(self, &module, features)?;
        let x = self.pool_for(pool, head, layers.first(), from)?;
        self.classifier(head, &module, &layers, x)
    }

    /// The file's classifier, on a value that is pooled already.
    ///
    /// # Errors
    /// As for [`Self::pooled_head`].
    pub fn head(&mut self, head: Head, from: NodeId) -> Result<NodeId> {
        let features = self.shape(from).len();
        let module = self.head_module(head, features)?;
        let layers = layers(self, &module, features)?;
        self.classifier(head, &module, &layers, from)
    }

    /// Name of the module that is the classifier: the family's, or else the only one of the
    /// modules that are left over which takes the features; in the network, or else beside it.
    fn head_module(&mut self, head: Head, features: usize) -> Result<String> {
        for outside in [false, true] {
            self.outside = outside;
            if let Some(name) = self.head_here(head, features)? {
                return Ok(name);
            }
        }
        self.outside = false;
        Err(Error::new(
            format!("the network has no classifier `{}`", head.names[0]),
            "the file ends with the features, as self-supervised training and feature extractors \
             leave them",
        )
        .hint("open the file of the whole classifier"))
    }

    fn head_here(&self, head: Head, features: usize) -> Result<Option<String>> {
        let is_there = |module: &&&str| self.has_module(module);
        if let Some(name) = head.names.iter().find(is_there) {
            return Ok(Some((*name).to_string()));
        }
        let takes = |module: &String| {
            let Ok(layers) = layers(self, module, features) else { return false };
            layers.first().is_some_and(|first| first.inputs.is_multiple_of(features.max(1)))
                && layers.iter().any(|layer| !layer.is_norm())
        };
        let mut others = self.unused_modules();
        others.retain(takes);
        match others.as_slice() {
            [] => Ok(None),
            [other] => Ok(Some(other.clone())),
            several => Err(Error::new(
                format!("the network has several classifiers and no `{}`", head.names[0]),
                format!("`{}` all take its features", several.join("`, `")),
            )
            .hint("save the network with one of them")),
        }
    }

    /// A layer on the classifier's outputs makes other outputs of them, and it is unknown what
    /// lies between.
    fn refuse_follower(&mut self, outputs: usize) -> Result<()> {
        self.outside = true;
        let takes = |module: &String| {
            let layers = layers(self, module, outputs).unwrap_or_default();
            layers.first().is_some_and(|first| !first.is_norm() && first.inputs == outputs)
        };
        let follower = self.unused_modules().into_iter().find(takes);
        self.outside = false;
        match follower {
            None => Ok(()),
            Some(module) => Err(Error::new(
                "the network does not end with its classifier",
                format!("`{module}` beside it takes its {outputs} outputs"),
            )
            .hint("weights_prefix in a model card opens the network without it")),
        }
    }

    /// What the first layer of a classifier is given.
    fn pool_for(
        &mut self,
        name: &str,
        head: Head,
        first: Option<&Layer>,
        from: NodeId,
    ) -> Result<NodeId> {
        let shape = self.shape(from);
        let (channels, positions) = (shape.channels, shape.height * shape.width);
        let usual = channels * head.side * head.side;
        match first.map_or(usual, |layer| layer.inputs) {
            inputs if inputs == usual && head.side > 1 => {
                let x = self.adaptive_average_pool(name, head.side, from)?;
                self.add("flatten", Op::Flatten, &[x])
            }
            inputs if inputs == channels => {
                if head.side > 1 && positions > 1 {
                    self.guess(format!("`{name}` is taken to average over all positions"));
                }
                self.global_average_pool(name, from)
            }
            inputs if inputs == channels * positions => self.add("flatten", Op::Flatten, &[from]),
            inputs if inputs == 2 * channels && first.is_some_and(Layer::is_norm) => {
                self.guess(
                    "the classifier takes twice the features: their maximum over all positions, \
                     then their average, as fastai's networks do",
                );
                let whole = Window::rectangle([shape.height, shape.width]).padding(0);
                let maximum = self.max_pool(&format!("{name}.maximum"), whole, from)?;
                let average = self.global_average_pool(&format!("{name}.average"), from)?;
                self.concatenate(name, &[maximum, average])
            }
            _ => self.global_average_pool(name, from),
        }
    }

    fn classifier(
        &mut self,
        head: Head,
        module: &str,
        layers: &[Layer],
        from: NodeId,
    ) -> Result<NodeId> {
        if layers.is_empty() {
            let x = self.linear(module, from);
            self.outside = false;
            return x;
        }
        let outer = std::mem::replace(&mut self.epsilon, 1e-5);
        let published = head.published.filter(|published| published.begins(module, layers));
        let is_whole = published.is_some_and(|published| layers.len() == published.layers.len());
        let (mut x, mut is_open) = (from, false);
        let mut text: Vec<String> = vec![];
        let mut activations = 0;
        for (index, layer) in layers.iter().enumerate() {
            if index > 0 && is_open && layers[index - 1].leaves_gap(layer) {
                let known = published.filter(|published| index < published.layers.len());
                let activation = known.map_or(Pointwise::Relu, |published| published.activation);
                x = self.add(&layers[index - 1].activation(), activation, &[x])?;
                text.push(format!("{activation:?}"));
                (is_open, activations) = (false, activations + 1);
            }
            x = self.head_layer(head, layer, x)?;
            text.push(format!("`{}`", layer.name));
            is_open = is_open || !layer.is_norm();
        }
        self.epsilon = outer;
        let is_beside = std::mem::replace(&mut self.outside, false);
        if !is_beside && !self.tensors.placed {
            self.refuse_follower(self.shape(x).len())?;
        }
        if !is_whole && activations > 0 {
            self.guess(format!(
                "the classifier is taken to be {}: the file doesn't hold activations, and ReLU is \
                 the usual one",
                text.join(", ")
            ));
        }
        Ok(x)
    }

    fn head_layer(&mut self, head: Head, layer: &Layer, from: NodeId) -> Result<NodeId> {
        match layer.kind {
            Kind::Linear => self.bare_linear(&layer.name, from),
            Kind::Convolution => self.bare_convolution(&layer.name, window(1), from),
            Kind::BatchNorm => self.norm(&layer.name, from),
            Kind::LayerNorm => self.layer_norm(&layer.name, head.epsilon, from),
        }
    }
}

impl Published {
    /// Whether the layers of a module are the published ones, but for the last, which may be
    /// several.
    fn begins(&self, module: &str, layers: &[Layer]) -> bool {
        let last = self.layers.len() - 1;
        let name = |index: usize| format!("{module}.{}", self.layers[index]);
        let same = |index: usize| layers[index].name == name(index);
        let in_last = |layer: &Layer| layer.name.starts_with(&name(last));
        layers.len() > last
            && (0..last).all(same)
            && layers[last..].iter().all(in_last)
            && layers[0].outputs.abs_diff(self.width) < 8
    }
}
