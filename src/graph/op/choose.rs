//! A choice between two values by a mask.

use super::Step;
use super::arithmetic::{stretched_shape, unstretched};
use burn::tensor::Tensor;

use crate::graph::Shape;

/// Shape of `mask ≠ 0 ? a : b`, where sides of length 1 stretch.
pub(super) fn output_shape(inputs: &[Shape]) -> Result<Shape, String> {
    let whole = stretched_shape(inputs[1], inputs[2]).and_then(|s| stretched_shape(s, inputs[0]));
    whole.ok_or_else(|| {
        format!("cannot choose by {} from {} and {}", inputs[0], inputs[1], inputs[2])
    })
}

/// a where the mask is not 0, b elsewhere.
pub(super) fn apply(mask: Tensor<4>, a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    let whole: [usize; 4] = std::array::from_fn(|axis| {
        [&mask, &a, &b].iter().map(|value| value.dims()[axis]).max().unwrap_or(1)
    });
    let chosen = mask.expand(whole).not_equal_elem(0.0);
    b.expand(whole).mask_where(chosen, a.expand(whole))
}

/// Each gradient goes to the value that was chosen, none to the mask.
pub(super) fn backward(step: &Step, gradient: Tensor<4>) -> Vec<Tensor<4>> {
    let whole = gradient.dims();
    let chosen = step.inputs[0].clone().expand(whole).not_equal_elem(0.0);
    let to_b = gradient.clone().mask_fill(chosen.clone(), 0.0);
    let to_a = gradient.mask_fill(chosen.bool_not(), 0.0);
    vec![
        step.inputs[0].zeros_like(),
        unstretched(to_a, step.inputs[1].dims()),
        unstretched(to_b, step.inputs[2].dims()),
    ]
}

/// DeepLIFT's multipliers: the choice as a product, mask·a + (1 − mask)·b, whose factors each take
/// the mean of the other, so that changes add up where the mask changes too.
pub(super) fn rescale(step: &Step, reference: &Step, gradient: Tensor<4>) -> Vec<Tensor<4>> {
    let whole = gradient.dims();
    let mask = |step: &Step| step.inputs[0].clone().not_equal_elem(0.0).float();
    let mean = |input: usize| {
        let [here, there] = [step.inputs[input].clone(), reference.inputs[input].clone()];
        (here + there).expand(whole) / 2.0
    };
    let open = (mask(step) + mask(reference)).expand(whole) / 2.0;
    // Where the mask is the same for both, infinite values that it hides are ignored.
    let changes = open.clone().equal_elem(0.5).bool_not();
    let to_mask = (gradient.clone() * (mean(1) - mean(2))).mask_fill(changes, 0.0);
    let to_a = gradient.clone() * open.clone();
    let to_b = gradient * (-open + 1.0);
    vec![
        unstretched(to_mask, step.inputs[0].dims()),
        unstretched(to_a, step.inputs[1].dims()),
        unstretched(to_b, step.inputs[2].dims()),
    ]
}
