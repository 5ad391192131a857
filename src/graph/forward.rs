//! The forward pass.

use super::op::{Saved, Step};
use super::{Graph, Node, NodeId};
use burn::tensor::Tensor;

/// Every node's value in one forward pass, kept for the backward pass.
#[derive(Debug, Clone)]
pub struct Tape {
    pub(super) values: Vec<Tensor<4>>,
    pub(super) saved: Vec<Saved>,
}

impl Tape {
    /// Value of a node, N×C×H×W.
    pub fn value(&self, id: NodeId) -> Tensor<4> {
        self.values[id.0].clone()
    }

    /// What the node at `index` took and gave.
    pub(super) fn step(&self, node: &Node, index: usize) -> Step<'_> {
        Step {
            inputs: node.inputs.iter().map(|id| &self.values[id.0]).collect(),
            output: &self.values[index],
            saved: &self.saved[index],
        }
    }

    /// The logits, N×classes.
    pub fn logits(&self) -> Tensor<2> {
        rows(self.values[self.values.len() - 1].clone())
    }
}

impl Graph {
    /// Runs pictures (N×C×H×W, pixels in [0,1]) and keeps every value.
    pub fn forward(&self, pixels: Tensor<4>) -> Tape {
        let _held = self.submit(&pixels, 1.0);
        let mut values = vec![pixels];
        let mut saved = vec![Saved::Nothing];
        for node in &self.nodes[1..] {
            let inputs: Vec<_> = node.inputs.iter().map(|id| values[id.0].clone()).collect();
            let (value, kept) = node.op.forward(&inputs);
            values.push(value);
            saved.push(kept);
        }
        Tape { values, saved }
    }

    /// Runs pictures (N×C×H×W, pixels in [0,1]) to logits (N×classes), forgetting each value
    /// after its last use.
    pub fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.run_on(Self::INPUT, pixels, |_| unreachable!("every node comes after the pixels"))
    }

    /// Logits (N×classes) of one picture with a node's value replaced by each of N others,
    /// N×C×H×W: only what comes after the node is computed, the rest is taken from the picture's
    /// tape.
    pub fn logits_from(&self, tape: &Tape, id: NodeId, value: Tensor<4>) -> Tensor<2> {
        let samples = value.dims()[0];
        self.run_on(id, value, |other| {
            let value = tape.value(other);
            let [_, channels, height, width] = value.dims();
            value.expand([samples, channels, height, width])
        })
    }

    /// Runs from a node's value to the logits; `beside` supplies the values that do not come after
    /// the node.
    fn run_on(
        &self,
        from: NodeId,
        value: Tensor<4>,
        beside: impl Fn(NodeId) -> Tensor<4>,
    ) -> Tensor<2> {
        let _held = self.submit(&value, 1.0);
        let after = self.leads_to(&[from]);
        let mut uses = vec![0usize; self.nodes.len()];
        for id in self.nodes.iter().flat_map(|node| &node.inputs) {
            uses[id.0] += 1;
        }
        let mut values: Vec<Option<Tensor<4>>> = vec![None; self.nodes.len()];
        values[from.0] = Some(value);
        for (index, node) in self.nodes.iter().enumerate().skip(from.0 + 1) {
            if !after[index] {
                continue;
            }
            let mut take = |id: &NodeId| {
                if !after[id.0] {
                    return beside(*id);
                }
                uses[id.0] -= 1;
                let value = &mut values[id.0];
                let value = if uses[id.0] == 0 { value.take() } else { value.clone() };
                value.expect("a node comes after its inputs")
            };
            let inputs: Vec<_> = node.inputs.iter().map(&mut take).collect();
            values[index] = Some(node.op.apply(inputs));
        }
        let last = values.pop().flatten();
        rows(last.unwrap_or_else(|| beside(self.output())))
    }

    /// One node's value for pictures (N×C×H×W, pixels in [0,1]); nothing after it is computed.
    pub fn value(&self, id: NodeId, pixels: Tensor<4>) -> Tensor<4> {
        let _held = self.submit(&pixels, 1.0);
        let mut values = vec![pixels];
        for node in &self.nodes[1..=id.0] {
            let inputs = node.inputs.iter().map(|id| values[id.0].clone()).collect();
            values.push(node.op.apply(inputs));
        }
        values.pop().expect("the node was evaluated")
    }
}

fn rows(value: Tensor<4>) -> Tensor<2> {
    let [samples, classes, ..] = value.dims();
    value.reshape([samples, classes])
}
