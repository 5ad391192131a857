//! Double backward: how an explanation by gradients changes with the weights.
//!
//! The backward pass is a program like the forward pass: at every node it computes a gradient g from
//! the gradient at the node's output and, at nonlinear nodes, from the node's input a. So it has a
//! backward pass of its own. The adjoints of g run from the pixels to the logits, through every
//! node's linear part; the adjoints of a that they leave at nonlinear nodes then run back as in
//! training. A weight takes part in both. For gradients this is forward-over-reverse
//! differentiation; it also holds for guided backpropagation, which is not a gradient.

use super::op::{DoubleBackward, Pointwise};
use super::{Graph, NodeId, Op, ReluRule, Tape};
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// A backward pass from the logits to the pixels, with the gradients at all nodes.
pub struct InputGradientTrace<'a> {
    tape: &'a Tape,
    rule: ReluRule,
    gradients: Vec<Tensor<4>>,
}

impl InputGradientTrace<'_> {
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

    /// Name of the first node whose backward pass can't be differentiated again.
    pub fn first_without_double_backward(&self) -> Option<&str> {
        self.nodes.iter().find(|node| !node.op.has_double_backward()).map(|node| node.name.as_str())
    }

    /// The backward pass from the logit of one class per sample, by the derivative or guided.
    ///
    /// # Panics
    /// When there is not one class per sample, or a class is out of range.
    pub fn input_gradient_trace<'a>(
        &self,
        tape: &'a Tape,
        classes: &[usize],
        rule: ReluRule,
    ) -> InputGradientTrace<'a> {
        let all: Vec<NodeId> = self.ids().collect();
        let gradients = self.gradients(tape, classes, &all, &rule.into());
        InputGradientTrace { tape, rule, gradients }
    }

    /// Gradients at the trained values, by name and flattened, of a function of the gradient at the
    /// pixels; `adjoint` is the function's gradient there.
    ///
    /// # Panics
    /// When [`Graph::first_without_double_backward`] finds a node.
    pub fn double_backward(
        &self,
        trace: &InputGradientTrace,
        adjoint: Tensor<4>,
    ) -> Vec<(String, Tensor<1>)> {
        let _held = self.submit(&adjoint, 4.0);
        let InputGradientTrace { tape, rule, gradients } = trace;
        let mut found = BTreeMap::new();
        let mut adjoints = vec![adjoint];
        let mut at_values: Vec<Option<Tensor<4>>> = vec![None; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let inputs: Vec<_> = node.inputs.iter().map(|id| adjoints[id.0].clone()).collect();
            let gradient = &gradients[index];
            for (part, values) in node.op.double_backward_weights(&inputs[0], gradient) {
                add(&mut found, format!("{}.{part}", node.name), values);
            }
            let step = tape.step(node, index);
            let DoubleBackward { adjoint, at_input } =
                node.op.double_backward(&step, gradient, inputs, *rule);
            if let Some(part) = at_input {
                let sum = &mut at_values[node.inputs[0].0];
                *sum = Some(sum.take().map_or(part.clone(), |sum| sum + part));
            }
            adjoints.push(adjoint);
        }
        for (name, values) in self.weight_gradients_of(tape, at_values) {
            add(&mut found, name, values);
        }
        found.into_iter().collect()
    }
}

fn add(found: &mut BTreeMap<String, Tensor<1>>, name: String, values: Tensor<1>) {
    let sum = found.remove(&name).map_or(values.clone(), |sum| sum + values);
    found.insert(name, sum);
}
