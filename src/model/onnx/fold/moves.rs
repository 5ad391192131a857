//! Operators that only move values of a constant. What they do to the numbers 0, 1, 2 … shows where
//! each value of a picture-dependent input goes.

use super::arrays::{axis_of, broadcast, check_count, input, joined};
use crate::model::onnx::constant::{self, Constant};
use crate::model::onnx::proto::Node;
use ndarray::{ArcArray, ArrayD, Dimension, IxDyn};

type Folded = Result<Constant, String>;

/// The value of an operator that only moves values; `None` for other operators.
pub fn fold(node: &Node, inputs: &[Option<&Constant>]) -> Option<Folded> {
    let first = || input(inputs, 0);
    let second = || input(inputs, 1);
    Some(match node.op_type.as_str() {
        "Expand" => first().and_then(|x| expand(x, second()?)),
        "Tile" => first().and_then(|x| tile(x, second()?)),
        "Gather" => first().and_then(|x| gather(node, x, second()?)),
        "GatherElements" => first().and_then(|x| gather_elements(node, x, second()?)),
        "GatherND" => first().and_then(|x| gather_nd(node, x, second()?)),
        "Scatter" | "ScatterElements" => {
            first().and_then(|x| scatter_elements(node, x, second()?, input(inputs, 2)?))
        }
        "ScatterND" => first().and_then(|x| scatter_nd(node, x, second()?, input(inputs, 2)?)),
        "Compress" => first().and_then(|x| compress(node, x, second()?)),
        "ReverseSequence" => first().and_then(|x| reverse(node, x, second()?)),
        "Trilu" => first().and_then(|x| triangle(node, x, inputs.get(1).copied().flatten())),
        _ => return None,
    })
}

/// Both kinds of constants by the same places.
fn picked(x: &Constant, places: &ArrayD<usize>) -> Folded {
    check_count(places.len(), x.len())?;
    let dims = places.shape();
    match x {
        Constant::Float(_) => {
            let values = x.to_floats();
            Constant::floats(dims, places.iter().map(|place| values[*place]).collect())
        }
        Constant::Int(_) => {
            let values = x.to_ints();
            Constant::ints(dims, places.iter().map(|place| values[*place]).collect())
        }
    }
}

fn expand(x: &Constant, to: &Constant) -> Folded {
    let to = broadcast(x.dims(), &constant::dims(&to.to_ints())?)?;
    Ok(match x {
        Constant::Float(x) => Constant::Float(stretched(x, &to)?),
        Constant::Int(x) => Constant::Int(stretched(x, &to)?),
    })
}

fn stretched<T: Clone>(x: &ArcArray<T, IxDyn>, to: &[usize]) -> Result<ArcArray<T, IxDyn>, String> {
    x.broadcast(IxDyn(to)).map(|view| view.to_owned().into()).ok_or("shapes do not fit".into())
}

fn tile(x: &Constant, repeats: &Constant) -> Folded {
    let repeats = repeats.to_ints();
    if repeats.len() != x.dims().len() {
        return Err("one number of repeats for every axis is needed".into());
    }
    repeats.iter().enumerate().try_fold(x.clone(), |x, (axis, times)| {
        let size = x.len().saturating_mul(usize::try_from(*times).unwrap_or(usize::MAX));
        check_count(size, 0)?;
        match times {
            1 => Ok(x),
            _ => joined(&vec![&x; *times as usize], axis),
        }
    })
}

/// An index of an axis, which may count from the end.
fn place(index: i64, length: usize) -> Result<usize, String> {
    let from_start = if index < 0 { index.saturating_add(length as i64) } else { index };
    let place = usize::try_from(from_start).ok().filter(|place| *place < length);
    place.ok_or_else(|| format!("index {index} of {length} values"))
}

fn gather(node: &Node, x: &Constant, indices: &Constant) -> Folded {
    let axis = axis_of(node.int("axis").unwrap_or(0), x.dims().len())?;
    let length = x.dims()[axis];
    let places = indices.to_ints();
    let places: Vec<usize> = places.iter().map(|i| place(*i, length)).collect::<Result<_, _>>()?;
    check_count((x.len() / length.max(1)).saturating_mul(places.len()), x.len())?;
    let mut to = x.dims()[..axis].to_vec();
    to.extend(indices.dims());
    to.extend(&x.dims()[axis + 1..]);
    x.selected(axis, &places).reshaped(&to)
}

