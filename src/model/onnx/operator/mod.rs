//! What each ONNX operator becomes (definitions: the ONNX operator schemas, opsets 1 to 24).

mod arithmetic;
mod convolution;
mod join;
mod layout;
mod matrix;
mod pooling;
mod resize;
mod statistics;

pub use layout::new_dims;

use super::constant::Constant;
use super::fold::{self, fold};
use super::lowering::{Call, Lowering, Value};
use super::view::View;
use crate::graph::op::Pointwise;

type Result<T, E = String> = std::result::Result<T, E>;

/// The outputs of one operator.
///
/// # Errors
/// When it is not supported, or its inputs are not.
pub fn lower(net: &mut Lowering, call: &Call) -> Result<Vec<Value>> {
    let node = call.node;
    if !matches!(node.domain.as_str(), "" | "ai.onnx") {
        return Err(format!("operators of {} are not supported", node.domain));
    }
    if let Some(constant) = literal(net, call)? {
        return Ok(vec![Value::Constant(constant)]);
    }
    if let Some(constants) = all_constant(call)
        && let Some(folded) = fold(node, &constants)
    {
        return Ok(folded?.into_iter().map(Value::Constant).collect());
    }
    if let Some(function) = pointwise(call)? {
        let view = call.activation(0)?.clone();
        return one(net.add(function, &[view.node]).map(|id| view.with_node(id)));
    }
    match node.op_type.as_str() {
        "Identity" | "Dropout" | "Cast" | "CastLike" => {
            let note = "dropouts in training mode are left out, as in evaluation";
            if is_random(call)? && net.notes.iter().all(|other| other != note) {
                net.notes.push(note.into());
            }
            Ok(call.inputs.iter().take(1).flatten().cloned().collect())
        }
        "Conv" => one(convolution::convolution(net, call)),
        "BatchNormalization" => one(convolution::batch_norm(net, call)),
        "Gemm" => one(matrix::gemm(net, call)),
        "MatMul" => one(matrix::product(net, call)),
        "PRelu" => one(arithmetic::prelu(net, call)),
        "Add" | "Sub" | "Mul" | "Div" | "Sum" | "Mean" | "Max" | "Min" | "Neg" | "Pow" => {
            one(arithmetic::lower(net, call))
        }
        "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" => {
            one(pooling::lower(net, call))
        }
        "ReduceMean" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceL2" => {
            one(pooling::reduce(net, call))
        }
        "Resize" | "Upsample" => one(resize::lower(net, call)),
        "Softmax" | "LogSoftmax" => one(statistics::softmax(net, call)),
        "LRN" => one(statistics::local_response(net, call)),
        "InstanceNormalization" => one(statistics::instance_norm(net, call)),
        "GroupNormalization" => one(statistics::group_norm(net, call)),
        "LayerNormalization" => one(statistics::layer_norm(net, call)),
        "Celu" => one(arithmetic::celu(net, call)),
        "Softsign" => one(arithmetic::softsign(net, call)),
        "Where" => one(arithmetic::choice(net, call)),
        "LpNormalization" => one(pooling::unit_length(net, call)),
        "Concat" => join::concat(net, call).map(|value| vec![value]),
        "Pad" => one(join::pad(net, call)),
        "Split" => layout::split(net, call),
        "Slice" => layout::slice(net, call).map(|value| vec![value]),
        "Gather" => one(layout::gather(net, call)),
        "ReverseSequence" => one(layout::reversed(net, call)),
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" | "Transpose" | "Expand"
        | "DepthToSpace" | "SpaceToDepth" => layout::lower(net, call).map(|value| vec![value]),
        "QLinearConv" | "QuantizeLinear" | "DequantizeLinear" | "ConvInteger" => {
            Err("quantised networks have no gradients; open the float one".into())
        }
        _ => Err("it is not supported".into()),
    }
}

/// Whether a dropout is in training mode: an input says so since opset 12, an attribute before 7.
fn is_random(call: &Call) -> Result<bool> {
    let on = |constant: &Constant| constant.scalar().is_some_and(|value| value != 0.0);
    Ok(call.node.op_type == "Dropout"
        && match call.opset {
            ..7 => call.node.int("is_test").unwrap_or(0) == 0,
            7..12 => false,
            _ => call.constant(2)?.is_some_and(on),
        })
}

