//! Softmax, and the norms that take their statistics from the value itself.

use super::Result;
use crate::graph::op::{LocalResponse, Pointwise, Sides, Standardise};
use crate::graph::{Op, Shape};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering};
use crate::model::onnx::view::View;

/// A softmax that ends the network is left out: attributions are of the scores before it.
pub fn softmax(net: &mut Lowering, call: &Call) -> Result<View> {
    let node = call.node;
    let view = call.activation(0)?.clone();
    let name = if node.op_type == "Softmax" { "softmax" } else { "log-softmax" };
    let is_row = view.dims().iter().filter(|length| **length != 1).count() <= 1;
    if is_row && node.output.first().is_some_and(|output| net.is_last(output)) {
        net.notes
            .push(format!("the {name} at its end is left out: scores are the logits before it"));
        return Ok(view);
    }
    let old = call.opset < 13;
    let axis = axis_of(node.int("axis").unwrap_or(if old { 1 } else { -1 }), view.rank())?;
    let axes: Vec<usize> = if old { (axis..view.rank()).collect() } else { vec![axis] };
    let (from, sides, covered) = net.covering(&view, &axes)?;
    let mut result = net.add(Op::Softmax(chosen(covered)), &[from])?;
    if node.op_type == "LogSoftmax" {
        result = net.add(Pointwise::Log, &[result])?;
    }
    Ok(View::laid(result, &view.dims(), &sides.concat()))
}

fn chosen([channels, rows, columns]: [bool; 3]) -> Sides {
    Sides { channels, rows, columns }
}

pub fn local_response(net: &mut Lowering, call: &Call) -> Result<View> {
    let node = call.node;
    let from = net.image(call.activation(0)?)?;
    let size = node.int("size").and_then(|size| usize::try_from(size).ok());
    let size = size.filter(|size| *size > 0).ok_or("no size")?;
    let float = |name: &str, default: f32| node.float(name).unwrap_or(default);
    let constants = [float("alpha", 1e-4), float("beta", 0.75), float("bias", 1.0)];
    let Shape { channels, height, width } = net.shape(from);
    let norm = LocalResponse::new(channels, size, constants, net.device());
    Ok(View::of(net.add(norm, &[from])?, &[1, channels, height, width]))
}

/// (x − mean) / √(variance + ε) along axes.
fn standardised(net: &mut Lowering, view: &View, axes: &[usize], epsilon: f32) -> Result<View> {
    let (from, sides, covered) = net.covering(view, axes)?;
    let node = net.add(Standardise { sides: chosen(covered), epsilon }, &[from])?;
    Ok(View::laid(node, &view.dims(), &sides.concat()))
}

fn epsilon(call: &Call) -> f32 {
    call.node.float("epsilon").unwrap_or(1e-5)
}

pub fn instance_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axes: Vec<usize> = (2..view.rank()).collect();
    let normed = standardised(net, &view, &axes, epsilon(call))?;
    channelwise(net, call, &normed)
}

/// Scale and shift, inputs 1 and 2, of every channel.
fn channelwise(net: &mut Lowering, call: &Call, view: &View) -> Result<View> {
    let channels = *view.dims().get(1).ok_or("a value without channels")?;
    let mut shape = vec![1; view.rank()];
    shape[1] = channels;
    let part = |index: usize| call.needed_constant(index)?.reshaped(&shape);
    let (scale, shift) = (part(1)?, part(2)?);
    net.affine(view, Some(&scale), Some(&shift))
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
    let by_channel = |index: usize| {
        let values = call.needed_constant(index)?.to_floats();
        let each = channels / values.len().max(1);
        let repeated = values.iter().flat_map(|value| std::iter::repeat_n(*value, each));
        let mut shape = vec![1; dims.len()];
        shape[1] = channels;
        Constant::floats(&shape, repeated.collect())
    };
    let (scale, shift) = (by_channel(1)?, by_channel(2)?);
    net.affine(&normed, Some(&scale), Some(&shift))
}

pub fn layer_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("axis").unwrap_or(-1), view.rank())?;
    let axes: Vec<usize> = (axis..view.rank()).collect();
    let normed = standardised(net, &view, &axes, epsilon(call))?;
    net.affine(&normed, call.constant(1)?, call.constant(2)?)
}
