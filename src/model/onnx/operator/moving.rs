//! Operators that only move values. Each is tried on the numbers 0, 1, 2 …, as if they were the
//! input; that shows where every value goes.

use super::Result;
use crate::graph::Shape;
use crate::graph::op::{Concatenate, Matrix, Resample};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::{MOST_FOLDED, axis_of, broadcast, moved};
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Node;
use crate::model::onnx::view::View;

/// Moves values by indices that are constants.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let is_moved =
        |index: usize| index == 0 || (index == 2 && call.node.op_type.starts_with("Scatter"));
    let (mut rows, mut start, mut numbered) = (vec![], 0, vec![]);
    for (index, input) in call.inputs.iter().enumerate() {
        numbered.push(match input {
            Some(value) if is_moved(index) => {
                let view = net.view_of(value)?;
                rows.push(net.row(&view)?);
                let numbers = numbers(&view.dims(), start)?;
                start += view.len();
                Some(numbers)
            }
            _ => call.constant(index)?.cloned(),
        });
    }
    let numbered: Vec<Option<&Constant>> = numbered.iter().map(Option::as_ref).collect();
    let places = moved(call.node, &numbered)?;
    let from = match rows[..] {
        [row] => row,
        _ => net.add(Concatenate { axis: 0 }, &rows)?,
    };
    taken(net, &places, from)
}

/// The numbers from `start` in these dimensions.
fn numbers(dims: &[usize], start: usize) -> Result<Constant> {
    let count: usize = dims.iter().product();
    match count <= MOST_FOLDED {
        true => Constant::ints(dims, (start as i64..(start + count) as i64).collect()),
        false => Err(format!("{dims:?} values to move")),
    }
}

/// The values of a node at some indices.
fn taken(net: &mut Lowering, places: &Constant, from: crate::graph::NodeId) -> Result<View> {
    let dims = places.dims().to_vec();
    let mut long = dims.iter().copied().filter(|dim| *dim != 1);
    let (channels, height) = (long.next().unwrap_or(1), long.next().unwrap_or(1));
    let shape = Shape::new(channels, height, long.product());
    let places = places.to_ints().into_iter().map(|place| place as usize).collect();
    Ok(View::of(net.take(places, shape, from)?, &dims))
}

/// A value with axes of length 1 stretched to those of `dims`.
pub fn stretched(net: &mut Lowering, view: &View, dims: &[usize]) -> Result<View> {
    let same = view.with_rank(dims.len());
    if same.dims() == dims {
        return Ok(same);
    }
    if broadcast(&same.dims(), dims)? != dims {
        return Err(format!("{:?} can't be stretched to {dims:?}", view.dims()));
    }
    let to = Constant::list(dims.iter().map(|dim| *dim as i64).collect());
    let node = Node { op_type: "Expand".into(), ..Node::default() };
    let places = moved(&node, &[Some(&numbers(&view.dims(), 0)?), Some(&to)])?;
    let from = net.row(view)?;
    taken(net, &places, from)
}

/// Values on one side of the diagonal.
pub fn triangle(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?;
    let ones = Constant::floats(&view.dims(), vec![1.0; view.len()])?;
    let mask = super::fold_one(call.node, &[Some(&ones), call.constant(1)?])?;
    net.affine(view, Some(&mask), None)
}

/// Sums of all values up to each along an axis.
pub fn running_sum(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axis = call.needed_constant(1)?.to_ints().first().copied().ok_or("no axis")?;
    let axis = axis_of(axis, view.rank())?;
    let flag = |name: &str| call.node.int(name).unwrap_or(0) != 0;
    let (exclusive, backwards) = (flag("exclusive"), flag("reverse"));
    let (from, sides) = net.in_place(&view, &[axis])?;
    let shape = net.shape(from);
    let length = view.dims()[axis];
    if length > 1 << 12 {
        return Err(format!("a running sum over {length} values"));
    }
    let sum = |to: usize| {
        let range = match (backwards, exclusive) {
            (false, false) => 0..to + 1,
            (false, true) => 0..to,
            (true, false) => to..length,
            (true, true) => to + 1..length,
        };
        range.map(|from| (from, 1.0)).collect()
    };
    let sums = Matrix::from_sums(length, &(0..length).map(sum).collect::<Vec<_>>());
    let same = |length: usize| Matrix::from_choice(length, 0..length);
    let by_rows = sides[1] == [axis] || (length == 1 && sides[1].is_empty());
    let (rows, columns) = match by_rows {
        true => (sums, same(shape.width)),
        false => (same(shape.height), sums),
    };
    let resample = Resample::new("running sum", rows, columns, net.device());
    let node = net.add(resample, &[from])?;
    Ok(View::ordered(node, &view.dims(), &sides.concat()))
}

/// A value that is cut or padded to given lengths about its middle.
pub fn centred(net: &mut Lowering, call: &Call) -> Result<Value> {
    let mut value = call.inputs.first().and_then(Option::clone).ok_or("no input")?;
    let wanted = call.needed_constant(1)?.to_ints();
    let rank = value.dims().len() as i64;
    let axes = call.node.ints("axes").map_or((0..rank).collect(), <[i64]>::to_vec);
    if axes.len() != wanted.len() {
        return Err("one length for every axis is needed".into());
    }
    for (axis, wanted) in axes.into_iter().zip(wanted) {
        let axis = axis_of(axis, rank as usize)?;
        let spare = value.dims()[axis] as i64 - wanted;
        let list = |value: i64| Value::Constant(Constant::list(vec![value]));
        let along = list(axis as i64);
        if spare > 0 {
            let start = spare / 2;
            let ends = [list(start), list(start + wanted)];
            value = net.apply("Slice", vec![], &[&value, &ends[0], &ends[1], &along])?;
        } else if spare < 0 {
            let before = -spare / 2;
            let ends = Value::Constant(Constant::list(vec![before, -spare - before]));
            let nothing = Value::Constant(Constant::floats(&[], vec![0.0])?);
            value = net.apply("Pad", vec![], &[&value, &ends, &nothing, &along])?;
        }
    }
    Ok(value)
}
