//! What each ONNX operator becomes (definitions: the ONNX operator schemas, opsets 1 to 24).

mod arithmetic;
mod attention;
mod composite;
mod convolution;
mod einsum;
mod join;
mod layout;
mod logic;
mod matrix;
mod moving;
mod pooling;
mod reduce;
mod resize;
mod statistics;
mod transposed;
mod unfolded;

pub use moving::stretched;

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
        && let Some(folded) = folded(call, &constants)
    {
        return folded;
    }
    if let Some(function) = pointwise(call)? {
        let view = call.activation(0)?.clone();
        return one(net.add(function, &[view.node]).map(|id| view.with_node(id)));
    }
    match node.op_type.as_str() {
        "Split" => return layout::split(net, call),
        "LayerNormalization" => return statistics::layer_norm(net, call),
        "Dropout" => return dropout(net, call),
        _ => {}
    }
    if let Some(view) = as_view(net, call) {
        return one(view);
    }
    value(net, call)?.map(|value| vec![value]).ok_or_else(|| refusal(node))
}

/// The outputs of an operator whose inputs are all constants; none where lowering it gives them.
fn folded(call: &Call, constants: &[Option<&Constant>]) -> Option<Result<Vec<Value>>> {
    const BOTH: [&str; 10] = [
        "Flatten",
        "Reshape",
        "Squeeze",
        "Unsqueeze",
        "Transpose",
        "Slice",
        "Split",
        "Dropout",
        "CenterCropPad",
        "Einsum",
    ];
    let node = call.node;
    let trains = || {
        node.op_type == "BatchNormalization" && convolution::evaluates(node, call.opset).is_err()
    };
    let outputs = match fold(node, constants) {
        Some(outputs) => outputs,
        None if trains() => fold::batch_norm(node, constants).map(|value| vec![value]),
        None if BOTH.contains(&node.op_type.as_str()) => return None,
        None => fold::evaluate(node, constants, call.opset),
    };
    Some(outputs.map(|outputs| outputs.into_iter().map(Value::Constant).collect()))
}

/// The first output of an operator between constants.
fn fold_one(node: &super::proto::Node, constants: &[Option<&Constant>]) -> Result<Constant> {
    let outputs = fold(node, constants).ok_or("it is not supported")??;
    outputs.into_iter().next().ok_or_else(|| "it gives nothing".into())
}

/// Why an operator is not lowered.
fn refusal(node: &super::proto::Node) -> String {
    match node.op_type.as_str() {
        "QLinearConv"
        | "QLinearMatMul"
        | "QuantizeLinear"
        | "DynamicQuantizeLinear"
        | "DequantizeLinear"
        | "ConvInteger"
        | "MatMulInteger" => "quantised networks have no gradients; open the float one".into(),
        "LSTM" | "GRU" | "RNN" => "recurrent networks are not supported".into(),
        "TopK" | "ArgMax" | "ArgMin" | "NonZero" | "Unique" | "OneHot" | "Hardmax"
        | "NonMaxSuppression" => {
            "it orders or counts values that depend on the picture, which has no gradient".into()
        }
        op if op.starts_with("Sequence")
            || op.starts_with("Optional")
            || op.starts_with("String") =>
        {
            "its values are not tensors of numbers".into()
        }
        op if op.starts_with("Random") || matches!(op, "Bernoulli" | "Multinomial") => {
            "random values are another network every time".into()
        }
        _ => "it is not supported".into(),
    }
}

