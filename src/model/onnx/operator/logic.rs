//! Comparisons and truth values that depend on the picture: masks of zeros and ones, whose
//! derivative is 0, and choices by them.

use super::Result;
use super::arithmetic::{choice, scaled, together};
use crate::graph::Op;
use crate::graph::op::{Elementary, Pointwise};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::view::View;

/// `Greater`, `Less`, `Equal`, `And`, `Not` and their like.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<Value> {
    let input = |index: usize| {
        let value = call.inputs.get(index).and_then(Option::as_ref);
        value.cloned().ok_or_else(|| format!("input {index} is missing"))
    };
    let a = input(0)?;
    if call.node.op_type == "Not" {
        return inverse(net, &a);
    }
    let b = input(1)?;
    match call.node.op_type.as_str() {
        "Greater" => above(net, &a, &b),
        "Less" => above(net, &b, &a),
        "GreaterOrEqual" => above(net, &b, &a).and_then(|mask| inverse(net, &mask)),
        "LessOrEqual" => above(net, &a, &b).and_then(|mask| inverse(net, &mask)),
        "Equal" => equal(net, &a, &b),
        "And" => net.apply("Mul", vec![], &[&a, &b]),
        // a + b − a·b, and a + b − 2·a·b.
        op => {
            let both = net.apply("Mul", vec![], &[&a, &b])?;
            let both = match op {
                "Xor" => net.apply("Add", vec![], &[&both, &both])?,
                _ => both,
            };
            let sum = net.apply("Add", vec![], &[&a, &b])?;
            net.apply("Sub", vec![], &[&sum, &both])
        }
    }
}

/// 1 − mask.
fn inverse(net: &mut Lowering, mask: &Value) -> Result<Value> {
    let one = Value::Constant(Constant::floats(&[], vec![1.0])?);
    net.apply("Sub", vec![], &[&one, mask])
}

pub(super) fn mask(net: &mut Lowering, view: &View, function: Elementary) -> Result<View> {
    Ok(view.with_node(net.add(Pointwise::Elementary(function), &[view.node])?))
}

/// A constant that is one number beside another value.
fn number(value: &Value, other: &Value) -> Option<f32> {
    match value {
        Value::Constant(constant) if constant.dims().len() <= other.dims().len() => {
            constant.scalar()
        }
        _ => None,
    }
}

/// 1 where a > b.
fn above(net: &mut Lowering, a: &Value, b: &Value) -> Result<Value> {
    let compared = match (a, number(a, b), b, number(b, a)) {
        (Value::Activation(a), _, _, Some(threshold)) => {
            mask(net, a, Elementary::Above { threshold })?
        }
        (_, Some(number), Value::Activation(b), _) => {
            let turned = scaled(net, b, -1.0)?;
            mask(net, &turned, Elementary::Above { threshold: -number })?
        }
        _ => {
            let difference = net.apply("Sub", vec![], &[a, b])?;
            let difference = net.view_of(&difference)?;
            mask(net, &difference, Elementary::Above { threshold: 0.0 })?
        }
    };
    Ok(Value::Activation(compared))
}

fn equal(net: &mut Lowering, a: &Value, b: &Value) -> Result<Value> {
    let compared = match (a, b, number(a, b).or(number(b, a))) {
        (Value::Activation(x), _, Some(value)) | (_, Value::Activation(x), Some(value)) => {
            mask(net, x, Elementary::Equal { value })?
        }
        _ => {
            let difference = net.apply("Sub", vec![], &[a, b])?;
            let difference = net.view_of(&difference)?;
            mask(net, &difference, Elementary::Equal { value: 0.0 })?
        }
    };
    Ok(Value::Activation(compared))
}

/// Values as another type: whole numbers lose what follows the point, truth values are not 0.
pub fn cast(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let to = match (call.node.op_type.as_str(), call.inputs.get(1)) {
        ("CastLike", Some(Some(Value::Constant(Constant::Int(_))))) => 7,
        ("CastLike", _) => 1,
        _ => call.node.int("to").unwrap_or(1),
    };
    match to {
        9 => {
            let nothing = mask(net, &view, Elementary::Equal { value: 0.0 })?;
            let one = Constant::floats(&[], vec![1.0])?;
            let turned = Constant::floats(&[], vec![-1.0])?;
            net.affine(&nothing, Some(&turned), Some(&one))
        }
        // What a network takes in whole numbers has them already.
        2..=7 | 12 | 13 if !net.is_picture(&view) => mask(net, &view, Elementary::Truncate),
        _ => Ok(view),
    }
}

/// `Where`: by a constant mask, or by one that depends on the picture.
pub fn choose(net: &mut Lowering, call: &Call) -> Result<View> {
    let [Some(condition), Some(a), Some(b)] = &call.inputs[..] else {
        return Err("an input is missing".into());
    };
    let Value::Activation(condition) = condition else { return choice(net, call) };
    let (a, b) = (net.view_of(a)?, net.view_of(b)?);
    let (nodes, dims, sides) = together(net, &[condition, &a, &b])?;
    let node = net.add(Op::Choose, &nodes)?;
    Ok(View::ordered(node, &dims, &sides.concat()))
}
