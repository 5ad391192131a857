//! Sums, products and their like.

use super::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Elementary, PRelu, Pointwise};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::{broadcast, choose};
use crate::model::onnx::lowering::{Call, Lowering, Value, along};
use crate::model::onnx::view::{Sides, View};

/// `Add`, `Sub`, `Mul`, `Div`, `Pow`, `Neg`, `Max`, `Min`, and `Sum` and `Mean` of several.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let op = call.node.op_type.as_str();
    let inputs: Vec<&Value> = call.inputs.iter().flatten().collect();
    match (op, inputs.as_slice()) {
        ("Neg", _) => scaled(net, call.activation(0)?, -1.0),
        ("Mod", [a, b]) => remainder(net, call, a, b),
        (_, [Value::Activation(x)]) => Ok(x.clone()),
        (_, [Value::Activation(x), Value::Constant(c)]) => after(net, op, x, c),
        (_, [Value::Constant(c), Value::Activation(x)]) => before(net, op, c, x),
        (_, [Value::Activation(a), Value::Activation(b)]) => between(net, op, a, b),
        ("Sum" | "Mean" | "Max" | "Min", [start, rest @ ..]) => several(net, op, start, rest),
        _ => Err("inputs that are not supported".into()),
    }
}

/// Three values and more, two at a time.
fn several(net: &mut Lowering, op: &str, start: &Value, rest: &[&Value]) -> Result<View> {
    let step = if op == "Mean" { "Sum" } else { op };
    let mut sum = start.clone();
    for value in rest {
        sum = net.apply(step, vec![], &[&sum, value])?;
    }
    let sum = net.view_of(&sum)?;
    match op {
        "Mean" => scaled(net, &sum, 1.0 / (rest.len() + 1) as f32),
        _ => Ok(sum),
    }
}

/// a − b·⌊a / b⌋, or with the quotient cut towards zero.
fn remainder(net: &mut Lowering, call: &Call, a: &Value, b: &Value) -> Result<View> {
    let quotient = net.apply("Div", vec![], &[a, b])?;
    let quotient = net.view_of(&quotient)?;
    let whole = match call.node.int("fmod").unwrap_or(0) {
        0 => Elementary::Floor,
        _ => Elementary::Truncate,
    };
    let whole = Value::Activation(super::logic::mask(net, &quotient, whole)?);
    let product = net.apply("Mul", vec![], &[b, &whole])?;
    let rest = net.apply("Sub", vec![], &[a, &product])?;
    net.view_of(&rest)
}

pub(super) fn scaled(net: &mut Lowering, x: &View, scale: f32) -> Result<View> {
    net.affine(x, Some(&Constant::floats(&[], vec![scale])?), None)
}

fn each(constant: &Constant, function: impl Fn(f32) -> f32) -> Result<Constant> {
    Constant::floats(constant.dims(), constant.to_floats().into_iter().map(function).collect())
}

/// The value of a constant that has one alone.
fn uniform(constant: &Constant) -> Option<f32> {
    let values = constant.to_floats();
    values.first().copied().filter(|first| values.iter().all(|value| value == first))
}

/// x ∘ constant.
fn after(net: &mut Lowering, op: &str, x: &View, c: &Constant) -> Result<View> {
    match op {
        "Add" | "Sum" => net.affine(x, None, Some(c)),
        "Sub" => net.affine(x, None, Some(&each(c, |v| -v)?)),
        "Mul" => net.affine(x, Some(c), None),
        "Div" => net.affine(x, Some(&each(c, f32::recip)?), None),
        "Mean" => {
            let half = Constant::floats(&[], vec![0.5])?;
            net.affine(x, Some(&half), Some(&each(c, |v| v / 2.0)?))
        }
        "Pow" => {
            let exponent = uniform(c).ok_or("one exponent for all values is needed")?;
            let dims = broadcast(&x.dims(), c.dims())?;
            let x = super::stretched(net, x, &dims)?;
            pointwise(net, &x, Pointwise::Power { exponent })
        }
        "Max" | "Min" => match (c.scalar().filter(|_| c.dims().len() <= x.rank()), op) {
            (Some(low), "Max") => pointwise(net, x, Pointwise::Clip { low, high: f32::INFINITY }),
            (Some(high), _) => pointwise(net, x, Pointwise::Clip { low: f32::NEG_INFINITY, high }),
            // max(x, c) = relu(x − c) + c, and min(x, c) = c − relu(c − x).
            (None, _) => {
                let sign = if op == "Max" { 1.0 } else { -1.0 };
                let scale = Constant::floats(&[], vec![sign])?;
                let moved = net.affine(x, Some(&scale), Some(&each(c, |v| -sign * v)?))?;
                let above = pointwise(net, &moved, Pointwise::Relu)?;
                net.affine(&above, Some(&scale), Some(c))
            }
        },
        _ => Err("a constant as second input".into()),
    }
}

