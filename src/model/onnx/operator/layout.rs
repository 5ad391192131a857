//! Operators that only move values: most cost nothing, since a view takes them.

use super::Result;
use crate::graph::op::{Concatenate, Slice, Steps};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::{Attribute, Node};
use crate::model::onnx::view::View;

pub fn lower(net: &mut Lowering, call: &Call) -> Result<Value> {
    let value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?;
    let (node, dims) = (call.node, value.dims());
    match node.op_type.as_str() {
        "Transpose" => {
            let reversed = || (0..dims.len() as i64).rev().collect();
            let order = node.ints("perm").map_or_else(reversed, <[i64]>::to_vec);
            transposed(value, &order)
        }
        "DepthToSpace" | "SpaceToDepth" => blocks(net, call, value),
        _ => {
            let to = new_dims(call, &dims)?;
            match value {
                Value::Constant(constant) => Ok(Value::Constant(constant.reshaped(&to)?)),
                Value::Activation(view) => Ok(Value::Activation(reshaped(net, view, &to)?)),
            }
        }
    }
}

/// Other dimensions for the same values in the same order.
pub fn reshaped(net: &mut Lowering, view: &View, dims: &[usize]) -> Result<View> {
    if dims.iter().product::<usize>() != view.len() {
        return Err(format!("{:?} as {dims:?}", view.dims()));
    }
    if let Some(view) = view.reshaped(dims) {
        return Ok(view);
    }
    let own = view.dims();
    let mut long = (0..own.len()).filter(|axis| own[*axis] != 1);
    let sides =
        [long.next().into_iter().collect(), long.next().into_iter().collect(), long.collect()];
    Ok(View::of(net.placed(view, &sides)?, dims))
}

fn transposed(value: &Value, order: &[i64]) -> Result<Value> {
    let rank = value.dims().len();
    let order = order.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>>>()?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<_>>() {
        return Err(format!("axes in the order {order:?}"));
    }
    Ok(match value {
        Value::Constant(constant) => Value::Constant(constant.transposed(&order)),
        Value::Activation(view) => Value::Activation(view.transposed(&order)),
    })
}

/// Dimensions after `Flatten`, `Reshape`, `Squeeze` or `Unsqueeze`.
pub fn new_dims(call: &Call, dims: &[usize]) -> Result<Vec<usize>> {
    let node = call.node;
    match node.op_type.as_str() {
        "Flatten" => {
            let rank = dims.len() as i64;
            let axis = node.int("axis").unwrap_or(1);
            let axis = if axis < 0 { axis + rank } else { axis };
            let at = usize::try_from(axis).ok().filter(|at| *at <= dims.len());
            let at = at.ok_or_else(|| format!("axis {axis} of {dims:?}"))?;
            Ok(vec![dims[..at].iter().product(), dims[at..].iter().product()])
        }
        "Squeeze" => {
            let axes: Vec<usize> = match call.ints("axes", 1)? {
                Some(axes) => {
                    axes.iter().map(|a| axis_of(*a, dims.len())).collect::<Result<_>>()?
                }
                None => (0..dims.len()).filter(|axis| dims[*axis] == 1).collect(),
            };
            if let Some(axis) = axes.iter().find(|axis| dims[**axis] != 1) {
                return Err(format!("axis {axis} of {dims:?} is not of length 1"));
            }
            let kept = (0..dims.len()).filter(|axis| !axes.contains(axis));
            Ok(kept.map(|axis| dims[axis]).collect())
        }
        "Unsqueeze" => {
            let axes = call.ints("axes", 1)?.ok_or("no axes")?;
            let rank = dims.len() + axes.len();
            let mut axes = axes.iter().map(|a| axis_of(*a, rank)).collect::<Result<Vec<_>>>()?;
            axes.sort_unstable();
            let mut longer = dims.to_vec();
            for axis in axes {
                longer.insert(axis.min(longer.len()), 1);
            }
            Ok(longer)
        }
        _ => {
            let to = match node.ints("shape") {
                Some(shape) => shape.to_vec(),
                None => call.needed_constant(1)?.to_ints(),
            };
            inferred(&to, dims, node.int("allowzero").unwrap_or(0) != 0)
        }
    }
}

/// Zeros keep the length that was there, and −1 takes what is left.
fn inferred(to: &[i64], dims: &[usize], allow_zero: bool) -> Result<Vec<usize>> {
    let failed = || format!("{dims:?} as {to:?}");
    let length = |(axis, length): (usize, &i64)| match *length {
        0 if !allow_zero => dims.get(axis).copied().ok_or_else(failed),
        -1 => Ok(1),
        length => usize::try_from(length).map_err(|_| failed()),
    };
    let mut lengths = to.iter().enumerate().map(length).collect::<Result<Vec<_>>>()?;
    let product = |lengths: &[usize]| {
        lengths.iter().try_fold(1usize, |product, length| product.checked_mul(*length))
    };
    let known = product(&lengths).filter(|known| *known > 0).ok_or_else(failed)?;
    let total: usize = dims.iter().product();
    if let Some(free) = to.iter().position(|length| *length == -1) {
        lengths[free] = total / known;
    }
    match product(&lengths) == Some(total) {
        true => Ok(lengths),
        false => Err(format!("{} (exported for another batch or picture size?)", failed())),
    }
}