/// Row-major steps of the axes.
fn steps(dims: &[usize]) -> Vec<usize> {
    let mut steps = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        steps[axis - 1] = steps[axis] * dims[axis];
    }
    steps
}

/// For every element of `indices`, its offset in a value of `dims`, with the axis' own index
/// replaced.
fn element_places(axis: i64, dims: &[usize], indices: &Constant) -> Result<ArrayD<usize>, String> {
    let axis = axis_of(axis, dims.len())?;
    let fits = indices.dims().len() == dims.len()
        && (0..dims.len()).all(|other| other == axis || indices.dims()[other] <= dims[other]);
    if !fits {
        return Err(format!("indices of {:?} for {dims:?}", indices.dims()));
    }
    let steps = steps(dims);
    let own =
        ArrayD::from_shape_vec(indices.dims(), indices.to_ints()).map_err(|e| e.to_string())?;
    let places = own.indexed_iter().map(|(at, index)| {
        let at = at.as_array_view();
        let along =
            |(other, step): (usize, &usize)| if other == axis { 0 } else { at[other] * step };
        let base: usize = steps.iter().enumerate().map(along).sum();
        Ok(base + place(*index, dims[axis])? * steps[axis])
    });
    let places = places.collect::<Result<Vec<usize>, String>>()?;
    ArrayD::from_shape_vec(indices.dims(), places).map_err(|e| e.to_string())
}

fn gather_elements(node: &Node, x: &Constant, indices: &Constant) -> Folded {
    picked(x, &element_places(node.int("axis").unwrap_or(0), x.dims(), indices)?)
}

/// Where each index tuple of `indices` points to in a value of `dims`, and how many values lie
/// there.
fn tuple_places(
    dims: &[usize],
    indices: &Constant,
    batch: usize,
) -> Result<(Vec<usize>, usize), String> {
    let (Some(&count), Some(leading)) = (indices.dims().last(), indices.dims().get(..batch)) else {
        return Err("indices without axes".into());
    };
    let rest = dims.len().checked_sub(batch).filter(|rest| (1..=*rest).contains(&count));
    if rest.is_none() || dims.get(..batch) != Some(leading) {
        return Err(format!("indices of {:?} for {dims:?}", indices.dims()));
    }
    let steps = steps(dims);
    let slice = dims[batch + count..].iter().product();
    let all = indices.to_ints();
    let per_batch = all.len() / count / leading.iter().product::<usize>().max(1);
    let whole: usize = dims[batch..].iter().product();
    let starts = all.chunks_exact(count).enumerate().map(|(tuple, indices)| {
        let inside = indices
            .iter()
            .enumerate()
            .map(|(axis, index)| Ok(place(*index, dims[batch + axis])? * steps[batch + axis]));
        let inside: usize = inside.sum::<Result<usize, String>>()?;
        Ok(tuple / per_batch.max(1) * whole + inside)
    });
    Ok((starts.collect::<Result<_, String>>()?, slice))
}

fn gather_nd(node: &Node, x: &Constant, indices: &Constant) -> Folded {
    let batch = usize::try_from(node.int("batch_dims").unwrap_or(0)).map_err(|e| e.to_string())?;
    let (starts, slice) = tuple_places(x.dims(), indices, batch)?;
    let count = *indices.dims().last().ok_or("indices without axes")?;
    let mut to = indices.dims()[..indices.dims().len() - 1].to_vec();
    to.extend(&x.dims()[batch + count..]);
    check_count(starts.len().saturating_mul(slice), x.len())?;
    let places = starts.iter().flat_map(|start| *start..start + slice).collect();
    picked(x, &ArrayD::from_shape_vec(to, places).map_err(|e| e.to_string())?)
}

/// The value with others put at `places`; with a reduction they are counted in.
fn scattered(node: &Node, x: &Constant, places: &[usize], updates: &Constant) -> Folded {
    if places.len() != updates.len() {
        return Err(format!("{} values for {} places", updates.len(), places.len()));
    }
    let reduction: fn(f64, f64) -> f64 = match node.text("reduction").unwrap_or("none") {
        "none" => |_, new| new,
        "add" => |old, new| old + new,
        "mul" => |old, new| old * new,
        "max" => f64::max,
        "min" => f64::min,
        other => return Err(format!("a reduction {other} is not supported")),
    };
    let mut values = super::wide(x).into_iter().collect::<Vec<f64>>();
    for (place, new) in places.iter().zip(super::wide(updates)) {
        values[*place] = reduction(values[*place], new);
    }
    match x {
        Constant::Float(_) => {
            Constant::floats(x.dims(), values.into_iter().map(|v| v as f32).collect())
        }
        Constant::Int(_) => {
            Constant::ints(x.dims(), values.into_iter().map(|v| v as i64).collect())
        }
    }
}