fn one(view: Result<View>) -> Result<Vec<Value>> {
    view.map(|view| vec![Value::Activation(view)])
}

/// A constant written into the graph, or the shape of a value.
fn literal(net: &Lowering, call: &Call) -> Result<Option<Constant>> {
    let node = call.node;
    match node.op_type.as_str() {
        "Constant" => {}
        "Shape" => {
            let value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?;
            return Ok(Some(fold::shape(node, &value.dims())));
        }
        "Size" => {
            let value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?;
            return Ok(Some(Constant::list(vec![value.dims().iter().product::<usize>() as i64])));
        }
        _ => return Ok(None),
    }
    if let Some(tensor) = node.tensor("value") {
        return Constant::decode(tensor, net.file()).map(Some);
    }
    if let Some(value) = node.float("value_float") {
        return Constant::floats(&[], vec![value]).map(Some);
    }
    if let Some(value) = node.int("value_int") {
        return Constant::ints(&[], vec![value]).map(Some);
    }
    if let Some(values) = node.floats("value_floats") {
        return Constant::floats(&[values.len()], values.to_vec()).map(Some);
    }
    match node.ints("value_ints") {
        Some(values) => Ok(Some(Constant::list(values.to_vec()))),
        None => Err("a constant of a kind that is not supported".into()),
    }
}

fn all_constant<'a>(call: &'a Call) -> Option<Vec<Option<&'a Constant>>> {
    let constant = |value: &'a Option<Value>| match value {
        None => Some(None),
        Some(Value::Constant(constant)) => Some(Some(constant)),
        Some(Value::Activation(_)) => None,
    };
    call.inputs.iter().map(constant).collect()
}

/// The function of an operator that changes one value at a time.
fn pointwise(call: &Call) -> Result<Option<Pointwise>> {
    let node = call.node;
    let float = |name: &str, default: f32| node.float(name).unwrap_or(default);
    Ok(Some(match node.op_type.as_str() {
        "Relu" => Pointwise::Relu,
        "Clip" => {
            let bound = |name: &str, index: usize, default: f32| {
                let input = call.constant(index)?.map(|bound| bound.scalar().ok_or("no number"));
                Ok::<_, String>(input.transpose()?.unwrap_or(float(name, default)))
            };
            Pointwise::Clip {
                low: bound("min", 1, f32::NEG_INFINITY)?,
                high: bound("max", 2, f32::INFINITY)?,
            }
        }
        "LeakyRelu" => Pointwise::LeakyRelu { slope: float("alpha", 0.01) },
        "Elu" => Pointwise::Elu { alpha: float("alpha", 1.0), scale: 1.0 },
        "Selu" => {
            Pointwise::Elu { alpha: float("alpha", 1.673_263_2), scale: float("gamma", 1.050_701) }
        }
        "Sigmoid" => Pointwise::Sigmoid,
        "HardSigmoid" => {
            Pointwise::HardSigmoid { slope: float("alpha", 0.2), offset: float("beta", 0.5) }
        }
        "ThresholdedRelu" => Pointwise::ThresholdedRelu { threshold: float("alpha", 1.0) },
        "HardSwish" => Pointwise::HardSwish,
        "Swish" if float("alpha", 1.0) == 1.0 => Pointwise::Silu,
        "Tanh" => Pointwise::Tanh,
        "Gelu" if node.text("approximate") == Some("tanh") => Pointwise::GeluTanh,
        "Gelu" => Pointwise::Gelu,
        "Softplus" => Pointwise::Softplus,
        "Mish" => Pointwise::Mish,
        "Exp" => Pointwise::Exp,
        "Log" => Pointwise::Log,
        "Sqrt" => Pointwise::Sqrt,
        "Abs" => Pointwise::Abs,
        "Sign" => Pointwise::Sign,
        "Erf" => Pointwise::Erf,
        "Reciprocal" => Pointwise::Reciprocal,
        _ => return Ok(None),
    }))
}
