//! Softmax, and the norms that take their statistics from the value itself.

use super::Result;
use super::reduce::over;
use super::unfolded::sizes;
use crate::graph::Op;
use crate::graph::op::{Axes, LocalResponse, Pointwise, Standardise};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::view::View;

pub fn softmax(net: &mut Lowering, call: &Call) -> Result<View> {
    let node = call.node;
    let view = call.activation(0)?.clone();
    let old = call.opset < 13;
    let axis = axis_of(node.int("axis").unwrap_or(if old { 1 } else { -1 }), view.rank())?;
    let axes: Vec<usize> = if old { (axis..view.rank()).collect() } else { vec![axis] };
    let (from, sides, covered) = net.covering(&view, &axes)?;
    let mut result = net.add(Op::Softmax(chosen(covered)), &[from])?;
    if node.op_type == "LogSoftmax" {
        result = net.add(Pointwise::Log, &[result])?;
    }
    Ok(View::ordered(result, &view.dims(), &sides.concat()))
}

fn chosen([channels, rows, columns]: [bool; 3]) -> Axes {
    Axes { channels, rows, columns }
}

pub fn local_response(net: &mut Lowering, call: &Call) -> Result<View> {
    let node = call.node;
    let view = call.activation(0)?.clone();
    let sides = match view.rank() {
        3 => [vec![1], vec![0], vec![2]],
        // Several pictures lie below one another.
        4 => [vec![1], vec![0, 2], vec![3]],
        _ => return Err(format!("a value of {:?}", view.dims())),
    };
    let from = net.placed(&view, &sides)?;
    let size = node.int("size").and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| *size > 0).ok_or("no size")?;
    let float = |name: &str, default: f32| node.float(name).unwrap_or(default);
    let constants = [float("alpha", 1e-4), float("beta", 0.75), float("bias", 1.0)];
    let norm = LocalResponse::new(net.shape(from).channels, size, constants, net.device());
    Ok(View::ordered(net.add(norm, &[from])?, &view.dims(), &sides.concat()))
}

/// (x − mean) / √(variance + ε) along axes.
pub(super) fn standardised(
    net: &mut Lowering,
    view: &View,
    axes: &[usize],
    epsilon: f32,
) -> Result<View> {
    let (from, sides, covered) = net.covering(view, axes)?;
    let node = net.add(Standardise { axes: chosen(covered), epsilon }, &[from])?;
    Ok(View::ordered(node, &view.dims(), &sides.concat()))
}

fn epsilon(call: &Call) -> f32 {
    call.node.float("epsilon").unwrap_or(1e-5)
}

pub fn instance_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axes: Vec<usize> = (2..view.rank()).collect();
    let normed = standardised(net, &view, &axes, epsilon(call))?;
    let channels = *view.dims().get(1).ok_or("a value without channels")?;
    channelwise(net, call, &normed, channels)
}

/// Scale and shift, inputs 1 and 2, of every channel or of equal groups of them.
fn channelwise(net: &mut Lowering, call: &Call, view: &View, channels: usize) -> Result<View> {
    let mut dims = vec![1; view.rank()];
    let mut parts = vec![];
    for index in [1, 2] {
        let part = call.inputs.get(index).and_then(Clone::clone).ok_or("a scale is missing")?;
        let count = part.dims().iter().product::<usize>().max(1);
        let places = (0..channels).map(|channel| (channel * count / channels) as i64).collect();
        let each = match count == channels {
            true => part,
            false => {
                net.apply("Gather", vec![], &[&part, &Value::Constant(Constant::list(places))])?
            }
        };
        dims[1] = channels;
        parts.push(net.apply("Reshape", vec![], &[&each, &sizes(&dims)])?);
    }
    scaled(net, view, Some(&parts[0]), Some(&parts[1]))
}

/// x·scale + shift.
fn scaled(
    net: &mut Lowering,
    view: &View,
    scale: Option<&Value>,
    shift: Option<&Value>,
) -> Result<View> {
    let constant = |value: Option<&Value>| match value {
        Some(Value::Constant(constant)) => Ok(Some(constant.clone())),
        Some(Value::Activation(_)) => Err(()),
        None => Ok(None),
    };
    if let (Ok(scale), Ok(shift)) = (constant(scale), constant(shift)) {
        return net.affine(view, scale.as_ref(), shift.as_ref());
    }
    let mut value = Value::Activation(view.clone());
    if let Some(scale) = scale {
        value = net.apply("Mul", vec![], &[&value, scale])?;
    }
    if let Some(shift) = shift {
        value = net.apply("Add", vec![], &[&value, shift])?;
    }
    net.view_of(&value)
}

/// Up to opset 20 scale and shift are of groups, then of channels.
pub fn group_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let dims = view.dims();
    let groups = call.node.int("num_groups").and_then(|groups| usize::try_from(groups).ok());
    let channels = *dims.get(1).ok_or("a value without channels")?;
    let groups = groups.filter(|groups| *groups > 0 && channels % groups == 0);
    let groups = groups.ok_or_else(|| format!("groups of {channels} channels"))?;
    let mut grouped = vec![dims[0], groups, channels / groups];
    grouped.extend(&dims[2..]);
    let apart = super::layout::reshaped(net, &view, &grouped)?;
    let axes: Vec<usize> = (2..grouped.len()).collect();
    let normed = standardised(net, &apart, &axes, epsilon(call))?;
    let normed = super::layout::reshaped(net, &normed, &dims)?;
    channelwise(net, call, &normed, channels)
}

/// The normed value, and where they are asked for the mean and 1 / √(variance + ε).
pub fn layer_norm(net: &mut Lowering, call: &Call) -> Result<Vec<Value>> {
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("axis").unwrap_or(-1), view.rank())?;
    let axes: Vec<usize> = (axis..view.rank()).collect();
    let normed = standardised(net, &view, &axes, epsilon(call))?;
    let part = |index: usize| call.inputs.get(index).and_then(Option::as_ref);
    let mut outputs = vec![Value::Activation(scaled(net, &normed, part(1), part(2))?)];
    if call.node.output.len() > 1 {
        outputs.extend(layer_statistics(net, &view, &axes, epsilon(call))?);
    }
    Ok(outputs)
}

fn layer_statistics(
    net: &mut Lowering,
    view: &View,
    axes: &[usize],
    epsilon: f32,
) -> Result<[Value; 2]> {
    let mean = Value::Activation(over(net, view, axes, "ReduceMean")?);
    let centred = net.apply("Sub", vec![], &[&Value::Activation(view.clone()), &mean])?;
    let square = net.apply("Mul", vec![], &[&centred, &centred])?;
    let square = net.view_of(&square)?;
    let variance = Value::Activation(over(net, &square, axes, "ReduceMean")?);
    let epsilon = Value::Constant(Constant::floats(&[], vec![epsilon])?);
    let sum = net.apply("Add", vec![], &[&variance, &epsilon])?;
    let root = net.apply("Sqrt", vec![], &[&sum])?;
    Ok([mean, net.apply("Reciprocal", vec![], &[&root])?])
}
