//! Operators that are a few others one after the other.

use super::Result;
use super::reduce::over;
use crate::graph::op::{Elementary, Pointwise};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::view::View;

fn number(value: f32) -> Result<Value> {
    Ok(Value::Constant(Constant::floats(&[], vec![value])?))
}

fn first(call: &Call) -> Result<Value> {
    call.inputs.first().and_then(Option::clone).ok_or_else(|| "input 0 is missing".into())
}

/// x / √(mean x² + ε) · scale along the last axes.
pub fn root_mean_square_norm(net: &mut Lowering, call: &Call) -> Result<Value> {
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("axis").unwrap_or(-1), view.rank())?;
    let axes: Vec<usize> = (axis..view.rank()).collect();
    let square = view.with_node(net.add(Pointwise::Power { exponent: 2.0 }, &[view.node])?);
    let mean = Value::Activation(over(net, &square, &axes, "ReduceMean")?);
    let epsilon = number(call.node.float("epsilon").unwrap_or(1e-5))?;
    let sum = net.apply("Add", vec![], &[&mean, &epsilon])?;
    let root = net.apply("Sqrt", vec![], &[&sum])?;
    let normed = net.apply("Div", vec![], &[&Value::Activation(view), &root])?;
    match call.inputs.get(1) {
        Some(Some(scale)) => net.apply("Mul", vec![], &[&normed, scale]),
        _ => Ok(normed),
    }
}

/// (x − mean) / deviation along axes.
pub fn mean_variance_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axes = call.node.ints("axes").unwrap_or(&[0, 2, 3]);
    let axes = axes.iter().map(|a| axis_of(*a, view.rank())).collect::<Result<Vec<_>>>()?;
    super::statistics::standardised(net, &view, &axes, 1e-9)
}

/// x nearer to 0 by the bias where it is farther than λ, else 0.
pub fn shrink(net: &mut Lowering, call: &Call) -> Result<Value> {
    let x = first(call)?;
    let (bias, bound) =
        (call.node.float("bias").unwrap_or(0.0), call.node.float("lambd").unwrap_or(0.5));
    let mut side = |operator: &str, bound: f32, bias: f32| {
        let mask = net.apply(operator, vec![], &[&x, &number(bound)?])?;
        let moved = net.apply("Add", vec![], &[&x, &number(bias)?])?;
        net.apply("Where", vec![], &[&mask, &moved, &number(0.0)?])
    };
    let (above, below) = (side("Greater", bound, -bias)?, side("Less", -bound, bias)?);
    net.apply("Add", vec![], &[&above, &below])
}

/// A swish of the first half times the second.
pub fn gated_swish(net: &mut Lowering, call: &Call, alpha: f32) -> Result<Value> {
    let x = first(call)?;
    let scaled = net.apply("Mul", vec![], &[&x, &number(alpha)?])?;
    let gate = net.apply("Sigmoid", vec![], &[&scaled])?;
    net.apply("Mul", vec![], &[&x, &gate])
}

/// Bounds that depend on the picture, or have a value for each.
pub fn clip(net: &mut Lowering, call: &Call) -> Result<Value> {
    let mut value = first(call)?;
    for (index, operator) in [(1, "Max"), (2, "Min")] {
        if let Some(Some(bound)) = call.inputs.get(index) {
            value = net.apply(operator, vec![], &[&value, bound])?;
        }
    }
    Ok(value)
}

/// max(x, 0) + slope·min(x, 0) with a slope that depends on the picture.
pub fn prelu(net: &mut Lowering, call: &Call) -> Result<Value> {
    let (x, slope) = (first(call)?, call.inputs.get(1).and_then(Option::clone));
    let zero = number(0.0)?;
    let above = net.apply("Max", vec![], &[&x, &zero])?;
    let below = net.apply("Min", vec![], &[&x, &zero])?;
    let sloped = net.apply("Mul", vec![], &[&slope.ok_or("no slope")?, &below])?;
    net.apply("Add", vec![], &[&above, &sloped])
}

/// The functions that have no variant of their own among activations.
pub fn elementary(call: &Call) -> Option<Elementary> {
    let wanted = |name: &str| call.node.int(name).unwrap_or(1) != 0;
    Some(match call.node.op_type.as_str() {
        "Sin" => Elementary::Sin,
        "Cos" => Elementary::Cos,
        "Tan" => Elementary::Tan,
        "Asin" => Elementary::Asin,
        "Acos" => Elementary::Acos,
        "Atan" => Elementary::Atan,
        "Sinh" => Elementary::Sinh,
        "Cosh" => Elementary::Cosh,
        "Asinh" => Elementary::Asinh,
        "Acosh" => Elementary::Acosh,
        "Atanh" => Elementary::Atanh,
        "Floor" => Elementary::Floor,
        "Ceil" => Elementary::Ceil,
        "Round" => Elementary::Round,
        "IsNaN" => Elementary::IsNan,
        "IsInf" => Elementary::IsInfinite {
            positive: wanted("detect_positive"),
            negative: wanted("detect_negative"),
        },
        _ => return None,
    })
}
