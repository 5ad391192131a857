//! Bounds of a node's values, as far as its operations alone imply them.

use super::op::{Arithmetic, Op, Pointwise};
use super::{Graph, NodeId};

/// The lowest value and the highest, or beyond.
pub type Bounds = [f32; 2];

const ANY: Bounds = [f32::NEG_INFINITY, f32::INFINITY];

/// Nodes that are followed back from the one in question.
const DEPTH: usize = 12;

impl Graph {
    /// Bounds that a node's values never leave, whatever the picture.
    pub fn bounds(&self, id: NodeId) -> Bounds {
        self.bounds_within(id, DEPTH)
    }

    fn bounds_within(&self, id: NodeId, depth: usize) -> Bounds {
        let Some(depth) = depth.checked_sub(1) else { return ANY };
        let node = self.node(id);
        let of = |index: usize| self.bounds_within(node.inputs[index], depth);
        match &node.op {
            Op::Softmax(_) => [0.0, 1.0],
            Op::Pointwise(function) => pointwise(*function, || of(0)),
            Op::Arithmetic(arithmetic) => combined(*arithmetic, of(0), of(1)),
            Op::Affine(affine) => match affine.constants() {
                Some([scale, shift]) => sorted(of(0).map(|value| scaled(value, scale) + shift)),
                None => ANY,
            },
            Op::Sum(_) => {
                let count = self.node(node.inputs[0]).shape.len() / node.shape.len();
                of(0).map(|value| scaled(value, count as f32))
            }
            Op::GlobalAveragePool
            | Op::MaxPool(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Take(_) => of(0),
            Op::Choose => union(of(1), of(2)),
            Op::Concatenate(_) => (0..node.inputs.len()).map(of).reduce(union).unwrap_or(ANY),
            // Their bounds follow from weights, which are not read, or exceed those of the input.
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::PRelu(_)
            | Op::BatchNorm(_)
            | Op::Resample(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Pad(_) => ANY,
        }
    }
}

fn pointwise(function: Pointwise, input: impl Fn() -> Bounds) -> Bounds {
    match function {
        Pointwise::Sigmoid | Pointwise::HardSigmoid { .. } => [0.0, 1.0],
        Pointwise::Tanh | Pointwise::Erf | Pointwise::Sign => [-1.0, 1.0],
        Pointwise::Clip { low, high } => [low, high],
        Pointwise::Relu | Pointwise::Abs | Pointwise::Sqrt | Pointwise::Softplus => {
            [0.0, f32::INFINITY]
        }
        Pointwise::Exp => input().map(f32::exp),
        Pointwise::SmoothRelu { .. }
        | Pointwise::LeakyRelu { .. }
        | Pointwise::ThresholdedRelu { .. }
        | Pointwise::Elu { .. }
        | Pointwise::HardSwish
        | Pointwise::Silu
        | Pointwise::Gelu
        | Pointwise::GeluTanh
        | Pointwise::Mish
        | Pointwise::Log
        | Pointwise::Reciprocal
        | Pointwise::Power { .. }
        | Pointwise::Elementary(_) => ANY,
    }
}

fn combined(arithmetic: Arithmetic, [a, b]: Bounds, [c, d]: Bounds) -> Bounds {
    match arithmetic {
        Arithmetic::Add => [a + c, b + d],
        Arithmetic::Subtract => [a - d, b - c],
        Arithmetic::Multiply => {
            let products = [scaled(a, c), scaled(a, d), scaled(b, c), scaled(b, d)];
            products.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| {
                [low.min(*value), high.max(*value)]
            })
        }
        Arithmetic::Divide => ANY,
    }
}

/// A product that is zero where a factor is, whatever the other.
fn scaled(value: f32, factor: f32) -> f32 {
    if value == 0.0 || factor == 0.0 { 0.0 } else { value * factor }
}

fn sorted([a, b]: Bounds) -> Bounds {
    [a.min(b), a.max(b)]
}

fn union([a, b]: Bounds, [c, d]: Bounds) -> Bounds {
    [a.min(c), b.max(d)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{Affine, Axes};
    use crate::graph::{GraphBuilder, Shape};
    use burn::tensor::Device;

    #[test]
    fn the_mean_of_two_softmaxes_is_of_probabilities_and_logits_are_not() {
        let device = Device::flex();
        let mut graph = GraphBuilder::new(Shape::new(3, 1, 1), &device);
        let logits = graph.add("logits", Pointwise::Silu, &[Graph::INPUT]).unwrap();
        let one = graph.add("one", Op::Softmax(Axes::CHANNELS), &[logits]).unwrap();
        let turned = Affine::new(Some(vec![-2.0]), None, Shape::new(1, 1, 1), &device);
        let other = graph.add("turned", turned, &[logits]).unwrap();
        let two = graph.add("two", Op::Softmax(Axes::CHANNELS), &[other]).unwrap();
        let sum = graph.add("sum", Arithmetic::Add, &[one, two]).unwrap();
        let half = Affine::new(Some(vec![0.5]), None, Shape::new(1, 1, 1), &device);
        graph.add("mean", half, &[sum]).unwrap();
        let graph = graph.finish().unwrap();
        assert_eq!(graph.bounds(sum), [0.0, 2.0]);
        assert_eq!(graph.bounds(graph.output()), [0.0, 1.0]);
        assert_eq!(graph.bounds(logits), ANY);
        assert_eq!(graph.bounds(other), ANY);
    }
}
