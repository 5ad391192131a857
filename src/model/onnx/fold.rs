//! Computing what does not depend on the picture: shapes, and weights made from weights.

use super::constant::{Constant, dims};
use super::proto::Node;
use ndarray::{ArcArray, ArrayD, Axis, IxDyn, Zip};

/// Values that a computation between constants may give; more is a damaged file.
pub const MOST_FOLDED: usize = 1 << 26;

/// The outputs of an operator whose inputs are all constants; `None` for one that is not known.
///
/// # Errors
/// When the inputs do not fit the operator.
pub fn fold(node: &Node, inputs: &[Option<&Constant>]) -> Option<Result<Vec<Constant>, String>> {
    let one = |result: Result<Constant, String>| Some(result.map(|value| vec![value]));
    let first = || inputs.first().copied().flatten().ok_or_else(|| "an input is missing".into());
    let second = || input(inputs, 1);
    let op = node.op_type.as_str();
    if let Some(function) = pointwise(op) {
        return one(first().map(|x| map(x, function)));
    }
    if let Some(function) = arithmetic(op) {
        return one(first().and_then(|a| zip(a, second()?, function, is_comparison(op))));
    }
    one(match op {
        "Identity" | "Dropout" => first().cloned(),
        "Cast" => first().map(|x| cast(x, node.int("to").unwrap_or(1))),
        "Shape" => first().map(|x| shape(node, x.dims())),
        "Size" => first().map(|x| Constant::list(vec![x.len() as i64])),
        "ConstantOfShape" => first().and_then(|x| constant_of_shape(node, x)),
        "Range" => range(inputs),
        "Where" => input(inputs, 0)
            .and_then(|condition| choose(condition, input(inputs, 1)?, input(inputs, 2)?)),
        "DequantizeLinear" => first().and_then(|x| dequantised(node, x, inputs)),
        "Expand" => first().and_then(|x| expand(x, second()?)),
        "Tile" => first().and_then(|x| tile(x, second()?)),
        "Gather" => first().and_then(|x| gather(node, x, second()?)),
        "Concat" => concat(node, inputs),
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" => {
            first().and_then(|x| reduce(node, x, inputs.get(1).copied().flatten()))
        }
        _ => return None,
    })
}

fn input<'a>(inputs: &[Option<&'a Constant>], index: usize) -> Result<&'a Constant, String> {
    inputs.get(index).copied().flatten().ok_or_else(|| format!("input {index} is missing"))
}

fn pointwise(op: &str) -> Option<fn(f64) -> f64> {
    Some(match op {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Round" => f64::round_ties_even,
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Reciprocal" => f64::recip,
        "Not" => |x| f64::from(x == 0.0),
        "Relu" => |x| x.max(0.0),
        "Sigmoid" => |x| 1.0 / (1.0 + (-x).exp()),
        "Tanh" => f64::tanh,
        _ => return None,
    })
}

fn arithmetic(op: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match op {
        "Add" | "Sum" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Pow" => f64::powf,
        "Max" => f64::max,
        "Min" => f64::min,
        "Mod" => |a, b| a - (a / b).floor() * b,
        "Equal" => |a, b| f64::from(a == b),
        "Less" => |a, b| f64::from(a < b),
        "Greater" => |a, b| f64::from(a > b),
        "LessOrEqual" => |a, b| f64::from(a <= b),
        "GreaterOrEqual" => |a, b| f64::from(a >= b),
        "And" => |a, b| f64::from(a != 0.0 && b != 0.0),
        "Or" => |a, b| f64::from(a != 0.0 || b != 0.0),
        _ => return None,
    })
}

fn is_comparison(op: &str) -> bool {
    matches!(op, "Equal" | "Less" | "Greater" | "LessOrEqual" | "GreaterOrEqual" | "And" | "Or")
}

fn map(x: &Constant, function: fn(f64) -> f64) -> Constant {
    match x {
        Constant::Float(x) => Constant::Float(x.mapv(|v| function(f64::from(v)) as f32).into()),
        Constant::Int(x) => Constant::Int(x.mapv(|v| function(v as f64) as i64).into()),
    }
}

/// Integers stay integers: a quotient of two is cut towards zero.
fn zip(
    a: &Constant,
    b: &Constant,
    function: fn(f64, f64) -> f64,
    comparison: bool,
) -> Result<Constant, String> {
    let whole = matches!((a, b), (Constant::Int(_), Constant::Int(_)));
    let (a, b) = (wide(a), wide(b));
    let dims = broadcast(a.shape(), b.shape())?;
    let stretched = |x: &ArrayD<f64>| {
        x.broadcast(IxDyn(&dims)).map(|view| view.to_owned()).ok_or("shapes that do not fit")
    };
    let (a, b) = (stretched(&a)?, stretched(&b)?);
    let values = Zip::from(&a).and(&b).map_collect(|a, b| function(*a, *b));
    Ok(match whole || comparison {
        true => Constant::Int(values.mapv(|v| v as i64).into()),
        false => Constant::Float(values.mapv(|v| v as f32).into()),
    })
}

