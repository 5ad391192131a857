//! Gradients at the weights: the backward pass of training.

use super::op::Saved;
use super::{Graph, Node, NodeId, Op, Tape};
use burn::tensor::Tensor;

impl Graph {
    /// Pulls `cotangent`, a gradient at the logits (N×classes×1×1), back to all trained values:
    /// their names as in PyTorch's state dicts, and their gradients, flattened. Of an operation
    /// that is used twice, each use is a node with its own name.
    pub fn weight_gradients(&self, tape: &Tape, cotangent: Tensor<4>) -> Vec<(String, Tensor<1>)> {
        let mut gradients = vec![None; self.nodes.len()];
        gradients[self.output().0] = Some(cotangent);
        self.weight_gradients_of(tape, gradients)
    }

    /// The same from gradients at any nodes.
    pub(super) fn weight_gradients_of(
        &self,
        tape: &Tape,
        mut gradients: Vec<Option<Tensor<4>>>,
    ) -> Vec<(String, Tensor<1>)> {
        let _held = self.submit(&tape.value(Self::INPUT), 2.0);
        let trained: Vec<_> = self.ids().filter(|id| self.node(*id).op.parameters() > 0).collect();
        let needed = self.leads_to(&trained);
        let mut found = vec![];
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            let through = node.inputs.iter().any(|id| needed[id.0]);
            let Some(gradient) = gradients[index].take().filter(|_| needed[index]) else {
                continue;
            };
            let (parts, at_weights) =
                node.op.backward_training(&tape.step(node, index), gradient, through);
            let named = |(part, values)| (format!("{}.{part}", node.name), values);
            found.extend(at_weights.into_iter().map(named));
            for (NodeId(input), part) in
                node.inputs.iter().zip(parts).filter(|(id, _)| needed[id.0])
            {
                let sum = gradients[*input].take();
                gradients[*input] = Some(sum.map_or(part.clone(), |sum| sum + part));
            }
        }
        found
    }

    /// Batch norms by name, with the mean and variance of each channel in the batch of a tape.
    pub fn batch_statistics<'a>(
        &'a self,
        tape: &'a Tape,
    ) -> impl Iterator<Item = (&'a str, &'a [Tensor<1>; 2])> {
        self.nodes.iter().zip(&tape.saved).filter_map(|(Node { name, op, .. }, saved)| {
            match (op, saved) {
                (Op::BatchNorm(_), Saved::Statistics(both)) => Some((name.as_str(), both)),
                _ => None,
            }
        })
    }
}