fn scatter_elements(node: &Node, x: &Constant, indices: &Constant, updates: &Constant) -> Folded {
    let places = element_places(node.int("axis").unwrap_or(0), x.dims(), indices)?;
    scattered(node, x, places.as_slice().ok_or("no indices")?, updates)
}

fn scatter_nd(node: &Node, x: &Constant, indices: &Constant, updates: &Constant) -> Folded {
    let (starts, slice) = tuple_places(x.dims(), indices, 0)?;
    check_count(starts.len().saturating_mul(slice), x.len())?;
    let places: Vec<usize> = starts.iter().flat_map(|start| *start..start + slice).collect();
    scattered(node, x, &places, updates)
}

fn compress(node: &Node, x: &Constant, condition: &Constant) -> Folded {
    let (x, axis) = match node.int("axis") {
        Some(axis) => (x.clone(), axis_of(axis, x.dims().len())?),
        None => (x.reshaped(&[x.len()])?, 0),
    };
    let kept: Vec<usize> = condition
        .to_ints()
        .iter()
        .enumerate()
        .filter(|(_, on)| **on != 0)
        .map(|(i, _)| i)
        .collect();
    if kept.iter().any(|place| *place >= x.dims()[axis]) {
        return Err("a condition longer than its axis".into());
    }
    Ok(x.selected(axis, &kept))
}

/// The first values of every sequence backwards.
fn reverse(node: &Node, x: &Constant, lengths: &Constant) -> Folded {
    let axis =
        |name: &str, default: i64| axis_of(node.int(name).unwrap_or(default), x.dims().len());
    let (batch, time) = (axis("batch_axis", 1)?, axis("time_axis", 0)?);
    let lengths = lengths.to_ints();
    let fits = |length: &i64| usize::try_from(*length).is_ok_and(|length| length <= x.dims()[time]);
    if batch == time || lengths.len() != x.dims()[batch] || !lengths.iter().all(fits) {
        return Err("lengths that do not fit".into());
    }
    let steps = steps(x.dims());
    let places = ArrayD::from_shape_fn(x.dims(), |at| {
        let mut at = at.as_array_view().to_vec();
        let length = lengths[at[batch]] as usize;
        if at[time] < length {
            at[time] = length - 1 - at[time];
        }
        at.iter().zip(&steps).map(|(index, step)| index * step).sum::<usize>()
    });
    picked(x, &places)
}

/// The values on one side of a diagonal, zeros elsewhere.
fn triangle(node: &Node, x: &Constant, diagonal: Option<&Constant>) -> Folded {
    let diagonal = diagonal.and_then(|k| k.to_ints().first().copied()).unwrap_or(0);
    let upper = node.int("upper").unwrap_or(1) != 0;
    let [.., rows, columns] = *x.dims() else { return Err("a matrix is needed".into()) };
    let inside = |index: usize| {
        let (row, column) = (index / columns % rows, index % columns);
        let above = (column as i64 - row as i64).saturating_sub(diagonal);
        if upper { above >= 0 } else { above <= 0 }
    };
    match x {
        Constant::Float(_) => {
            let values = x.to_floats().into_iter().enumerate();
            let values = values.map(|(i, value)| if inside(i) { value } else { 0.0 });
            Constant::floats(x.dims(), values.collect())
        }
        Constant::Int(_) => {
            let values = x.to_ints().into_iter().enumerate();
            let values = values.map(|(i, value)| if inside(i) { value } else { 0 });
            Constant::ints(x.dims(), values.collect())
        }
    }
}

/// Whether the operator only moves values, so that [`fold`] of offsets is right for any values.
pub fn only_moves(node: &Node) -> bool {
    match node.op_type.as_str() {
        "Expand" | "Tile" | "Gather" | "GatherElements" | "GatherND" | "Compress"
        | "ReverseSequence" => true,
        "Scatter" | "ScatterElements" | "ScatterND" => {
            node.text("reduction").is_none_or(|reduction| reduction == "none")
        }
        _ => false,
    }
}