fn wide(x: &Constant) -> ArrayD<f64> {
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
    let count = dims.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim));
    match count.is_some_and(|count| count <= MOST_FOLDED) {
        true => Ok(dims),
        false => Err(format!("dimensions {dims:?} are too large")),
    }
}

/// Integer types and truth values by their codes in the format.
fn cast(x: &Constant, to: i64) -> Constant {
    match (x, to) {
        (Constant::Float(x), 2..=7 | 12 | 13) => Constant::Int(x.mapv(|v| v as i64).into()),
        (Constant::Float(x), 9) => Constant::Int(x.mapv(|v| i64::from(v != 0.0)).into()),
        (Constant::Int(x), 1 | 10 | 11 | 16) => Constant::Float(x.mapv(|v| v as f32).into()),
        _ => x.clone(),
    }
}

/// The dimensions of a value, as a constant.
pub fn shape(node: &Node, dims: &[usize]) -> Constant {
    let rank = dims.len() as i64;
    let bound = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
    let (start, end) =
        (bound(node.int("start").unwrap_or(0)), bound(node.int("end").unwrap_or(rank)));
    let part = dims.get(start..end).unwrap_or(&[]);
    Constant::list(part.iter().map(|dim| *dim as i64).collect())
}

fn constant_of_shape(node: &Node, shape: &Constant) -> Result<Constant, String> {
    let dims = dims(&shape.to_ints())?;
    if dims.iter().product::<usize>() > MOST_FOLDED {
        return Err(format!("dimensions {dims:?} are too large"));
    }
    let value = match node.tensor("value") {
        Some(tensor) => Constant::decode(tensor, std::path::Path::new(""))?,
        None => Constant::list(vec![0]),
    };
    let zero = || Constant::floats(&dims, vec![0.0; dims.iter().product()]);
    Ok(match value {
        Constant::Float(x) => {
            Constant::Float(ArcArray::from_elem(IxDyn(&dims), *x.first().ok_or("no value")?))
        }
        Constant::Int(_) if node.tensor("value").is_none() => zero()?,
        Constant::Int(x) => {
            Constant::Int(ArcArray::from_elem(IxDyn(&dims), *x.first().ok_or("no value")?))
        }
    })
}

fn range(inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    let number = |index: usize| input(inputs, index)?.scalar().ok_or("not a number".to_string());
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?);
    let count = ((limit - start) / delta).ceil().max(0.0);
    if !count.is_finite() || count as usize > MOST_FOLDED {
        return Err("the range is too long".into());
    }
    let values = (0..count as usize).map(|i| start + i as f32 * delta);
    Ok(match input(inputs, 0)? {
        Constant::Int(_) => Constant::list(values.map(|v| v as i64).collect()),
        Constant::Float(_) => Constant::floats(&[count as usize], values.collect())?,
    })
}

/// (x − zero point)·scale, each of all values or of those along an axis.
fn dequantised(
    node: &Node,
    x: &Constant,
    inputs: &[Option<&Constant>],
) -> Result<Constant, String> {
    let axis = node.int("axis").unwrap_or(1);
    let along_axis = |constant: &Constant| {
        if constant.len() == 1 {
            return constant.reshaped(&[]);
        }
        let axis = axis_of(axis, x.dims().len())?;
        let mut dims = vec![1; x.dims().len()];
        dims[axis] = constant.len();
        constant.reshaped(&dims)
    };
    let centred = match inputs.get(2).copied().flatten() {
        Some(zero) => zip(x, &along_axis(zero)?, |a, b| a - b, false)?,
        None => x.clone(),
    };
    zip(&centred, &along_axis(input(inputs, 1)?)?, |a, b| a * b, false)
}

/// a where the condition holds, and b elsewhere.
pub fn choose(condition: &Constant, a: &Constant, b: &Constant) -> Result<Constant, String> {
    let dims = broadcast(&broadcast(condition.dims(), a.dims())?, b.dims())?;
    let stretched = |x: &Constant| {
        let wide = wide(x);
        wide.broadcast(IxDyn(&dims)).map(|view| view.to_owned()).ok_or("shapes that do not fit")
    };
    let (condition, x, y) = (stretched(condition)?, stretched(a)?, stretched(b)?);
    let values = Zip::from(&condition)
        .and(&x)
        .and(&y)
        .map_collect(|condition, x, y| if *condition == 0.0 { *y } else { *x });
    Ok(match (a, b) {
        (Constant::Int(_), Constant::Int(_)) => Constant::Int(values.mapv(|v| v as i64).into()),
        _ => Constant::Float(values.mapv(|v| v as f32).into()),
    })
}

fn expand(x: &Constant, to: &Constant) -> Result<Constant, String> {
    let to = broadcast(x.dims(), &dims(&to.to_ints())?)?;
    Ok(match x {
        Constant::Float(x) => Constant::Float(stretched(x, &to)?),
        Constant::Int(x) => Constant::Int(stretched(x, &to)?),
    })
}

