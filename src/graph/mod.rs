//! The network as a typed graph: nodes, shapes, forward and backward passes.
//!
//! Values are N×C×H×W `f32` tensors; a linear layer's output is N×C×1×1. Every operation is a
//! node of its own with a stable name, so that any node can be a CAM layer, no activation is
//! shared or in place, and weights can be randomised layer by layer. The mathematics of
//! attribution (values, gradients and their modified rules) lives here and nowhere else.

mod backward;
mod bounds;
mod build;
mod double_backward;
mod ending;
mod forward;
mod full_gradient;
pub mod liveness;
pub mod op;
mod places;
mod pooled_linear_head;
mod readback;
mod relevance;
mod shape;
mod support;
mod training;

pub use backward::Rules;
pub use bounds::Bounds;
pub use build::GraphBuilder;
pub use double_backward::InputGradientTrace;
pub use ending::Ending;
pub use forward::Tape;
pub use full_gradient::FullGradient;
pub use op::{Op, ReluRule};
pub use readback::{read_back, settle};
pub use relevance::{Composite, RelevanceRule};
pub use shape::Shape;
pub use support::{RuleSet, Support, Unsupported};

use burn::tensor::{Device, Tensor};

/// Position of a node in its [`Graph`]; inputs always come before the nodes that use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(usize);

/// One operation of the network.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub op: Op,
    pub inputs: Vec<NodeId>,
    pub shape: Shape,
}

/// A classifier from [0,1] pixels to logits; its normalisation is one of its nodes.
#[derive(Debug, Clone)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Of every node, see [`Graph::is_spatial`].
    places: Vec<bool>,
    device: Device,
}

impl Graph {
    /// The node that takes the pixels.
    pub const INPUT: NodeId = NodeId(0);

    /// The device that holds the weights and runs the passes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// All nodes, each after its inputs.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Identifiers of all nodes, in order of evaluation.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The node of the logits.
    pub fn output(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// Shape of the pixels of one picture.
    pub fn input_shape(&self) -> Shape {
        self.node(Self::INPUT).shape
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.node(self.output()).shape.channels
    }

    /// Number of trained values.
    pub fn parameters(&self) -> usize {
        self.nodes.iter().map(|node| node.op.parameters()).sum()
    }

    /// The same network with some nodes' operations replaced, of the same shapes.
    pub fn with_operations(&self, other: impl Fn(&Node) -> Option<Op>) -> Self {
        let changed = |node: &Node| Node {
            op: other(node).unwrap_or_else(|| node.op.clone()),
            ..node.clone()
        };
        let nodes = self.nodes.iter().map(changed).collect();
        Self { nodes, places: self.places.clone(), device: self.device.clone() }
    }

    /// Values that a tape keeps for one sample; its bytes are four times as many.
    pub fn values_per_sample(&self) -> usize {
        self.nodes.iter().map(|node| node.shape.len()).sum()
    }

    /// Multiply-adds of one sample's forward pass, about.
    pub fn multiply_adds(&self) -> f64 {
        let of_node = |node: &Node| {
            let places = node.shape.height * node.shape.width;
            node.op.parameters() as f64 * places as f64 + node.shape.len() as f64
        };
        self.nodes.iter().map(of_node).sum()
    }

    /// Records that the work of `passes` forward passes on a batch is submitted to the device.
    fn submit(&self, batch: &Tensor<4>, passes: f64) -> Option<liveness::Submission> {
        let samples = batch.dims()[0];
        let multiply_adds = || passes * samples as f64 * self.multiply_adds();
        liveness::submit(&self.device, samples, multiply_adds)
    }

    /// The node called `name`, or the last node of the module `name` (`layer3` finds the last
    /// `layer3.…`), as in the names of PyTorch modules.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let exact = self.ids().find(|&id| self.node(id).name == name);
        let inside = |node: &Node| {
            node.name.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        exact.or_else(|| self.ids().rev().find(|&id| inside(self.node(id))))
    }

    /// Whether a node's value has rows and columns that are the picture's, after a layer with
    /// weights, so that a class activation map of it makes sense. The tokens of transformers have
    /// none.
    pub fn is_spatial(&self, id: NodeId) -> bool {
        self.places[id.0]
    }

    /// Whether there is attention (a softmax of products of activations) between a node and the
    /// logits.
    pub fn attends_after(&self, id: NodeId) -> bool {
        let after = self.leads_to(&[id]);
        let is = |id: NodeId, kind: fn(&Op) -> bool| after[id.0] && kind(&self.node(id).op);
        let attends = |id: NodeId| is(id, |op| matches!(op, Op::Softmax(_)));
        self.ids().any(attends) && self.ids().any(|id| is(id, |op| matches!(op, Op::MatrixProduct)))
    }

    /// The usual layer of class activation maps: the last spatial activation, concatenated with its
    /// parallel branches where it is one of several; or else the last spatial node of any kind.
    pub fn default_cam_layer(&self) -> Option<NodeId> {
        let spatial = |id: &NodeId| self.is_spatial(*id);
        let activation =
            self.ids().rev().find(|id| spatial(id) && self.node(*id).op.is_activation());
        let mut layer = activation.or_else(|| self.ids().rev().find(spatial))?;
        let joins = |id: &NodeId, layer| {
            let node = self.node(*id);
            matches!(node.op, Op::Concatenate(_)) && node.inputs.contains(&layer) && spatial(id)
        };
        while let Some(joined) = self.ids().find(|id| joins(id, layer)) {
            layer = joined;
        }
        Some(layer)
    }
}
