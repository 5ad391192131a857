//! Layer-wise relevance propagation: the class's logit is distributed to the nodes before, layer by
//! layer, down to the pixels (Bach et al. 2015; Montavon et al. 2019, "Layer-Wise
//! Relevance Propagation: An Overview", whose rules these are).

use super::op::{Arithmetic, Op, ReluRule, Step};
use super::{Graph, NodeId, Tape};
use burn::tensor::Tensor;

/// How a linear layer distributes the relevance of its value z = Wx + b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RelevanceRule {
    /// x ⊙ Wᵀ(R / (z + ε·sign z)).
    Epsilon,
    /// As ε, with positive parts of the sum counted 1 + γ times where z is positive, and negative
    /// ones where it is negative.
    Gamma(f32),
    /// α times the shares of the positive parts less β = α − 1 times those of the negative ones.
    AlphaBeta { alpha: f32, beta: f32 },
    /// Positive parts alone, from pixels in a box: for the first layer.
    Box,
}

impl RelevanceRule {
    /// Positive parts alone.
    pub const Z_PLUS: Self = Self::AlphaBeta { alpha: 1.0, beta: 0.0 };
}

/// Which layers follow which rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Composite {
    /// Of the convolutions that see the pixels first.
    pub first: RelevanceRule,
    pub convolution: RelevanceRule,
    pub linear: RelevanceRule,
    /// Keeps denominators away from zero.
    pub epsilon: f32,
}

/// The least that denominators are kept away from zero by in rules other than ε, as in zennit.
const STABILISER: f32 = 1e-6;

impl Graph {
    /// Relevance of every pixel for one class's logit, 1×C×H×W, from a tape of one picture. It sums
    /// to the logit less what biases and ε took.
    ///
    /// # Panics
    /// When the network has nodes that relevance is not defined for, see [`Graph::unsupported`].
    pub fn relevance(&self, tape: &Tape, class: usize, composite: &Composite) -> Tensor<4> {
        let logits = tape.value(self.output());
        let _held = self.submit(&logits, 2.0);
        let at_logits = self.one_hot(&[class]) * logits;
        let mut relevances: Vec<Option<Tensor<4>>> = vec![None; self.nodes.len()];
        relevances[self.output().0] = Some(at_logits);
        for index in (1..self.nodes.len()).rev() {
            let Some(relevance) = relevances[index].take() else { continue };
            let node = &self.nodes[index];
            let step = tape.step(node, index);
            let parts = match self.rule(NodeId(index), composite) {
                Some(RelevanceRule::Box) => vec![self.of_box(NodeId(index), &step, relevance)],
                Some(rule) => vec![linear(&node.op, &step, relevance, rule, composite.epsilon)],
                None => other(&node.op, &step, relevance, composite.epsilon),
            };
            for (id, part) in node.inputs.iter().zip(parts) {
                let sum = &mut relevances[id.0];
                *sum = Some(match sum.take() {
                    Some(before) => before + part,
                    None => part,
                });
            }
        }
        relevances[0].take().unwrap_or_else(|| tape.value(Self::INPUT).zeros_like())
    }

    fn rule(&self, id: NodeId, composite: &Composite) -> Option<RelevanceRule> {
        match self.node(id).op {
            Op::Convolution(_) if self.sees_pixels(id) => Some(composite.first),
            Op::Convolution(_) => Some(composite.convolution),
            Op::Linear(_) => Some(composite.linear),
            Op::Affine(_) => Some(RelevanceRule::Epsilon),
            // Without weights: see [`other`].
            Op::Input
            | Op::Normalise(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => None,
        }
    }

    /// Whether no other convolution or linear layer lies between a node and the pixels.
    fn sees_pixels(&self, id: NodeId) -> bool {
        self.node(id).inputs.iter().all(|input| {
            let op = &self.node(*input).op;
            !op.has_weights() && self.sees_pixels(*input)
        })
    }

    /// x ⊙ Wᵀs − l ⊙ W⁺ᵀs − h ⊙ W⁻ᵀs with s = R / (Wx − W⁺l − W⁻h): l and h are what the lowest and
    /// the highest pixels give at the layer's input (Montavon et al. 2017, "Explaining nonlinear
    /// classification decisions with deep Taylor decomposition", section 5.2).
    fn of_box(&self, id: NodeId, step: &Step, relevance: Tensor<4>) -> Tensor<4> {
        let op = &self.node(id).op;
        let black = Tensor::zeros(self.one_picture(), &self.device);
        let input = self.node(id).inputs[0];
        let (low, high) = (self.value(input, black.clone()), self.value(input, black + 1.0));
        let part = |keep: fn(Tensor<4>) -> Tensor<4>| op.with_weights(keep, |bias| bias * 0.0);
        let (all, positive, negative) = (part(|w| w), part(positive), part(negative));
        let x = step.inputs[0].clone();
        let z = all.apply(vec![x.clone()])
            - positive.apply(vec![low.clone()])
            - negative.apply(vec![high.clone()]);
        let share = relevance / away_from_zero(z, STABILISER);
        x * pull(&all, step, share.clone())
            - low * pull(&positive, step, share.clone())
            - high * pull(&negative, step, share)
    }

    fn one_picture(&self) -> [usize; 4] {
        let shape = self.input_shape();
        [1, shape.channels, shape.height, shape.width]
    }
}

/// A convolution's or linear layer's relevance, at its input.
fn linear(
    op: &Op,
    step: &Step,
    relevance: Tensor<4>,
    rule: RelevanceRule,
    epsilon: f32,
) -> Tensor<4> {
    let x = step.inputs[0];
    match rule {
        RelevanceRule::Epsilon => {
            let share = relevance / away_from_zero(step.output.clone(), epsilon);
            x.clone() * pull(op, step, share)
        }
        RelevanceRule::Gamma(gamma) => {
            let open = step.output.clone().greater_elem(0.0).float();
            let more = |part: fn(Tensor<4>) -> Tensor<4>| {
                op.with_weights(
                    |w| w.clone() + part(w) * gamma,
                    |b| {
                        // A bias counts with the parts of its sign.
                        let wide = b.clone().reshape([1, -1, 1, 1]);
                        let count = b.dims()[0];
                        b + (part(wide) * gamma).reshape([count])
                    },
                )
            };
            let (up, down) = (more(positive), more(negative));
            let shut = -open.clone() + 1.0;
            Parts { positive: &up, negative: &down, bias: &up, x }
                .share(step, relevance.clone() * open)
                + Parts { positive: &down, negative: &up, bias: &down, x }
                    .share(step, relevance * shut)
        }
        RelevanceRule::AlphaBeta { alpha, beta } => {
            let keep = |part: fn(Tensor<4>) -> Tensor<4>| {
                op.with_weights(part, |b| {
                    let count = b.dims()[0];
                    part(b.reshape([1, -1, 1, 1])).reshape([count])
                })
            };
            let (up, down) = (keep(positive), keep(negative));
            let for_it = Parts { positive: &up, negative: &down, bias: &up, x };
            let shared = for_it.share(step, relevance.clone() * alpha);
            if beta == 0.0 {
                return shared;
            }
            let against = Parts { positive: &down, negative: &up, bias: &down, x };
            shared - against.share(step, relevance * beta)
        }
        RelevanceRule::Box => unreachable!("needs the bounds of pixels"),
    }
}

/// One sum of a layer: its positive inputs through one set of weights, its negative inputs through
/// another.
struct Parts<'a> {
    positive: &'a Op,
    negative: &'a Op,
    /// Whose bias counts.
    bias: &'a Op,
    x: &'a Tensor<4>,
}

