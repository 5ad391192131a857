//! Extremes, orders and marks of constant values.

use super::arrays::{axis_of, input, wide, zip};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::proto::Node;
use ndarray::{ArrayD, Axis, Dimension, IxDyn};

/// Which infinities `IsInf` finds.
pub fn infinite(node: &Node) -> impl Fn(f64) -> bool {
    let wanted = |name: &str| node.int(name).unwrap_or(1) != 0;
    let (positive, negative) = (wanted("detect_positive"), wanted("detect_negative"));
    move |x: f64| (positive && x == f64::INFINITY) || (negative && x == f64::NEG_INFINITY)
}

/// Ones on a diagonal.
pub fn eye(node: &Node, dims: &[usize]) -> Result<Constant, String> {
    let &[rows, columns] = dims else { return Err(format!("a matrix of {dims:?}")) };
    let diagonal = node.int("k").unwrap_or(0);
    let places =
        (0..rows * columns).map(|i| (i / columns) as i64 + diagonal == (i % columns) as i64);
    let values = places.map(|on| f32::from(u8::from(on))).collect();
    let eye = Constant::floats(dims, values)?;
    Ok(match node.int("dtype") {
        Some(2..=9 | 12 | 13) => Constant::ints(dims, eye.to_ints())?,
        _ => eye,
    })
}

pub fn clipped(
    node: &Node,
    x: &Constant,
    inputs: &[Option<&Constant>],
) -> Result<Constant, String> {
    let bound = |name: &str, index: usize| match inputs.get(index).copied().flatten() {
        Some(bound) => Ok(Some(bound.clone())),
        None => node.float(name).map(|v| Constant::floats(&[], vec![v])).transpose(),
    };
    let low = match bound("min", 1)? {
        Some(low) => zip(x, &low, f64::max, false)?,
        None => x.clone(),
    };
    match bound("max", 2)? {
        Some(high) => zip(&low, &high, f64::min, false),
        None => Ok(low),
    }
}

/// Places of the largest or smallest value along an axis.
pub fn extreme(node: &Node, x: &Constant) -> Result<Constant, String> {
    let axis = Axis(axis_of(node.int("axis").unwrap_or(0), x.dims().len())?);
    let last = node.int("select_last_index").unwrap_or(0) != 0;
    let sign = if node.op_type == "ArgMax" { 1.0 } else { -1.0 };
    let values = wide(x).mapv(|value| sign * value);
    let places = values.map_axis(axis, |lane| {
        let better = |a: f64, b: f64| if last { a >= b } else { a > b };
        let best = |best: (usize, f64), (place, value): (usize, &f64)| {
            if better(*value, best.1) { (place, *value) } else { best }
        };
        lane.iter().enumerate().fold((0, f64::NEG_INFINITY), best).0 as i64
    });
    Ok(Constant::Int(match node.int("keepdims").unwrap_or(1) {
        0 => places.into(),
        _ => places.insert_axis(axis).into(),
    }))
}

/// Indices of values other than 0, a column each.
pub fn nonzero(x: &Constant) -> Result<Constant, String> {
    let found = wide(x);
    let found: Vec<_> = found.indexed_iter().filter(|(_, value)| **value != 0.0).collect();
    let rank = x.dims().len();
    let row = |axis: usize| found.iter().map(move |(place, _)| place[axis] as i64);
    Constant::ints(&[rank, found.len()], (0..rank).flat_map(row).collect())
}

pub fn one_hot(
    node: &Node,
    indices: &Constant,
    depth: &Constant,
    values: &Constant,
) -> Result<Constant, String> {
    let depth = depth.to_ints().first().copied().filter(|depth| (1..1 << 20).contains(depth));
    let depth = depth.ok_or("a depth that is none")?;
    let &[off, on] = wide(values).iter().copied().collect::<Vec<f64>>().as_slice() else {
        return Err("two values are needed".into());
    };
    let axis = axis_of(node.int("axis").unwrap_or(-1), indices.dims().len() + 1)?;
    let mut dims = indices.dims().to_vec();
    dims.insert(axis, depth as usize);
    super::check_count(dims.iter().product(), 0)?;
    let indices = wide(indices);
    let marked = ArrayD::from_shape_fn(IxDyn(&dims), |place| {
        let mut own = place.as_array_view().to_vec();
        let here = own.remove(axis) as f64;
        let wanted = indices[IxDyn(&own)];
        let wanted = if wanted < 0.0 { wanted + depth as f64 } else { wanted };
        if wanted == here { on } else { off }
    });
    Ok(match values {
        Constant::Int(_) => Constant::Int(marked.mapv(|v| v as i64).into()),
        Constant::Float(_) => Constant::Float(marked.mapv(|v| v as f32).into()),
    })
}

/// The largest or smallest values along an axis, and their places.
pub fn top(node: &Node, x: &Constant, count: Option<&Constant>) -> Result<Vec<Constant>, String> {
    let axis = axis_of(node.int("axis").unwrap_or(-1), x.dims().len())?;
    let count = count.map_or(node.int("k"), |count| count.to_ints().first().copied());
    let count = count.and_then(|count| usize::try_from(count).ok());
    let count =
        count.filter(|count| *count <= x.dims()[axis]).ok_or("more values than there are")?;
    let sign = if node.int("largest").unwrap_or(1) != 0 { -1.0 } else { 1.0 };
    let mut dims = x.dims().to_vec();
    dims[axis] = count;
    let mut places = ArrayD::<i64>::zeros(IxDyn(&dims));
    let values = wide(x);
    for (lane, mut found) in values.lanes(Axis(axis)).into_iter().zip(places.lanes_mut(Axis(axis)))
    {
        let mut order: Vec<usize> = (0..lane.len()).collect();
        order.sort_by(|a, b| (sign * lane[*a]).total_cmp(&(sign * lane[*b])));
        found.iter_mut().zip(order).for_each(|(found, place)| *found = place as i64);
    }
    let places = Constant::Int(places.into());
    let along = Node {
        op_type: "GatherElements".into(),
        attribute: vec![crate::model::onnx::proto::Attribute::int("axis", axis as i64)],
        ..Node::default()
    };
    let values = super::moves::fold(&along, &[Some(x), Some(&places)]);
    Ok(vec![values.ok_or("no values")??, input(&[Some(&places)], 0)?.clone()])
}