fn stretched<T: Clone>(x: &ArcArray<T, IxDyn>, to: &[usize]) -> Result<ArcArray<T, IxDyn>, String> {
    x.broadcast(IxDyn(to)).map(|view| view.to_owned().into()).ok_or("shapes do not fit".into())
}

fn tile(x: &Constant, repeats: &Constant) -> Result<Constant, String> {
    let repeats = repeats.to_ints();
    if repeats.len() != x.dims().len() {
        return Err("one number of repeats for every axis is needed".into());
    }
    repeats.iter().enumerate().try_fold(x.clone(), |x, (axis, times)| {
        let size = x.len().saturating_mul(usize::try_from(*times).unwrap_or(usize::MAX));
        if size > MOST_FOLDED {
            return Err("the result is too large".into());
        }
        match times {
            1 => Ok(x),
            _ => joined(&vec![&x; *times as usize], axis),
        }
    })
}

fn gather(node: &Node, x: &Constant, indices: &Constant) -> Result<Constant, String> {
    let axis = axis_of(node.int("axis").unwrap_or(0), x.dims().len())?;
    let length = x.dims()[axis] as i64;
    let place = |i: &i64| if *i < 0 { *i + length } else { *i };
    let places: Vec<usize> = indices
        .to_ints()
        .iter()
        .map(|i| usize::try_from(place(i)).ok().filter(|i| (*i as i64) < length))
        .collect::<Option<_>>()
        .ok_or("an index is out of range")?;
    let count = x.len() / x.dims()[axis].max(1);
    if count.saturating_mul(places.len()) > MOST_FOLDED {
        return Err("the result is too large".into());
    }
    let mut to = x.dims()[..axis].to_vec();
    to.extend(indices.dims());
    to.extend(&x.dims()[axis + 1..]);
    x.selected(axis, &places).reshaped(&to)
}

fn concat(node: &Node, inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    let parts: Vec<&Constant> = inputs.iter().flatten().copied().collect();
    let rank = parts.first().ok_or("no inputs")?.dims().len();
    joined(&parts, axis_of(node.int("axis").unwrap_or(0), rank)?)
}

/// Constants one after the other along an axis.
fn joined(parts: &[&Constant], axis: usize) -> Result<Constant, String> {
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

fn reduce(node: &Node, x: &Constant, axes: Option<&Constant>) -> Result<Constant, String> {
    let rank = x.dims().len();
    let listed = axes.map(Constant::to_ints).or_else(|| node.ints("axes").map(<[i64]>::to_vec));
    let mut axes = match listed {
        Some(axes) => {
            axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>, _>>()?
        }
        None => (0..rank).collect(),
    };
    axes.sort_unstable();
    let start: f64 = match node.op_type.as_str() {
        "ReduceProd" => 1.0,
        "ReduceSum" => 0.0,
        "ReduceMax" => f64::NEG_INFINITY,
        _ => f64::INFINITY,
    };
    let name = match node.op_type.as_str() {
        "ReduceProd" => "Mul",
        "ReduceSum" => "Add",
        "ReduceMax" => "Max",
        _ => "Min",
    };
    let function = arithmetic(name).unwrap_or(|a, _| a);
    let mut values = wide(x);
    for axis in axes.iter().rev() {
        values = values.fold_axis(Axis(*axis), start, |a, b| function(*a, *b));
        if node.int("keepdims").unwrap_or(1) != 0 {
            values = values.insert_axis(Axis(*axis));
        }
    }
    Ok(match x {
        Constant::Float(_) => Constant::Float(values.mapv(|v| v as f32).into()),
        Constant::Int(_) => Constant::Int(values.mapv(|v| v as i64).into()),
    })
}

/// The index of an axis that may be counted from the end.
pub fn axis_of(axis: i64, rank: usize) -> Result<usize, String> {
    let index = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(index)
        .ok()
        .filter(|index| *index < rank)
        .ok_or_else(|| format!("axis {axis} of a value with {rank} axes"))
}

impl Constant {
    pub fn reshaped(&self, dims: &[usize]) -> Result<Self, String> {
        match self {
            Constant::Float(_) => Self::floats(dims, self.to_floats()),
            Constant::Int(_) => Self::ints(dims, self.to_ints()),
        }
    }

    pub fn transposed(&self, order: &[usize]) -> Self {
        match self {
            Constant::Float(x) => Constant::Float(x.clone().permuted_axes(IxDyn(order))),
            Constant::Int(x) => Constant::Int(x.clone().permuted_axes(IxDyn(order))),
        }
    }

    /// Chosen indices of an axis.
    pub fn selected(&self, axis: usize, indices: &[usize]) -> Self {
        match self {
            Constant::Float(x) => Constant::Float(x.select(Axis(axis), indices).into()),
            Constant::Int(x) => Constant::Int(x.select(Axis(axis), indices).into()),
        }
    }
}