/// Operators that become one view.
fn as_view(net: &mut Lowering, call: &Call) -> Option<Result<View>> {
    Some(match call.node.op_type.as_str() {
        "Cast" | "CastLike" => logic::cast(net, call),
        "Conv" => convolution::convolution(net, call),
        "ConvTranspose" => transposed::lower(net, call),
        "BatchNormalization" => convolution::batch_norm(net, call),
        "MatMul" => matrix::product(net, call),
        "PRelu" if matches!(call.inputs.get(1), Some(Some(Value::Constant(_)))) => {
            arithmetic::prelu(net, call)
        }
        "Add" | "Sub" | "Mul" | "Div" | "Sum" | "Mean" | "Max" | "Min" | "Neg" | "Pow" | "Mod" => {
            arithmetic::lower(net, call)
        }
        "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" => {
            pooling::lower(net, call)
        }
        "LpPool" | "GlobalLpPool" => pooling::by_power(net, call),
        "ReduceMean" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2"
        | "ReduceSumSquare" | "ReduceLogSum" | "ReduceLogSumExp" | "ReduceProd" => {
            reduce::lower(net, call)
        }
        "Resize" | "Upsample" => resize::lower(net, call),
        "Softmax" | "LogSoftmax" => statistics::softmax(net, call),
        "LRN" => statistics::local_response(net, call),
        "InstanceNormalization" => statistics::instance_norm(net, call),
        "GroupNormalization" => statistics::group_norm(net, call),
        "MeanVarianceNormalization" => composite::mean_variance_norm(net, call),
        "Celu" => arithmetic::celu(net, call),
        "Softsign" => arithmetic::softsign(net, call),
        "Where" => logic::choose(net, call),
        "LpNormalization" => reduce::unit_length(net, call),
        "Pad" => join::pad(net, call),
        "Gather" => layout::gather(net, call),
        "ReverseSequence" => layout::reversed(net, call),
        "Expand" | "Tile" | "GatherElements" | "GatherND" | "Compress" | "Scatter"
        | "ScatterElements" | "ScatterND" => moving::lower(net, call),
        "Trilu" => moving::triangle(net, call),
        "CumSum" => moving::running_sum(net, call),
        _ => return None,
    })
}

/// Operators that become a value of any kind; none for those that are not known.
fn value(net: &mut Lowering, call: &Call) -> Result<Option<Value>> {
    let node = call.node;
    Ok(Some(match node.op_type.as_str() {
        "Identity" => call.inputs.first().and_then(Option::clone).ok_or("no input")?,
        "Greater" | "Less" | "GreaterOrEqual" | "LessOrEqual" | "Equal" | "And" | "Or" | "Xor"
        | "Not" => logic::lower(net, call)?,
        "Gemm" => matrix::gemm(net, call)?,
        "Einsum" => einsum::lower(net, call)?,
        "Attention" => attention::lower(net, call)?,
        "PRelu" => composite::prelu(net, call)?,
        "Clip" => composite::clip(net, call)?,
        "Swish" => composite::gated_swish(net, call, node.float("alpha").unwrap_or(1.0))?,
        "Shrink" => composite::shrink(net, call)?,
        "RMSNormalization" => composite::root_mean_square_norm(net, call)?,
        "CenterCropPad" => moving::centred(net, call)?,
        "Concat" => join::concat(net, call)?,
        "Slice" => layout::slice(net, call)?,
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" | "Transpose" | "DepthToSpace"
        | "SpaceToDepth" => layout::lower(net, call)?,
        _ => return Ok(None),
    }))
}

/// Dropout changes nothing, as in evaluation; its mask is true everywhere.
fn dropout(net: &mut Lowering, call: &Call) -> Result<Vec<Value>> {
    let note = "dropouts in training mode are left out, as in evaluation";
    if is_random(call)? && net.notes.iter().all(|other| other != note) {
        net.notes.push(note.into());
    }
    let value = call.inputs.first().and_then(Option::clone).ok_or("no input")?;
    let dims = value.dims();
    match call.node.output.len() {
        0 | 1 => Ok(vec![value]),
        _ => {
            let mask = Constant::ints(&dims, vec![1; dims.iter().product()])?;
            Ok(vec![value, Value::Constant(mask)])
        }
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
            let size = value.dims().iter().product::<usize>();
            return Ok(Some(Constant::ints(&[], vec![size as i64])?));
        }
        "EyeLike" => {
            let value = call.inputs.first().and_then(Option::as_ref).ok_or("no input")?;
            return fold::eye(node, &value.dims()).map(Some);
        }
        "CastLike" => {
            return Ok(match (call.inputs.first(), call.inputs.get(1)) {
                (Some(Some(Value::Constant(constant))), Some(Some(Value::Activation(_)))) => {
                    Some(Constant::floats(constant.dims(), constant.to_floats())?)
                }
                _ => None,
            });
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
    if let Some(function) = composite::elementary(call) {
        return Ok(Some(Pointwise::Elementary(function)));
    }
    let is_number = |index: usize| match call.inputs.get(index) {
        Some(Some(Value::Constant(bound))) => bound.len() == 1,
        Some(Some(Value::Activation(_))) => false,
        _ => true,
    };
    Ok(Some(match node.op_type.as_str() {
        "Relu" => Pointwise::Relu,
        "Clip" if is_number(1) && is_number(2) => {
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
