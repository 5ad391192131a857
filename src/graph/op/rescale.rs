//! DeepLIFT's multipliers, where they are not the derivative: the change of a node's value over
//! the change of its input, both against a reference.
//!
//! Pointwise functions follow the rescale rule of Shrikumar, Greenside and Kundaje 2017,
//! section 3.2, and max pools Captum's form of it. Products and quotients of two values, which the
//! paper does not have, give each value the mean of the other, so that changes still add up.

use super::{Arithmetic, MaxPool, Op, Step};
use burn::tensor::Tensor;

/// For smaller changes of an input the derivative is used, as in Captum.
const SMALLEST_CHANGE: f32 = 1e-10;

impl Op {
    /// The multipliers at each input times the one at the output; `None` where they are the
    /// gradient's.
    pub(in crate::graph) fn rescale(
        &self,
        step: &Step,
        reference: &Step,
        gradient: &Tensor<4>,
    ) -> Option<Vec<Tensor<4>>> {
        let mean =
            |input: usize| (step.inputs[input].clone() + reference.inputs[input].clone()) / 2.0;
        let pulled = || gradient.clone();
        match self {
            Op::Pointwise(function) => {
                let derivative =
                    function.backward(step.inputs[0], pulled(), super::ReluRule::Gradient);
                Some(vec![secant(step, reference, pulled(), derivative)])
            }
            Op::PRelu(prelu) => {
                let derivative = prelu.backward(step.inputs[0], pulled());
                Some(vec![secant(step, reference, pulled(), derivative)])
            }
            Op::MaxPool(pool) => Some(vec![max_pool(pool, step, reference, pulled())]),
            Op::Arithmetic(Arithmetic::Multiply) => {
                let (a, b) = (mean(0), mean(1));
                Some(Arithmetic::Multiply.pull([&a, &b], step, pulled()))
            }
            Op::Arithmetic(Arithmetic::Divide) => Some(quotient(step, reference, pulled())),
            Op::MatrixProduct => {
                let (a, b) = (mean(0), mean(1));
                Some(super::linear::product_backward(&a, &b, pulled()))
            }
            Op::Choose => Some(super::choose::rescale(step, reference, pulled())),
            // Linear, so that the derivative is the multiplier; and norms and softmax, for which no
            // paper has one: see `Op::support`.
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Arithmetic(Arithmetic::Add | Arithmetic::Subtract)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Take(_)
            | Op::Concatenate(_)
            | Op::Softmax(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_) => None,
        }
    }
}

/// The slope between two points of a pointwise function, times the gradient.
fn secant(step: &Step, reference: &Step, gradient: Tensor<4>, derivative: Tensor<4>) -> Tensor<4> {
    let change = step.inputs[0].clone() - reference.inputs[0].clone();
    let near = change.clone().abs().lower_elem(SMALLEST_CHANGE);
    let slope =
        (step.output.clone() - reference.output.clone()) / change.mask_fill(near.clone(), 1);
    (gradient * slope).mask_where(near, derivative)
}

/// What the larger of the two maxima adds goes to the position of the maximum here, and what the
/// smaller one takes away to its position in the reference.
fn max_pool(pool: &MaxPool, step: &Step, reference: &Step, gradient: Tensor<4>) -> Tensor<4> {
    let dims = step.output.dims();
    let (y, y0) = (step.output.clone(), reference.output.clone().expand(dims));
    let larger = y.clone().max_pair(y0.clone());
    let x0 = reference.inputs[0].clone().expand(step.inputs[0].dims());
    let here = pool.backward(step, gradient.clone() * (larger.clone() - y0));
    let there = pool.backward_to(&x0, reference.saved, gradient.clone() * (y - larger));
    let change = step.inputs[0].clone() - x0;
    let near = change.clone().abs().lower_elem(SMALLEST_CHANGE);
    let derivative = pool.backward(step, gradient);
    ((here + there) / change.mask_fill(near.clone(), 1)).mask_where(near, derivative)
}

/// a/b as a product of a and 1/b, whose slope is −1/(b·b₀).
fn quotient(step: &Step, reference: &Step, gradient: Tensor<4>) -> Vec<Tensor<4>> {
    let (b, b0) = (step.inputs[1].clone(), reference.inputs[1].clone());
    let a = (step.inputs[0].clone() + reference.inputs[0].clone()) / 2.0;
    let inverse = (b.clone().recip() + b0.clone().recip()) / 2.0;
    let slope = -(b * b0).recip();
    Arithmetic::Multiply.pull([&(a * slope), &inverse], step, gradient)
}
