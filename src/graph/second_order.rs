//! How an explanation by gradients changes with the weights.
//!
//! The reverse pass is a program like the forward pass: at every node it has a gradient g, made
//! from the gradient behind it and, where a node bends, from the node's input a. So it has a
//! reverse pass of its own. The adjoints of g run from the pixels to the logits, through every
//! node's linear part; what they leave at bent nodes, the adjoints of a, then run back as in any
//! training. A weight takes part in both. For gradients that is forward-over-reverse
//! differentiation; it holds as well for guided backpropagation, which is no gradient.

use super::op::Curved;
use super::{Graph, NodeId, Op, Rules, Tape};
use crate::graph::op::Pointwise;
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// A reverse pass whose gradients at all nodes are kept.
pub struct Explanation<'a> {
    tape: &'a Tape,
    rules: Rules<'a>,
    gradients: Vec<Tensor<4>>,
}

impl Explanation<'_> {
    /// The gradient at the pixels, N×C×H×W.
    pub fn at_pixels(&self) -> Tensor<4> {
        self.gradients[0].clone()
    }
}

impl Graph {
    /// The same network with ReLUs made smooth: ln(1 + e^(βx)) / β.
    pub fn smoothed(&self, beta: f32) -> Self {
        let mut graph = self.clone();
        for node in &mut graph.nodes {
            if matches!(node.op, Op::Pointwise(Pointwise::Relu)) {
                node.op = Pointwise::SmoothRelu { beta }.into();
            }
        }
        graph
    }

    /// Name of the first node whose reverse pass can't be differentiated again here.
    pub fn bends_unknown(&self) -> Option<&str> {
        self.nodes.iter().find(|node| !node.op.is_curved_known()).map(|node| node.name.as_str())
    }

    /// The reverse pass from the logit of one class per sample, by the derivative or guided.
    ///
    /// # Panics
    /// When there is not one class per sample, or a class is out of range.
    pub fn explain<'a>(
        &self,
        tape: &'a Tape,
        classes: &[usize],
        rules: Rules<'a>,
    ) -> Explanation<'a> {
        let all: Vec<NodeId> = self.ids().collect();
        let gradients = self.gradients(tape, classes, &all, &rules);
        Explanation { tape, rules, gradients }
    }

    /// Gradients at the trained values, by name and flattened, of a function of an explanation at
    /// the pixels, whose gradient there is `adjoint`.
    ///
    /// # Panics
    /// When the network has a node that [`Graph::bends_unknown`].
    pub fn explanation_gradients(
        &self,
        explanation: &Explanation,
        adjoint: Tensor<4>,
    ) -> Vec<(String, Tensor<1>)> {
        let _held = self.submit(&adjoint, 4.0);
        let Explanation { tape, rules, gradients } = explanation;
        let mut found = BTreeMap::new();
        let mut adjoints = vec![adjoint];
        let mut bent: Vec<Option<Tensor<4>>> = vec![None; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let inputs: Vec<_> = node.inputs.iter().map(|id| adjoints[id.0].clone()).collect();
            let gradient = &gradients[index];
            for (part, values) in node.op.weights_of_reverse(&inputs[0], gradient) {
                add(&mut found, format!("{}.{part}", node.name), values);
            }
            let step = tape.step(node, index);
            let Curved { adjoint, at_input } =
                node.op.reverse_of_reverse(&step, gradient, inputs, rules);
            if let Some(part) = at_input {
                let place = &mut bent[node.inputs[0].0];
                *place = Some(place.take().map_or(part.clone(), |sum| sum + part));
            }
            adjoints.push(adjoint);
        }
        for (name, values) in self.weight_gradients_of(tape, bent) {
            add(&mut found, name, values);
        }
        found.into_iter().collect()
    }
}

fn add(found: &mut BTreeMap<String, Tensor<1>>, name: String, values: Tensor<1>) {
    let sum = found.remove(&name).map_or(values.clone(), |sum| sum + values);
    found.insert(name, sum);
}
