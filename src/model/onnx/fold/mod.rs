//! Computing what does not depend on the picture: shapes, and weights made from weights.
//!
//! Integers, truth values and what moves or orders values are computed here; every other operator
//! is folded by the very nodes that it would be lowered to (`evaluate`).

mod arrays;
mod batch_norm;
mod cast;
mod choice;
mod evaluate;
mod function;
mod moves;

pub use arrays::{MOST_FOLDED, axis_of, broadcast, check_count};
pub use batch_norm::batch_norm;
pub use choice::eye;
pub use evaluate::evaluate;

use super::constant::{Constant, dims};
use super::proto::Node;
use arrays::{input, joined, stretched, wide, zip};
use function::{arithmetic, bitwise, is_comparison, pointwise};
use ndarray::{ArcArray, Axis, IxDyn, Zip};

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
    if let Some(function) = bitwise(node) {
        return one(first().and_then(|a| between_integers(a, second()?, function)));
    }
    if let Some(function) = arithmetic(node) {
        let several = inputs.iter().flatten().copied().skip(1);
        return one(first().and_then(|a| {
            several.clone().try_fold(a.clone(), |a, b| zip(&a, b, function, is_comparison(op)))
        }));
    }
    one(match op {
        "Identity" => first().cloned(),
        "Cast" => first().and_then(|x| cast::cast(node, x)),
        "CastLike" => first().and_then(|x| Ok(cast::like(x, second()?))),
        "Not" => first().map(|x| cast::truth(x, |v| v == 0.0)),
        "IsNaN" => first().map(|x| cast::truth(x, f64::is_nan)),
        "IsInf" => first().map(|x| cast::truth(x, choice::infinite(node))),
        "Shape" => first().map(|x| shape(node, x.dims())),
        "Size" => first().and_then(|x| Constant::ints(&[], vec![x.len() as i64])),
        "ConstantOfShape" => first().and_then(|x| constant_of_shape(node, x)),
        "EyeLike" => first().and_then(|x| eye(node, x.dims())),
        "Range" => range(inputs),
        "Where" => input(inputs, 0)
            .and_then(|condition| choose(condition, input(inputs, 1)?, input(inputs, 2)?)),
        "Clip" => first().and_then(|x| choice::clipped(node, x, inputs)),
        "DequantizeLinear" => first().and_then(|x| dequantised(node, x, inputs)),
        "Concat" => concat(node, inputs),
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" => {
            first().and_then(|x| reduce(node, x, inputs.get(1).copied().flatten()))
        }
        "ArgMax" | "ArgMin" => first().and_then(|x| choice::extreme(node, x)),
        "NonZero" => first().and_then(choice::nonzero),
        "OneHot" => first().and_then(|x| choice::one_hot(node, x, second()?, input(inputs, 2)?)),
        "TopK" => return Some(first().and_then(|x| choice::top(node, x, second().ok()))),
        _ => return moves::fold(node, inputs).map(|result| result.map(|value| vec![value])),
    })
}

/// The value of an operator that only moves values, or `Err` for one that does more.
pub fn moved(node: &Node, inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    match moves::fold(node, inputs).filter(|_| moves::only_moves(node)) {
        Some(result) => result,
        None => Err("it combines values that depend on the picture".into()),
    }
}

fn map(x: &Constant, function: fn(f64) -> f64) -> Constant {
    match x {
        Constant::Float(x) => Constant::Float(x.mapv(|v| function(f64::from(v)) as f32).into()),
        Constant::Int(x) => Constant::Int(x.mapv(|v| function(v as f64) as i64).into()),
    }
}

fn between_integers(
    a: &Constant,
    b: &Constant,
    function: fn(i64, i64) -> Option<i64>,
) -> Result<Constant, String> {
    let (Constant::Int(a), Constant::Int(b)) = (a, b) else {
        return Err("values that are not integers".into());
    };
    let dims = broadcast(a.shape(), b.shape())?;
    let stretched = |x: &ArcArray<i64, IxDyn>| x.broadcast(IxDyn(&dims)).map(|x| x.to_owned());
    let (a, b) =
        (stretched(a).ok_or("shapes do not fit")?, stretched(b).ok_or("shapes do not fit")?);
    let values = a.iter().zip(&b).map(|(a, b)| function(*a, *b)).collect::<Option<Vec<i64>>>();
    Constant::ints(&dims, values.ok_or("bits of a type that is not known")?)
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
    check_count(dims.iter().product(), 0)?;
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
    let number = |index: usize| {
        let value = wide(input(inputs, index)?);
        value.first().copied().ok_or("not a number".to_string())
    };
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?);
    let count = ((limit - start) / delta).ceil().max(0.0);
    // An infinite count saturates.
    check_count(count as usize, 0)?;
    let values = (0..count as usize).map(|i| start + i as f64 * delta);
    Ok(match input(inputs, 0)? {
        Constant::Int(_) => Constant::list(values.map(|v| v as i64).collect()),
        Constant::Float(_) => {
            Constant::floats(&[count as usize], values.map(|v| v as f32).collect())?
        }
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
    let part = |x: &Constant| stretched(&wide(x), &dims);
    let (condition, x, y) = (part(condition)?, part(a)?, part(b)?);
    let values = Zip::from(&condition)
        .and(&x)
        .and(&y)
        .map_collect(|condition, x, y| if *condition == 0.0 { *y } else { *x });
    Ok(match (a, b) {
        (Constant::Int(_), Constant::Int(_)) => Constant::Int(values.mapv(|v| v as i64).into()),
        _ => Constant::Float(values.mapv(|v| v as f32).into()),
    })
}

fn concat(node: &Node, inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    let parts: Vec<&Constant> = inputs.iter().flatten().copied().collect();
    let rank = parts.first().ok_or("no inputs")?.dims().len();
    joined(&parts, axis_of(node.int("axis").unwrap_or(0), rank)?)
}

fn reduce(node: &Node, x: &Constant, axes: Option<&Constant>) -> Result<Constant, String> {
    let rank = x.dims().len();
    let listed = axes.map(Constant::to_ints).or_else(|| node.ints("axes").map(<[i64]>::to_vec));
    let mut axes = match listed.filter(|axes| !axes.is_empty()) {
        Some(axes) => {
            axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>, _>>()?
        }
        None if node.int("noop_with_empty_axes").unwrap_or(0) != 0 => return Ok(x.clone()),
        None => (0..rank).collect(),
    };
    axes.sort_unstable();
    axes.dedup();
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
    let named = Node { op_type: name.into(), ..Node::default() };
    let function = arithmetic(&named).unwrap_or(|a, _| a);
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
