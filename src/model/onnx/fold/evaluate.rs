//! Folding by the nodes that an operator is lowered to: one input plays the picture.

use crate::graph::op::Concatenate;
use crate::graph::{Shape, read_back};

use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::operator;
use crate::model::onnx::proto::{Graph, Node};
use burn::tensor::{Device, Tensor, TensorData};
use std::path::Path;

/// Integers up to which floats are exact.
const LARGEST_EXACT: f32 = 16_777_216.0;

/// The outputs of an operator on constants, computed by its nodes on the CPU.
///
/// # Errors
/// When it is not supported, or its inputs do not fit.
pub fn evaluate(
    node: &Node,
    inputs: &[Option<&Constant>],
    opset: i64,
) -> Result<Vec<Constant>, String> {
    let mut why = None;
    let is_float = |input: &Constant| matches!(input, Constant::Float(_));
    // Integers beside floats are masks and indices.
    let any_float = inputs.iter().flatten().any(|input| is_float(input));
    for (index, input) in inputs.iter().enumerate() {
        let usable = |input: &&Constant| input.len() > 0 && is_float(input) == any_float;
        let Some(input) = input.filter(usable) else { continue };
        match with_picture(node, inputs, opset, (index, input)) {
            Ok(outputs) => return Ok(outputs),
            Err(first) => why = why.or(Some(first)),
        }
    }
    Err(why.unwrap_or_else(|| "it is not supported".into()))
}

fn with_picture(
    node: &Node,
    inputs: &[Option<&Constant>],
    opset: i64,
    (index, picture): (usize, &Constant),
) -> Result<Vec<Constant>, String> {
    let (graph, device) = (Graph::default(), Device::flex());
    let shape = Shape::new(picture.len(), 1, 1);
    let mut net = Lowering::new(&graph, opset, Path::new(""), shape, 1, &device)?;
    let mut values: Vec<Option<Value>> =
        inputs.iter().map(|input| input.cloned().map(Value::Constant)).collect();
    values[index] = Some(Value::Activation(net.picture(picture.dims())));
    let outputs = operator::lower(&mut net, &Call { node, inputs: values, opset })?;
    let mut rows = vec![];
    for output in &outputs {
        rows.push(match output {
            Value::Activation(view) => Some(net.row(view)?),
            Value::Constant(_) => None,
        });
    }
    let nodes: Vec<_> = rows.iter().flatten().copied().collect();
    let last = match nodes[..] {
        [] => None,
        [row] => Some(row),
        _ => Some(net.add(Concatenate { axis: 0 }, &nodes)?),
    };
    let computed = match last {
        Some(last) => run(net, last, picture, shape)?,
        None => vec![],
    };
    let whole = inputs.iter().flatten().all(|input| matches!(input, Constant::Int(_)));
    let mut rest = computed.as_slice();
    let mut found = vec![];
    for output in outputs {
        found.push(match output {
            Value::Constant(constant) => constant,
            Value::Activation(view) => {
                let (own, others) = rest.split_at(view.len());
                rest = others;
                constant(&view.dims(), own.to_vec(), whole)?
            }
        });
    }
    Ok(found)
}

fn run(
    net: Lowering,
    last: crate::graph::NodeId,
    picture: &Constant,
    shape: Shape,
) -> Result<Vec<f32>, String> {
    let identity = (vec![0.0; shape.channels], vec![1.0; shape.channels]);
    let graph = net.finish(last, &[], &identity.0, &identity.1).map_err(|e| e.to_string())?;
    let data = TensorData::new(picture.to_floats(), [1, shape.channels, 1, 1]);
    let pixels = Tensor::from_data(data, graph.device());
    read_back(graph.logits(pixels)).map_err(|e| e.to_string())
}

fn constant(dims: &[usize], values: Vec<f32>, whole: bool) -> Result<Constant, String> {
    if !whole {
        return Constant::floats(dims, values);
    }
    match values.iter().all(|value| value.abs() < LARGEST_EXACT) {
        true => Constant::ints(dims, values.into_iter().map(|value| value as i64).collect()),
        false => Err("integers that are too large to compute with".into()),
    }
}
