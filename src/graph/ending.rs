//! How a network's last nodes turn logits into probabilities, and removing them: attributions are
//! of the logits before.

use super::op::{Arithmetic, Op, Pointwise, Rearrange};
use super::{GraphBuilder, NodeId, Shape};
use crate::error::Result;

/// What a network does to its logits last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Softmax,
    LogSoftmax,
    /// A sigmoid of every logit.
    Sigmoid,
    /// \[1 − σ(z), σ(z)] of one logit z.
    Complement,
}

/// Depth of nested functions that are followed.
const DEPTH: usize = 4;

impl Ending {
    /// The function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log-softmax",
            Self::Sigmoid => "sigmoid",
            Self::Complement => "sigmoid and its complement",
        }
    }
}

impl GraphBuilder {
    /// The node of the logits behind a row of probabilities and how they became these, whether by
    /// one node or written out: eˣ / Σ eˣ, x − ln Σ eˣ, both also less a maximum, 1 / (1 + e⁻ˣ).
    /// `None` where the row does not end so.
    pub fn ending(&self, output: NodeId) -> Option<(NodeId, Ending)> {
        self.ending_within(output, DEPTH)
    }

    fn ending_within(&self, output: NodeId, depth: usize) -> Option<(NodeId, Ending)> {
        let depth = depth.checked_sub(1)?;
        let id = self.unmoved(output);
        let node = self.node(id);
        let input = |index: usize| self.unmoved(node.inputs[index]);
        match &node.op {
            Op::Softmax(axes) if node.shape.len() > 1 && axes.reduced(node.shape).len() == 1 => {
                Some((input(0), Ending::Softmax))
            }
            Op::Pointwise(Pointwise::Sigmoid) => Some((input(0), Ending::Sigmoid)),
            Op::Pointwise(Pointwise::Log) => match self.ending_within(input(0), depth)? {
                (logits, Ending::Softmax) => Some((logits, Ending::LogSoftmax)),
                _ => None,
            },
            Op::Pointwise(Pointwise::Exp) => match self.ending_within(input(0), depth)? {
                (logits, Ending::LogSoftmax) => Some((logits, Ending::Softmax)),
                _ => None,
            },
            Op::Pointwise(Pointwise::Reciprocal) => self.logistic(input(0)),
            Op::Arithmetic(Arithmetic::Divide) => self.shares(input(0), input(1)),
            Op::Arithmetic(Arithmetic::Multiply) => {
                let inverse = |of: NodeId| self.argument(of, Pointwise::Reciprocal);
                let by = |parts, inverse: Option<NodeId>| self.shares(parts, inverse?);
                by(input(0), inverse(input(1))).or_else(|| by(input(1), inverse(input(0))))
            }
            Op::Arithmetic(Arithmetic::Subtract) => self
                .is_log_sum(input(1), input(0))
                .then(|| (self.unshifted(input(0)), Ending::LogSoftmax)),
            Op::Concatenate(_) if node.inputs.len() == 2 && node.shape.len() == 2 => {
                self.complement(input(0), input(1), depth)
            }
            _ => None,
        }
    }

    /// A node as a row of scores, C×1×1.
    ///
    /// # Errors
    /// As for [`GraphBuilder::add`].
    pub fn row(&mut self, id: NodeId) -> Result<NodeId> {
        let row = Shape::new(self.shape(id).len(), 1, 1);
        match self.shape(id) == row {
            true => Ok(id),
            false => self.add(self.unused("logits"), Rearrange::reshape(row), &[id]),
        }
    }

    /// The node before those that only reshape a row, or leave it as it is.
    fn unmoved(&self, mut id: NodeId) -> NodeId {
        while self.only_moves(id) {
            id = self.node(id).inputs[0];
        }
        id
    }

    fn only_moves(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let Shape { channels, height, width } = node.shape;
        let is_row = [channels, height, width].contains(&node.shape.len());
        match &node.op {
            Op::Flatten => is_row,
            Op::Rearrange(rearrange) => is_row && rearrange.is_reshape(),
            Op::Affine(affine) => is_row && affine.constants() == Some([1.0, 0.0]),
            _ => false,
        }
    }

