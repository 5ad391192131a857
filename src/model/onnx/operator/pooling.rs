//! Pooling over windows, and over whole axes.

use super::Result;
use super::convolution::{Window, lengths};
use super::reduce::over;
use crate::graph::op::{Matrix, MaxPool, Pointwise, PoolAxis, Resample};
use crate::graph::{Op, Shape};
use crate::model::onnx::lowering::{Call, Lowering};
use crate::model::onnx::proto::Node;
use crate::model::onnx::view::View;
use burn::tensor::ops::MaxPoolOptions;

pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?;
    let places: Vec<usize> = (2..view.rank()).collect();
    match call.node.op_type.as_str() {
        "GlobalAveragePool" => over(net, view, &places, "ReduceMean"),
        "GlobalMaxPool" => over(net, view, &places, "ReduceMax"),
        _ => windows(net, call.node, view),
    }
}

fn windows(net: &mut Lowering, node: &Node, view: &View) -> Result<View> {
    let kernel = node.ints("kernel_shape").ok_or("no window")?;
    let kernel = lengths(kernel).filter(|_| kernel.len() + 2 == view.rank());
    let kernel = kernel.ok_or_else(|| {
        format!("a window of {:?} over {:?}", node.ints("kernel_shape"), view.dims())
    })?;
    if node.output.get(1).is_some_and(|places| !places.is_empty()) {
        return Err("the places of maxima as a second output are not supported".into());
    }
    let (from, count) = net.image(view)?;
    let input = net.shape(from);
    let window = Window::read(node, kernel, input)?;
    let operation = match node.op_type.as_str() {
        "MaxPool" => max_pool(node, &window),
        op => weighted_pool(net, node, input, &window, op == "LpPool")?,
    };
    let pooled = net.add(operation, &[from])?;
    Ok(net.image_view(pooled, count, view.rank()))
}

fn is_ceil(node: &Node) -> bool {
    node.int("ceil_mode").unwrap_or(0) != 0
}

fn max_pool(node: &Node, window: &Window) -> Op {
    let mut options = MaxPoolOptions::new(window.kernel)
        .with_stride(window.stride)
        .with_dilation(window.dilation)
        .with_ceil_mode(is_ceil(node));
    options.padding = window.padding;
    MaxPool { options }.into()
}

/// Averages, or sums, over windows.
fn weighted_pool(
    net: &Lowering,
    node: &Node,
    input: Shape,
    window: &Window,
    sums: bool,
) -> Result<Op> {
    let matrix = |axis: usize, size: usize| {
        let side = PoolAxis {
            kernel: window.kernel[axis],
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            padding: window.padding[axis],
            ceil: is_ceil(node),
            count_padding: node.int("count_include_pad").unwrap_or(0) != 0,
        };
        let mut matrix =
            Matrix::average_pool(size, side).ok_or("a window larger than its input")?;
        if sums {
            matrix.values.iter_mut().filter(|value| **value != 0.0).for_each(|value| *value = 1.0);
        }
        Ok::<_, String>(matrix)
    };
    let (rows, columns) = (matrix(0, input.height)?, matrix(1, input.width)?);
    let kind = if sums { "sum pool" } else { "average pool" };
    Ok(Resample::new(kind, rows, columns, net.device()).into())
}

/// (Σ |x|^p)^(1/p) over windows.
pub fn by_power(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let exponent = call.node.float("p").unwrap_or(0.0);
    let exponent = if exponent == 0.0 { call.node.int("p").unwrap_or(2) as f32 } else { exponent };
    let sizes = net.add(Pointwise::Abs, &[view.node])?;
    let powers = net.add(Pointwise::Power { exponent }, &[sizes])?;
    let powers = view.with_node(powers);
    let sum = match call.node.op_type.as_str() {
        "GlobalLpPool" => {
            let places: Vec<usize> = (2..view.rank()).collect();
            over(net, &powers, &places, "ReduceSum")?
        }
        _ => windows(net, call.node, &powers)?,
    };
    let root = Pointwise::Power { exponent: 1.0 / exponent };
    Ok(sum.with_node(net.add(root, &[sum.node])?))
}