/// Squares of pixels into channels and back.
fn blocks(net: &mut Lowering, call: &Call, value: &Value) -> Result<Value> {
    let (Value::Activation(view), node) = (value, call.node) else {
        return Err("a constant".into());
    };
    let block = node.int("blocksize").and_then(|block| usize::try_from(block).ok());
    let block = block.filter(|block| (1..1 << 10).contains(block)).ok_or("no block size")?;
    let &[n, channels, height, width] = view.dims().as_slice() else {
        return Err(format!("a value of {:?}", view.dims()));
    };
    let (apart, order, to) = if node.op_type == "SpaceToDepth" {
        let apart = [n, channels, height / block, block, width / block, block];
        let to = [n, channels * block * block, height / block, width / block];
        let order = match node.text("mode") {
            Some("CRD") => [0, 1, 3, 5, 2, 4],
            _ => [0, 3, 5, 1, 2, 4],
        };
        (apart, order, to)
    } else {
        let deep = channels / (block * block);
        let to = [n, deep, height * block, width * block];
        match node.text("mode") {
            Some("CRD") => ([n, deep, block, block, height, width], [0, 1, 4, 2, 5, 3], to),
            _ => ([n, block, block, deep, height, width], [0, 3, 4, 1, 5, 2], to),
        }
    };
    let moved = reshaped(net, view, &apart)?.transposed(&order);
    Ok(Value::Activation(reshaped(net, &moved, &to)?))
}

/// Every `step`-th index of an axis.
pub(super) fn taken(net: &mut Lowering, view: &View, axis: usize, steps: Steps) -> Result<View> {
    let mut dims = view.dims();
    if steps == Steps::all(dims[axis]) {
        return Ok(view.clone());
    }
    let (from, sides) = net.isolated(view, &[axis])?;
    let shape = net.shape(from);
    let mut ranges = [shape.channels, shape.height, shape.width].map(Steps::all);
    let side = sides.iter().position(|side| side.contains(&axis)).ok_or("no such axis")?;
    ranges[side] = steps;
    let node = net.add(Slice { ranges }, &[from])?;
    dims[axis] = (steps.end - steps.start).div_ceil(steps.step);
    Ok(View::ordered(node, &dims, &sides.concat()))
}

/// Parts that indices may fall into; more are moved value by value.
const MOST_RUNS: usize = 1 << 4;

/// Any indices of an axis, in runs of neighbours.
fn picked(net: &mut Lowering, view: &View, axis: usize, indices: &[usize]) -> Result<View> {
    let mut runs: Vec<Steps> = vec![];
    for &index in indices {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(Steps { start: index, end: index + 1, step: 1 }),
        }
    }
    if runs.len() > MOST_RUNS {
        let list = indices.iter().map(|index| *index as i64).collect();
        let list = Value::Constant(Constant::list(list));
        let along = Attribute::int("axis", axis as i64);
        let node = Node { op_type: "Gather".into(), attribute: vec![along], ..Node::default() };
        let inputs = vec![Some(Value::Activation(view.clone())), Some(list)];
        return super::moving::lower(net, &Call { node: &node, inputs, opset: 18 });
    }
    let (from, sides) = net.isolated(view, &[axis])?;
    let mut dims = view.dims();
    let whole = View::ordered(from, &dims, &sides.concat());
    let mut nodes = vec![];
    for run in runs {
        let part = taken(net, &whole, axis, run)?;
        nodes.push(net.placed(&part, &sides)?);
    }
    let side = sides.iter().position(|side| side.contains(&axis)).ok_or("no such axis")?;
    let node = match nodes[..] {
        [] => return Err("no index".into()),
        [node] => node,
        _ => net.add(Concatenate { axis: side }, &nodes)?,
    };
    dims[axis] = indices.len();
    Ok(View::ordered(node, &dims, &sides.concat()))
}