/// constant ∘ x.
fn before(net: &mut Lowering, op: &str, c: &Constant, x: &View) -> Result<View> {
    match op {
        "Sub" => {
            let minus = Constant::floats(&[], vec![-1.0])?;
            net.affine(x, Some(&minus), Some(c))
        }
        "Div" => {
            let inverse = pointwise(net, x, Pointwise::Reciprocal)?;
            net.affine(&inverse, Some(c), None)
        }
        "Pow" => {
            if c.to_floats().iter().any(|base| *base <= 0.0) {
                return Err("powers of values that are not positive".into());
            }
            let exponent = net.affine(x, Some(&each(c, f32::ln)?), None)?;
            pointwise(net, &exponent, Pointwise::Exp)
        }
        _ => after(net, op, x, c),
    }
}

fn pointwise(net: &mut Lowering, x: &View, function: Pointwise) -> Result<View> {
    Ok(x.with_node(net.add(function, &[x.node])?))
}

/// Two values that depend on the picture.
fn between(net: &mut Lowering, op: &str, a: &View, b: &View) -> Result<View> {
    if op == "Mul"
        && let Some(gated) = gated(net, a, b)?.or(gated(net, b, a)?)
    {
        return Ok(gated);
    }
    match op {
        "Add" | "Sum" => combined(net, Arithmetic::Add, a, b),
        "Sub" => combined(net, Arithmetic::Subtract, a, b),
        "Mul" => combined(net, Arithmetic::Multiply, a, b),
        "Div" => combined(net, Arithmetic::Divide, a, b),
        "Mean" => {
            let sum = combined(net, Arithmetic::Add, a, b)?;
            scaled(net, &sum, 0.5)
        }
        // max(a, b) = a + relu(b − a), and min(a, b) = a − relu(a − b).
        "Max" => {
            let above = combined(net, Arithmetic::Subtract, b, a)?;
            let above = pointwise(net, &above, Pointwise::Relu)?;
            combined(net, Arithmetic::Add, a, &above)
        }
        "Min" => {
            let above = combined(net, Arithmetic::Subtract, a, b)?;
            let above = pointwise(net, &above, Pointwise::Relu)?;
            combined(net, Arithmetic::Subtract, a, &above)
        }
        _ => Err("two inputs that depend on the picture".into()),
    }
}

/// x·sigmoid(x) and x·hardsigmoid(x), which exporters write apart, are one activation.
fn gated(net: &mut Lowering, x: &View, gate: &View) -> Result<Option<View>> {
    use crate::graph::Op;
    let node = net.node(gate.node);
    let function = match &node.op {
        Op::Pointwise(Pointwise::Sigmoid) => Pointwise::Silu,
        Op::Pointwise(Pointwise::HardSigmoid { slope, offset })
            if (slope - 1.0 / 6.0).abs() < 1e-6 && *offset == 0.5 =>
        {
            Pointwise::HardSwish
        }
        _ => return Ok(None),
    };
    match node.inputs[..] == [x.node] && *x == gate.with_node(x.node) {
        true => pointwise(net, x, function).map(Some),
        false => Ok(None),
    }
}

/// Two values, the shorter axes of one stretched to the other's.
pub(super) fn combined(net: &mut Lowering, op: Arithmetic, a: &View, b: &View) -> Result<View> {
    let (inputs, dims, sides) = together(net, &[a, b])?;
    let node = net.add(op, &inputs)?;
    Ok(View::ordered(node, &dims, &sides.concat()))
}

