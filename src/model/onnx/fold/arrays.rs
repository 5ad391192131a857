//! Arrays that constants are folded with.

use crate::model::onnx::constant::Constant;
use ndarray::{ArrayD, Axis, IxDyn, Zip};

/// Values that a computation between constants may give where it takes fewer; more is a damaged
/// file.
pub const MOST_FOLDED: usize = 1 << 24;

/// Whether an operator between constants, the largest of which has `largest_input` values, may
/// give `count`.
///
/// # Errors
/// When that is too much.
pub fn check_count(count: usize, largest_input: usize) -> Result<(), String> {
    match count <= MOST_FOLDED.max(largest_input) {
        true => Ok(()),
        false => Err("the result is too large".into()),
    }
}

pub fn input<'a>(inputs: &[Option<&'a Constant>], index: usize) -> Result<&'a Constant, String> {
    inputs.get(index).copied().flatten().ok_or_else(|| format!("input {index} is missing"))
}

/// Integers stay integers: a quotient of two is cut towards zero.
pub fn zip(
    a: &Constant,
    b: &Constant,
    function: fn(f64, f64) -> f64,
    comparison: bool,
) -> Result<Constant, String> {
    let whole = matches!((a, b), (Constant::Int(_), Constant::Int(_)));
    let (a, b) = (wide(a), wide(b));
    let dims = broadcast(a.shape(), b.shape())?;
    let (a, b) = (stretched(&a, &dims)?, stretched(&b, &dims)?);
    let values = Zip::from(&a).and(&b).map_collect(|a, b| function(*a, *b));
    Ok(match whole || comparison {
        true => Constant::Int(values.mapv(|v| v as i64).into()),
        false => Constant::Float(values.mapv(|v| v as f32).into()),
    })
}

pub fn stretched(x: &ArrayD<f64>, dims: &[usize]) -> Result<ArrayD<f64>, String> {
    x.broadcast(IxDyn(dims)).map(|x| x.to_owned()).ok_or("shapes that do not fit".into())
}

pub fn wide(x: &Constant) -> ArrayD<f64> {
    match x {
        Constant::Float(x) => x.mapv(f64::from),
        Constant::Int(x) => x.mapv(|v| v as f64),
    }
}

/// Dimensions of two values together, where a length of 1 stretches.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let length = |dims: &[usize], axis: usize| {
        (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis])
    };
    let together = |axis: usize| match (length(a, axis), length(b, axis)) {
        (a, b) if a == b => Ok(a),
        (1, other) | (other, 1) => Ok(other),
        _ => Err(format!("shapes {a:?} and {b:?} do not fit")),
    };
    let dims: Vec<usize> = (0..rank).map(together).collect::<Result<_, _>>()?;
    let count = |dims: &[usize]| dims.iter().fold(1usize, |count, dim| count.saturating_mul(*dim));
    check_count(count(&dims), count(a).max(count(b)))?;
    Ok(dims)
}

/// Constants one after the other along an axis.
pub fn joined(parts: &[&Constant], axis: usize) -> Result<Constant, String> {
    // ndarray checks lengths, but takes equal ranks for granted.
    let rank = parts.first().map_or(0, |part| part.dims().len());
    if axis >= rank || parts.iter().any(|part| part.dims().len() != rank) {
        return Err(format!("its parts can't be joined along axis {axis}"));
    }
    if parts.iter().all(|part| matches!(part, Constant::Int(_))) {
        let arrays = parts.iter().filter_map(|part| match part {
            Constant::Int(x) => Some(x.view()),
            Constant::Float(_) => None,
        });
        let whole = ndarray::concatenate(Axis(axis), &arrays.collect::<Vec<_>>());
        return whole.map(|x| Constant::Int(x.into())).map_err(|e| e.to_string());
    }
    let arrays: Vec<_> = parts.iter().map(|part| wide(part)).collect();
    let views: Vec<_> = arrays.iter().map(|array| array.view()).collect();
    let whole = ndarray::concatenate(Axis(axis), &views).map_err(|e| e.to_string())?;
    Ok(Constant::Float(whole.mapv(|v| v as f32).into()))
}

/// The index of an axis that may be counted from the end.
pub fn axis_of(axis: i64, rank: usize) -> Result<usize, String> {
    let index = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(index)
        .ok()
        .filter(|index| *index < rank)
        .ok_or_else(|| format!("axis {axis} of a value with {rank} axes"))
}