pub fn slice(net: &mut Lowering, call: &Call) -> Result<Value> {
    let mut value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?.clone();
    let starts = call.ints("starts", 1)?.ok_or("no starts")?;
    let ends = call.ints("ends", 2)?.ok_or("no ends")?;
    let axes = call.ints("axes", 3)?.unwrap_or((0..starts.len() as i64).collect());
    let steps = call.constant(4)?.map_or(vec![1; starts.len()], Constant::to_ints);
    if [ends.len(), axes.len(), steps.len()].iter().any(|count| *count != starts.len()) {
        return Err("starts, ends, axes and steps of different lengths".into());
    }
    for (index, axis) in axes.iter().enumerate() {
        let dims = value.dims();
        let axis = axis_of(*axis, dims.len())?;
        let indices = indices(dims[axis], starts[index], ends[index], steps[index])?;
        value = match &value {
            Value::Constant(constant) => Value::Constant(constant.selected(axis, &indices)),
            Value::Activation(_) if indices.is_empty() => return Err("an empty slice".into()),
            Value::Activation(view) if steps[index] > 0 => {
                let last = indices.last().copied().unwrap_or(0);
                let step = steps[index] as usize;
                let steps = Steps { start: indices[0], end: last + 1, step };
                Value::Activation(taken(net, view, axis, steps)?)
            }
            Value::Activation(view) => Value::Activation(picked(net, view, axis, &indices)?),
        };
    }
    Ok(value)
}

/// The indices that a slice takes: negative ends count from the end, too large ones are cut.
fn indices(length: usize, start: i64, end: i64, step: i64) -> Result<Vec<usize>> {
    let length = length as i64;
    let from_end = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
    let (start, end) = (from_end(start), from_end(end));
    match step {
        0 => Err("a step of 0".into()),
        1.. => {
            let (start, end) = (start.clamp(0, length), end.clamp(0, length));
            let step = usize::try_from(step).unwrap_or(usize::MAX);
            Ok((start as usize..end as usize).step_by(step).collect())
        }
        _ => {
            let (start, end) = (start.clamp(-1, length - 1), end.clamp(-1, length - 1));
            let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
            let back = (end + 1..=start).rev().step_by(step);
            Ok(back.map(|index| index as usize).collect())
        }
    }
}

pub fn split(net: &mut Lowering, call: &Call) -> Result<Vec<Value>> {
    let value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?;
    let dims = value.dims();
    let axis = axis_of(call.node.int("axis").unwrap_or(0), dims.len())?;
    let lengths: Vec<usize> = if let Some(lengths) = call.ints("split", 1)? {
        let length = |length: &i64| usize::try_from(*length).ok();
        let parts: Option<Vec<usize>> = lengths.iter().map(length).collect();
        parts.ok_or_else(|| format!("parts of {lengths:?}"))?
    } else {
        let parts = call.node.output.len().max(1);
        let each = dims[axis].div_ceil(parts);
        (0..parts).map(|part| each.min(dims[axis].saturating_sub(part * each))).collect()
    };
    let sum = lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length));
    if sum != Some(dims[axis]) || lengths.contains(&0) {
        return Err(format!("parts of {lengths:?} of {}", dims[axis]));
    }
    let mut start = 0;
    let mut part = |length: usize| {
        let steps = Steps { start, end: start + length, step: 1 };
        start += length;
        Ok(match value {
            Value::Constant(constant) => {
                let indices: Vec<usize> = (steps.start..steps.end).collect();
                Value::Constant(constant.selected(axis, &indices))
            }
            Value::Activation(view) => Value::Activation(taken(net, view, axis, steps)?),
        })
    };
    lengths.into_iter().map(&mut part).collect()
}

pub fn gather(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let dims = view.dims();
    let axis = axis_of(call.node.int("axis").unwrap_or(0), dims.len())?;
    let wanted = call.needed_constant(1)?;
    let index = |index: &i64| axis_of(*index, dims[axis]);
    let indices = wanted.to_ints().iter().map(index).collect::<Result<Vec<_>>>()?;
    match wanted.dims() {
        [] => {
            let one = Steps { start: indices[0], end: indices[0] + 1, step: 1 };
            Ok(taken(net, &view, axis, one)?.squeezed(&[axis]))
        }
        lengths => {
            let picked = picked(net, &view, axis, &indices)?;
            let mut to = dims[..axis].to_vec();
            to.extend(lengths);
            to.extend(&dims[axis + 1..]);
            reshaped(net, &picked, &to)
        }
    }
}

/// The same values in the other order along the axis of time, or of each sequence.
pub fn reversed(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("time_axis").unwrap_or(0), view.rank())?;
    let lengths = call.needed_constant(1)?.to_ints();
    let length = lengths.first().and_then(|first| usize::try_from(*first).ok()).unwrap_or(0);
    let all = view.dims()[axis];
    if lengths.iter().any(|other| *other != lengths[0]) || !(1..=all).contains(&length) {
        return super::moving::lower(net, call);
    }
    let indices: Vec<usize> = (0..length).rev().chain(length..all).collect();
    picked(net, &view, axis, &indices)
}
