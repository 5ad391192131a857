//! Sums, means, extremes and norms along axes.

use super::Result;
use super::arithmetic::{combined, scaled};
use crate::graph::Op;
use crate::graph::op::{Arithmetic, Axes, Elementary, MaxPool, Pointwise};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Attribute;
use crate::model::onnx::view::View;
use burn::tensor::ops::MaxPoolOptions;

/// `ReduceMean`, `ReduceSum`, `ReduceMax` and their like.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let (node, view) = (call.node, call.activation(0)?.clone());
    let rank = view.rank();
    let listed = call.ints("axes", 1)?.filter(|axes| !axes.is_empty());
    let axes: Vec<usize> = match listed {
        Some(axes) => axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<_>>()?,
        None if node.int("noop_with_empty_axes").unwrap_or(0) != 0 => vec![],
        None => (0..rank).collect(),
    };
    let reduced = match node.op_type.as_str() {
        "ReduceMin" => {
            let turned = scaled(net, &view, -1.0)?;
            let most = over(net, &turned, &axes, "ReduceMax")?;
            scaled(net, &most, -1.0)?
        }
        "ReduceL1" => {
            let sizes = pointwise(net, &view, Pointwise::Abs)?;
            over(net, &sizes, &axes, "ReduceSum")?
        }
        "ReduceL2" => length(net, &view, &axes)?,
        "ReduceSumSquare" => sum_of_squares(net, &view, &axes)?,
        "ReduceLogSum" => {
            let sum = over(net, &view, &axes, "ReduceSum")?;
            pointwise(net, &sum, Pointwise::Log)?
        }
        "ReduceLogSumExp" => log_sum_exp(net, &view, &axes)?,
        "ReduceProd" => axes.iter().try_fold(view, |view, axis| product(net, &view, *axis))?,
        op => over(net, &view, &axes, op)?,
    };
    Ok(match node.int("keepdims").unwrap_or(1) {
        0 => reduced.squeezed(&axes),
        _ => reduced,
    })
}

fn pointwise(net: &mut Lowering, view: &View, function: Pointwise) -> Result<View> {
    Ok(view.with_node(net.add(function, &[view.node])?))
}

fn sum_of_squares(net: &mut Lowering, view: &View, axes: &[usize]) -> Result<View> {
    let square = pointwise(net, view, Pointwise::Power { exponent: 2.0 })?;
    over(net, &square, axes, "ReduceSum")
}

/// √Σ x² along the axes.
fn length(net: &mut Lowering, view: &View, axes: &[usize]) -> Result<View> {
    let sum = sum_of_squares(net, view, axes)?;
    pointwise(net, &sum, Pointwise::Sqrt)
}

/// m + ln Σ exp(x − m) with the largest value m, so that nothing overflows.
fn log_sum_exp(net: &mut Lowering, view: &View, axes: &[usize]) -> Result<View> {
    let most = over(net, view, axes, "ReduceMax")?;
    let below = combined(net, Arithmetic::Subtract, view, &most)?;
    let raised = pointwise(net, &below, Pointwise::Exp)?;
    let sum = over(net, &raised, axes, "ReduceSum")?;
    let log = pointwise(net, &sum, Pointwise::Log)?;
    combined(net, Arithmetic::Add, &most, &log)
}

/// The product along an axis: even places times odd ones, until one is left.
fn product(net: &mut Lowering, view: &View, axis: usize) -> Result<View> {
    let mut value = Value::Activation(view.clone());
    loop {
        let length = value.dims()[axis] as i64;
        if length == 1 {
            return net.view_of(&value);
        }
        let list = |value: i64| Value::Constant(Constant::list(vec![value]));
        let along = list(axis as i64);
        let mut part = |start: i64, end: i64, step: i64| {
            let inputs = [&value, &list(start), &list(end), &along, &list(step)];
            net.apply("Slice", vec![], &inputs)
        };
        let even = length - length % 2;
        let (evens, odds) = (part(0, even, 2)?, part(1, even, 2)?);
        let rest = if even < length { Some(part(even, length, 1)?) } else { None };
        value = net.apply("Mul", vec![], &[&evens, &odds])?;
        if let Some(rest) = rest {
            value =
                net.apply("Concat", vec![Attribute::int("axis", axis as i64)], &[&value, &rest])?;
        }
    }
}

/// x over its length along an axis, by Euclid or by the sum of sizes; nothing stays nothing.
pub fn unit_length(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("axis").unwrap_or(-1), view.rank())?;
    let length = match call.node.int("p").unwrap_or(2) {
        1 => {
            let sizes = pointwise(net, &view, Pointwise::Abs)?;
            over(net, &sizes, &[axis], "ReduceSum")?
        }
        2 => length(net, &view, &[axis])?,
        p => return Err(format!("a norm of order {p}")),
    };
    let nothing = super::logic::mask(net, &length, Elementary::Equal { value: 0.0 })?;
    let length = combined(net, Arithmetic::Add, &length, &nothing)?;
    combined(net, Arithmetic::Divide, &view, &length)
}

/// One value for all along the axes, which keep a length of 1.
pub(super) fn over(net: &mut Lowering, view: &View, axes: &[usize], op: &str) -> Result<View> {
    let mut dims = view.dims();
    let count: usize = axes.iter().map(|axis| dims[*axis]).product();
    if count == 1 {
        return Ok(view.clone());
    }
    let (mut from, mut sides, mut covered) = net.covering(view, axes)?;
    if op == "ReduceMax" && covered[0] {
        let kept = (0..dims.len()).filter(|axis| !axes.contains(axis)).collect();
        sides = [kept, axes.to_vec(), vec![]];
        covered = [false, true, false];
        from = net.placed(view, &sides)?;
    }
    let shape = net.shape(from);
    for axis in axes {
        dims[*axis] = 1;
    }
    let [channels, rows, columns] = covered;
    let all_places = (rows || shape.height == 1) && (columns || shape.width == 1);
    let viewed = |node| View::ordered(node, &dims, &sides.concat());
    match op {
        "ReduceMax" => {
            let kernel =
                [if rows { shape.height } else { 1 }, if columns { shape.width } else { 1 }];
            net.add(MaxPool { options: MaxPoolOptions::new(kernel) }, &[from]).map(viewed)
        }
        "ReduceMean" if !channels && all_places => {
            net.add(Op::GlobalAveragePool, &[from]).map(viewed)
        }
        _ => {
            let sum = viewed(net.add(Op::Sum(Axes { channels, rows, columns }), &[from])?);
            match op {
                "ReduceMean" => scaled(net, &sum, 1.0 / count as f32),
                _ => Ok(sum),
            }
        }
    }
}