/// Nodes of values that are used together, their dimensions in all and the sides that these have
/// in every node.
pub(super) fn together(
    net: &mut Lowering,
    views: &[&View],
) -> Result<(Vec<NodeId>, Vec<usize>, Sides)> {
    let dims = views.iter().try_fold(vec![], |dims, view| broadcast(&dims, &view.dims()))?;
    let mut views: Vec<View> = views.iter().map(|view| view.with_rank(dims.len())).collect();
    let all_fit = |views: &[View], sides: &Sides| views.iter().all(|v| fits(v, &dims, sides));
    let full = views.iter().find(|view| view.dims() == dims).cloned();
    let mut sides = match full {
        Some(view) => net.aligned(&view)?.1,
        None => by_length(&dims),
    };
    if !all_fit(&views, &sides) {
        sides = by_length(&dims);
    }
    if !all_fit(&views, &sides) {
        for view in &mut views {
            *view = super::stretched(net, view, &dims)?;
        }
    }
    let nodes = views.iter().map(|view| net.placed(view, &sides)).collect::<Result<_>>()?;
    Ok((nodes, dims, sides))
}

/// One long axis a side, the rest along the last.
fn by_length(dims: &[usize]) -> Sides {
    let mut long = (0..dims.len()).filter(|axis| dims[*axis] != 1);
    [long.next().into_iter().collect(), long.next().into_iter().collect(), long.collect()]
}

/// Whether every side is whole in a view or missing from it.
fn fits(view: &View, dims: &[usize], sides: &Sides) -> bool {
    let own = view.dims();
    sides.iter().all(|side| {
        let whole = side.iter().all(|axis| own[*axis] == dims[*axis]);
        whole || side.iter().all(|axis| own[*axis] == 1)
    })
}

pub fn prelu(net: &mut Lowering, call: &Call) -> Result<View> {
    let slopes = call.needed_constant(1)?;
    let (view, sides) = net.aligned(call.activation(0)?)?;
    let (values, shape) = along(slopes, &view, &sides)?;
    let prelu = PRelu::new(values, shape, net.device());
    Ok(view.with_node(net.add(prelu, &[view.node])?))
}

/// α·elu(x / α).
pub fn celu(net: &mut Lowering, call: &Call) -> Result<View> {
    let alpha = call.node.float("alpha").unwrap_or(1.0);
    let narrowed = scaled(net, call.activation(0)?, 1.0 / alpha)?;
    pointwise(net, &narrowed, Pointwise::Elu { alpha: 1.0, scale: alpha })
}

/// x / (1 + |x|).
pub fn softsign(net: &mut Lowering, call: &Call) -> Result<View> {
    let x = call.activation(0)?.clone();
    let size = pointwise(net, &x, Pointwise::Abs)?;
    let one = Constant::floats(&[], vec![1.0])?;
    let divisor = net.affine(&size, None, Some(&one))?;
    combined(net, Arithmetic::Divide, &x, &divisor)
}

/// A constant mask chooses: a·mask + b·(1 − mask).
pub(super) fn choice(net: &mut Lowering, call: &Call) -> Result<View> {
    let condition = call.needed_constant(0)?;
    let mask = each(condition, |v| f32::from(u8::from(v != 0.0)))?;
    let rest = each(&mask, |v| 1.0 - v)?;
    match (&call.inputs[..], call.inputs.len()) {
        // What is hidden counts for nothing, an infinite value too.
        ([_, Some(Value::Activation(a)), Some(Value::Activation(b))], 3) => {
            let a = net.affine(a, Some(&mask), None)?;
            let b = net.affine(b, Some(&rest), None)?;
            combined(net, Arithmetic::Add, &a, &b)
        }
        ([_, Some(Value::Activation(a)), Some(Value::Constant(b))], 3) => {
            let b = masked(b, &rest)?;
            net.affine(a, Some(&mask), Some(&b))
        }
        ([_, Some(Value::Constant(a)), Some(Value::Activation(b))], 3) => {
            let a = masked(a, &mask)?;
            net.affine(b, Some(&rest), Some(&a))
        }
        _ => Err("an input is missing".into()),
    }
}

/// Where the mask is 0 a constant counts for nothing, an infinite one too.
fn masked(constant: &Constant, mask: &Constant) -> Result<Constant> {
    let zero = Constant::floats(&[], vec![0.0])?;
    choose(mask, constant, &zero)
}
