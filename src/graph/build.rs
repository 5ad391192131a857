//! Putting a graph together, node by node, with every shape checked on the way.

use super::op::{Affine, Concatenate};
use super::places::places;
use super::{Graph, Node, NodeId, Op, Shape};
use crate::error::{Error, Result};
use burn::tensor::Device;
use std::collections::BTreeSet;

/// Adds nodes in order of evaluation. The last one added gives the logits.
pub struct GraphBuilder {
    pub(super) nodes: Vec<Node>,
    device: Device,
}

impl GraphBuilder {
    /// A graph whose input is one picture of `shape`.
    pub fn new(shape: Shape, device: &Device) -> Self {
        let input = Node { name: "input".into(), op: Op::Input, inputs: vec![], shape };
        Self { nodes: vec![input], device: device.clone() }
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn shape(&self, id: NodeId) -> Shape {
        self.nodes[id.0].shape
    }

    /// Adds a node.
    ///
    /// # Errors
    /// When the name is taken or the operation can't take values of its inputs' shapes.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        op: impl Into<Op>,
        inputs: &[NodeId],
    ) -> Result<NodeId> {
        let (name, op) = (name.into(), op.into());
        let failed = |why: String| Error::new(format!("cannot add node `{name}`"), why);
        if self.nodes.iter().any(|node| node.name == name) {
            return Err(failed("the name is taken".into()));
        }
        let shapes: Vec<Shape> = inputs.iter().map(|id| self.shape(*id)).collect();
        let shape = op.output_shape(&shapes).map_err(failed)?;
        if !shape.is_reasonable() {
            return Err(failed(format!("its value would be {shape}")));
        }
        self.nodes.push(Node { name, op, inputs: inputs.to_vec(), shape });
        Ok(NodeId(self.nodes.len() - 1))
    }

    /// A name that no node has yet.
    pub(super) fn unused(&self, wanted: &str) -> String {
        let is_taken = |name: &String| self.nodes.iter().any(|node| node.name == *name);
        let others = (2..).map(|count| format!("{wanted}_{count}"));
        let mut names = std::iter::once(wanted.to_string()).chain(others);
        names.find(|name| !is_taken(name)).expect("names do not end")
    }

    /// Replaces a node's operation by another of the same shape.
    ///
    /// # Errors
    /// When the operation does not fit the node's inputs, or gives another shape.
    pub fn replace(&mut self, id: NodeId, op: impl Into<Op>) -> Result<()> {
        let (op, node) = (op.into(), &self.nodes[id.0]);
        let shapes: Vec<Shape> = node.inputs.iter().map(|input| self.shape(*input)).collect();
        let failed = |why: String| Error::new(format!("cannot change node `{}`", node.name), why);
        let shape = op.output_shape(&shapes).map_err(failed)?;
        if shape != node.shape {
            return Err(failed(format!("its value would be {shape} instead of {}", node.shape)));
        }
        self.nodes[id.0].op = op;
        Ok(())
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Identifiers of all nodes so far, in order of evaluation.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The input, and the nodes that a node's value depends on, itself among them.
    pub fn needed(&self, output: NodeId) -> BTreeSet<NodeId> {
        let mut needed = BTreeSet::from([Graph::INPUT, output]);
        for id in self.ids().rev() {
            if needed.contains(&id) {
                needed.extend(&self.node(id).inputs);
            }
        }
        needed
    }

    /// Whether a node is computed from another.
    pub fn needs(&self, id: NodeId, other: NodeId) -> bool {
        other <= id && self.needed(id).contains(&other)
    }

    /// Makes every consumer of `from` take the value of `to`, which has its shape and comes before
    /// it.
    pub fn redirect(&mut self, from: NodeId, to: NodeId) {
        debug_assert!(to < from && self.shape(to) == self.shape(from), "of one shape, in order");
        let inputs = self.nodes.iter_mut().flat_map(|node| &mut node.inputs);
        inputs.filter(|input| **input == from).for_each(|input| *input = to);
    }

    /// The graph that ends in a node, without what that node does not need.
    ///
    /// # Errors
    /// As for [`GraphBuilder::finish`].
    pub fn finish_at(mut self, output: NodeId) -> Result<Graph> {
        let needed = self.needed(output);
        let mut place = vec![NodeId(0); self.nodes.len()];
        let mut nodes: Vec<Node> = Vec::with_capacity(self.nodes.len());
        for (index, mut node) in self.nodes.into_iter().enumerate() {
            if needed.contains(&NodeId(index)) {
                node.inputs.iter_mut().for_each(|input| *input = place[input.0]);
                place[index] = NodeId(nodes.len());
                nodes.push(node);
            }
        }
        self.nodes = nodes;
        self.finish()
    }

    /// The finished graph, which ends in the last node.
    ///
    /// # Errors
    /// When the last node is not a row of class scores (C×1×1).
    pub fn finish(self) -> Result<Graph> {
        let last = &self.nodes[self.nodes.len() - 1];
        if last.shape.is_spatial() || self.nodes.len() == 1 {
            return Err(Error::new(
                "cannot use the network as a classifier",
                format!(
                    "its last node `{}` gives {}, not one score a class",
                    last.name, last.shape
                ),
            ));
        }
        let places = places(&self.nodes);
        Ok(Graph { nodes: self.nodes, places, device: self.device })
    }
}

impl Graph {
    /// A network of one logit z with the logits of both classes: −z and z.
    ///
    /// # Errors
    /// When it has more outputs than one.
    pub fn with_both_classes(self) -> Result<Self> {
        if self.classes() != 1 {
            let why = format!("it has {} outputs", self.classes());
            return Err(Error::new("the network is not one of a single logit", why));
        }
        let logit = self.output();
        let mut builder = GraphBuilder { nodes: self.nodes, device: self.device };
        let turned = Affine::new(Some(vec![-1.0]), None, Shape::new(1, 1, 1), builder.device());
        let negative = builder.add(builder.unused("negative"), turned, &[logit])?;
        builder.add(builder.unused("both_classes"), Concatenate { axis: 0 }, &[negative, logit])?;
        builder.finish()
    }
}