    /// What a function of one value is taken of, if a node is that function.
    fn argument(&self, id: NodeId, function: Pointwise) -> Option<NodeId> {
        let node = self.node(id);
        let is_so = matches!(&node.op, Op::Pointwise(found) if *found == function);
        is_so.then(|| self.unmoved(node.inputs[0]))
    }

    /// x of x·scale + shift with one scale and one shift for all.
    fn scaled(&self, id: NodeId, constants: [f32; 2]) -> Option<NodeId> {
        let node = self.node(id);
        match &node.op {
            Op::Affine(affine) if affine.constants() == Some(constants) => {
                Some(self.unmoved(node.inputs[0]))
            }
            _ => None,
        }
    }

    /// eˣ / Σ eˣ.
    fn shares(&self, parts: NodeId, sum: NodeId) -> Option<(NodeId, Ending)> {
        let raised = self.argument(parts, Pointwise::Exp)?;
        (self.summed(sum)? == parts && self.shape(parts).len() > 1)
            .then(|| (self.unshifted(raised), Ending::Softmax))
    }

    /// What a node is the sum of, over all its values.
    fn summed(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        let is_whole = matches!(node.op, Op::Sum(_)) && node.shape.len() == 1;
        is_whole.then(|| self.unmoved(node.inputs[0]))
    }

    /// x of x − s with one number s for all, which a softmax does not depend on; or the node
    /// itself.
    fn unshifted(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        match &node.op {
            Op::Arithmetic(Arithmetic::Subtract) if self.shape(node.inputs[1]).len() == 1 => {
                self.unmoved(node.inputs[0])
            }
            _ => id,
        }
    }

    /// Whether a node is ln Σ eˣ, or m + ln Σ e^(x − m).
    fn is_log_sum(&self, id: NodeId, x: NodeId) -> bool {
        let raised = |id| {
            let sum = self.argument(id, Pointwise::Log)?;
            self.argument(self.summed(sum)?, Pointwise::Exp)
        };
        if let Some(raised) = raised(id) {
            return raised == x;
        }
        let node = self.node(id);
        let Op::Arithmetic(Arithmetic::Add) = node.op else { return false };
        let inputs: Vec<NodeId> = node.inputs.iter().map(|id| self.unmoved(*id)).collect();
        let inner = inputs.iter().find_map(|id| raised(*id));
        inner.is_some_and(|inner| inner != x && self.unshifted(inner) == x)
    }

    /// 1 / (1 + e⁻ˣ), from its denominator.
    fn logistic(&self, denominator: NodeId) -> Option<(NodeId, Ending)> {
        let raised = self.scaled(denominator, [1.0, 1.0])?;
        let turned = self.argument(raised, Pointwise::Exp)?;
        Some((self.scaled(turned, [-1.0, 0.0])?, Ending::Sigmoid))
    }

