//! Putting a graph together, node by node, with every shape checked on the way.

use super::{Graph, Node, NodeId, Op, Shape};
use crate::error::{Error, Result};
use burn::tensor::Device;

/// Adds nodes in order of evaluation. The last one added gives the logits.
pub struct GraphBuilder {
    nodes: Vec<Node>,
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
        if shape.is_empty() {
            return Err(failed(format!("its value would be {shape}")));
        }
        self.nodes.push(Node { name, op, inputs: inputs.to_vec(), shape });
        Ok(NodeId(self.nodes.len() - 1))
    }

    /// The finished graph.
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
        Ok(Graph { nodes: self.nodes, device: self.device })
    }
}