impl Parts<'_> {
    fn share(&self, step: &Step, relevance: Tensor<4>) -> Tensor<4> {
        let (above, below) = (positive(self.x.clone()), negative(self.x.clone()));
        let nothing = self.x.zeros_like();
        let bare = |op: &Op, x: Tensor<4>| op.apply(vec![x]) - op.apply(vec![nothing.clone()]);
        let z = bare(self.positive, above.clone())
            + bare(self.negative, below.clone())
            + self.bias.apply(vec![nothing.clone()]);
        let share = relevance / away_from_zero(z, STABILISER);
        above * pull(self.positive, step, share.clone()) + below * pull(self.negative, step, share)
    }
}

/// Nodes without weights.
fn other(op: &Op, step: &Step, relevance: Tensor<4>, epsilon: f32) -> Vec<Tensor<4>> {
    match op {
        // What acts on each value, or on a value by its surroundings, passes relevance on.
        Op::Normalise(normalise) => vec![normalise.in_order_of_pixels(relevance)],
        Op::Pointwise(_) | Op::PRelu(_) | Op::Standardise(_) | Op::LocalResponse(_) => {
            vec![relevance]
        }
        // A gate counts as a constant; where neither value is a gate, each gets half.
        Op::Arithmetic(Arithmetic::Multiply) => product(step, relevance),
        Op::Arithmetic(Arithmetic::Divide) => {
            vec![relevance, step.inputs[1].zeros_like()]
        }
        // Where values only move, relevance moves with them.
        Op::MaxPool(_)
        | Op::Flatten
        | Op::Rearrange(_)
        | Op::Slice(_)
        | Op::Pad(_)
        | Op::Take(_)
        | Op::Choose
        | Op::Concatenate(_) => op.backward(step, relevance, ReluRule::Gradient),
        // Sums and averages: by each one's part.
        Op::Arithmetic(Arithmetic::Add | Arithmetic::Subtract)
        | Op::GlobalAveragePool
        | Op::Resample(_)
        | Op::Sum(_)
        | Op::BatchNorm(_) => {
            let share = relevance / away_from_zero(step.output.clone(), epsilon);
            let parts = op.backward(step, share, ReluRule::Gradient);
            step.inputs.iter().zip(parts).map(|(x, part)| (*x).clone() * part).collect()
        }
        // Both values would get all of it.
        Op::MatrixProduct | Op::Softmax(_) => unreachable!("relevance is not defined for it"),
        Op::Input | Op::Convolution(_) | Op::Linear(_) | Op::Affine(_) => {
            unreachable!("it has a rule of its own")
        }
    }
}

fn product(step: &Step, relevance: Tensor<4>) -> Vec<Tensor<4>> {
    let [a, b] = [step.inputs[0], step.inputs[1]];
    let whole = step.output.dims();
    match (a.dims() == whole, b.dims() == whole) {
        (true, false) => vec![relevance, b.zeros_like()],
        (false, true) => vec![a.zeros_like(), relevance],
        _ => vec![relevance.clone() / 2.0, relevance / 2.0],
    }
}

fn pull(op: &Op, step: &Step, share: Tensor<4>) -> Tensor<4> {
    op.backward(step, share, ReluRule::Gradient).remove(0)
}

fn positive(x: Tensor<4>) -> Tensor<4> {
    x.clamp_min(0.0)
}

fn negative(x: Tensor<4>) -> Tensor<4> {
    x.clamp_max(0.0)
}

/// z + ε·sign z, and ε at zero.
fn away_from_zero(z: Tensor<4>, epsilon: f32) -> Tensor<4> {
    let side = z.clone().greater_equal_elem(0.0).float() * (2.0 * epsilon) - epsilon;
    z + side
}