    /// 1 − σ(z) and σ(z).
    fn complement(
        &self,
        negative: NodeId,
        positive: NodeId,
        depth: usize,
    ) -> Option<(NodeId, Ending)> {
        let same = self.scaled(negative, [-1.0, 1.0])? == positive;
        let (logit, ending) = self.ending_within(positive, depth).filter(|_| same)?;
        (ending == Ending::Sigmoid).then_some((logit, Ending::Complement))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{Affine, Axes, Concatenate};
    use crate::graph::{Graph, Shape};
    use burn::tensor::Device;

    const ALL: Axes = Axes { channels: true, rows: true, columns: true };

    struct Net(GraphBuilder, usize);

    impl Net {
        fn new(classes: usize) -> Self {
            Self(GraphBuilder::new(Shape::new(classes, 1, 1), &Device::flex()), 0)
        }

        fn add(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
            self.1 += 1;
            self.0.add(self.1.to_string(), op, inputs).unwrap()
        }

        fn affine(&mut self, scale: f32, shift: f32, from: NodeId) -> NodeId {
            let shape = Shape::new(1, 1, 1);
            let affine = Affine::new(Some(vec![scale]), Some(vec![shift]), shape, &Device::flex());
            self.add(affine, &[from])
        }

        fn ends(&self, output: NodeId, logits: NodeId, ending: Ending) {
            assert_eq!(self.0.ending(output), Some((logits, ending)));
        }
    }

    #[test]
    fn one_node_and_what_only_reshapes_after_it() {
        let mut net = Net::new(4);
        let logits = net.add(Pointwise::Relu, &[Graph::INPUT]);
        let softmax = net.add(Op::Softmax(Axes::CHANNELS), &[logits]);
        net.ends(softmax, logits, Ending::Softmax);
        let log = net.add(Pointwise::Log, &[softmax]);
        net.ends(log, logits, Ending::LogSoftmax);
        let again = net.add(Pointwise::Exp, &[log]);
        net.ends(again, logits, Ending::Softmax);
        let flat = net.add(Op::Flatten, &[softmax]);
        let turned = net.add(Rearrange::reshape(Shape::new(1, 4, 1)), &[flat]);
        net.ends(turned, logits, Ending::Softmax);
        let sigmoid = net.add(Pointwise::Sigmoid, &[logits]);
        net.ends(sigmoid, logits, Ending::Sigmoid);
        assert_eq!(net.0.ending(logits), None);
    }

    #[test]
    fn softmax_written_out() {
        for shifts in [false, true] {
            let mut net = Net::new(4);
            let logits = net.add(Pointwise::Relu, &[Graph::INPUT]);
            let most = net.add(Op::Sum(ALL), &[logits]);
            let shifted = net.add(Arithmetic::Subtract, &[logits, most]);
            let from = if shifts { shifted } else { logits };
            let parts = net.add(Pointwise::Exp, &[from]);
            let sum = net.add(Op::Sum(ALL), &[parts]);
            let shares = net.add(Arithmetic::Divide, &[parts, sum]);
            net.ends(shares, logits, Ending::Softmax);
            let inverse = net.add(Pointwise::Reciprocal, &[sum]);
            let shares = net.add(Arithmetic::Multiply, &[inverse, parts]);
            net.ends(shares, logits, Ending::Softmax);
            let log_sum = net.add(Pointwise::Log, &[sum]);
            let log = net.add(Arithmetic::Subtract, &[from, log_sum]);
            net.ends(log, logits, Ending::LogSoftmax);
            let whole = net.add(Arithmetic::Add, &[log_sum, most]);
            let log = net.add(Arithmetic::Subtract, &[logits, whole]);
            let found = net.0.ending(log);
            assert_eq!(found, shifts.then_some((logits, Ending::LogSoftmax)));
        }
    }

    #[test]
    fn sigmoid_written_out_and_its_complement() {
        let mut net = Net::new(1);
        let logit = net.add(Pointwise::Tanh, &[Graph::INPUT]);
        let turned = net.affine(-1.0, 0.0, logit);
        let raised = net.add(Pointwise::Exp, &[turned]);
        let denominator = net.affine(1.0, 1.0, raised);
        let sigmoid = net.add(Pointwise::Reciprocal, &[denominator]);
        net.ends(sigmoid, logit, Ending::Sigmoid);
        let rest = net.affine(-1.0, 1.0, sigmoid);
        let both = net.add(Concatenate { axis: 0 }, &[rest, sigmoid]);
        net.ends(both, logit, Ending::Complement);
        let swapped = net.add(Concatenate { axis: 0 }, &[sigmoid, rest]);
        assert_eq!(net.0.ending(swapped), None);
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let mut net = Net::new(4);
        let logits = net.add(Pointwise::Relu, &[Graph::INPUT]);
        let parts = net.add(Pointwise::Exp, &[logits]);
        let other = net.add(Pointwise::Abs, &[logits]);
        let sum = net.add(Op::Sum(ALL), &[other]);
        let shares = net.add(Arithmetic::Divide, &[parts, sum]);
        assert_eq!(net.0.ending(shares), None, "the sum is of something else");
        let rows = Axes { channels: false, rows: true, columns: false };
        let over_rows = net.add(Op::Softmax(rows), &[logits]);
        assert_eq!(net.0.ending(over_rows), None, "not over the classes");
    }
}
