//! At which nodes the rules of a walk through the network are defined, and what is done elsewhere.

use super::op::{Arithmetic, Op, Pointwise};
use super::{Graph, NodeId};
use std::collections::BTreeMap;

/// Rules that go through nodes otherwise than the derivative does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSet {
    /// Layer-wise relevance propagation.
    Relevance,
    Guided,
    Deconvolution,
    /// DeepLIFT's rescale rule.
    Rescale,
    /// The full gradient's constants.
    FullGradient,
}

/// How far rules are defined at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    Defined,
    /// They are not, but this is done.
    Assumed(&'static str),
    /// Nothing meaningful can be done.
    Undefined,
}

/// Nodes of one kind at which rules are not defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    pub kind: &'static str,
    /// The first of them.
    pub first: NodeId,
    pub count: usize,
    /// What is done; none where nothing meaningful can be.
    pub assumed: Option<&'static str>,
}

const DERIVATIVE: Support = Support::Assumed("the derivative is taken");
const PASSES: Support = Support::Assumed("relevance passes unchanged");

impl Graph {
    /// Kinds of nodes at which rules are not defined.
    pub fn unsupported(&self, rules: RuleSet) -> Vec<Unsupported> {
        let mut found: BTreeMap<&str, Unsupported> = BTreeMap::new();
        for id in self.ids() {
            let op = &self.node(id).op;
            let assumed = match op.support(rules) {
                Support::Defined => continue,
                Support::Assumed(what) => Some(what),
                Support::Undefined => None,
            };
            let kind = op.kind();
            let begin = || Unsupported { kind, first: id, count: 0, assumed };
            found.entry(kind).or_insert_with(begin).count += 1;
        }
        found.into_values().collect()
    }

    /// Whether any node is a rectifier, at which guided backpropagation and deconvolution differ
    /// from the gradient.
    pub fn has_rectifiers(&self) -> bool {
        self.nodes().iter().any(|node| node.op.is_rectifier())
    }
}

impl Op {
    /// How far rules are defined here.
    pub fn support(&self, rules: RuleSet) -> Support {
        match rules {
            RuleSet::Relevance => self.support_of_relevance(),
            RuleSet::Guided | RuleSet::Deconvolution => self.support_of_guidance(),
            RuleSet::Rescale => self.support_of_rescale(),
            RuleSet::FullGradient => self.support_of_full_gradient(),
        }
    }

    fn support_of_full_gradient(&self) -> Support {
        match self {
            Op::LocalResponse(_) => Support::Assumed("its constant part is left out"),
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => Support::Defined,
        }
    }

    fn support_of_relevance(&self) -> Support {
        match self {
            Op::MatrixProduct | Op::Softmax(_) => Support::Undefined,
            Op::Standardise(_) | Op::LocalResponse(_) => PASSES,
            Op::Arithmetic(Arithmetic::Divide) => {
                Support::Assumed("the divisor is taken for a constant")
            }
            Op::Pointwise(function) if !function.is_activation() => PASSES,
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Take(_)
            | Op::Choose
            | Op::Concatenate(_) => Support::Defined,
        }
    }

    /// Of guided backpropagation and deconvolution, whose papers have ReLU alone: what networks use
    /// in its place has no rule; gates and all else keep their derivative.
    fn support_of_guidance(&self) -> Support {
        match self {
            Op::MatrixProduct | Op::Softmax(_) => Support::Undefined,
            Op::PRelu(_) => DERIVATIVE,
            Op::Pointwise(function) if function.is_rectifier() => Support::Defined,
            Op::Pointwise(function) => match function {
                Pointwise::Clip { .. }
                | Pointwise::LeakyRelu { .. }
                | Pointwise::ThresholdedRelu { .. }
                | Pointwise::Elu { .. }
                | Pointwise::HardSwish
                | Pointwise::Silu
                | Pointwise::Gelu
                | Pointwise::GeluTanh
                | Pointwise::Softplus
                | Pointwise::Mish => DERIVATIVE,
                Pointwise::Relu
                | Pointwise::SmoothRelu { .. }
                | Pointwise::Sigmoid
                | Pointwise::HardSigmoid { .. }
                | Pointwise::Tanh
                | Pointwise::Exp
                | Pointwise::Log
                | Pointwise::Sqrt
                | Pointwise::Abs
                | Pointwise::Sign
                | Pointwise::Erf
                | Pointwise::Reciprocal
                | Pointwise::Power { .. }
                | Pointwise::Elementary(_) => Support::Defined,
            },
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => Support::Defined,
        }
    }

    fn support_of_rescale(&self) -> Support {
        match self {
            Op::Softmax(_) | Op::Standardise(_) | Op::LocalResponse(_) => {
                Support::Assumed("the derivative is taken, so that contributions need not add up")
            }
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => Support::Defined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::Axes;
    use crate::graph::{GraphBuilder, Shape};
    use burn::tensor::Device;

    #[test]
    fn attention_is_undefined_and_what_stands_for_relu_is_told() {
        let mut graph = GraphBuilder::new(Shape::new(1, 2, 2), &Device::flex());
        let one = graph.add("one", Pointwise::Silu, &[Graph::INPUT]).unwrap();
        let two = graph.add("two", Pointwise::Silu, &[one]).unwrap();
        let alike = graph.add("alike", Op::MatrixProduct, &[one, two]).unwrap();
        let rows = Axes { channels: false, rows: false, columns: true };
        let weights = graph.add("weights", Op::Softmax(rows), &[alike]).unwrap();
        graph.add("flat", Op::Flatten, &[weights]).unwrap();
        let graph = graph.finish().unwrap();
        let kinds = |rules| -> Vec<(&str, usize, bool)> {
            let found = graph.unsupported(rules).into_iter();
            found.map(|one| (one.kind, one.count, one.assumed.is_some())).collect()
        };
        let attention = [("matrix product", 1, false), ("softmax", 1, false)];
        assert_eq!(kinds(RuleSet::Relevance), attention);
        assert_eq!(kinds(RuleSet::Guided), [attention[0], ("silu", 2, true), attention[1]]);
        assert_eq!(kinds(RuleSet::Rescale), [("softmax", 1, true)]);
        assert_eq!(kinds(RuleSet::FullGradient), []);
        assert!(!graph.has_rectifiers());
        assert_eq!(graph.unsupported(RuleSet::Guided)[1].first, one);
    }
}
