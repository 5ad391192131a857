//! Pooling over windows, and over whole axes.

use super::Result;
use super::arithmetic::{combined, scaled};
use super::convolution::Window;
use crate::graph::op::{Arithmetic, Matrix, MaxPool, Pointwise, PoolSide, Resample, Sides};
use crate::graph::{Op, Shape};
use crate::model::onnx::fold::axis_of;
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
    let kernel = match node.ints("kernel_shape") {
        Some(&[a, b]) if (1..1 << 16).contains(&a) && (1..1 << 16).contains(&b) => {
            [a as usize, b as usize]
        }
        other => return Err(format!("a window of {other:?}")),
    };
    let from = net.image(view)?;
    let input = net.shape(from);
    let window = Window::read(node, kernel, input)?;
    let operation = match node.op_type.as_str() {
        "MaxPool" => max_pool(node, &window),
        _ => average_pool(net, node, input, &window)?,
    };
    let node = net.add(operation, &[from])?;
    let Shape { channels, height, width } = net.shape(node);
    Ok(View::of(node, &[1, channels, height, width]))
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

fn average_pool(net: &Lowering, node: &Node, input: Shape, window: &Window) -> Result<Op> {
    let matrix = |axis: usize, size: usize| {
        let side = PoolSide {
            kernel: window.kernel[axis],
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            padding: window.padding[axis],
            ceil: is_ceil(node),
            count_padding: node.int("count_include_pad").unwrap_or(0) != 0,
        };
        Matrix::average_pool(size, side).ok_or("a window larger than its input")
    };
    let (rows, columns) = (matrix(0, input.height)?, matrix(1, input.width)?);
    Ok(Resample::new("average pool", rows, columns, net.device()).into())
}

/// `ReduceMean`, `ReduceSum`, `ReduceMax`.
pub fn reduce(net: &mut Lowering, call: &Call) -> Result<View> {
    let (node, view) = (call.node, call.activation(0)?.clone());
    let rank = view.rank();
    let listed = call.ints("axes", 1)?.filter(|axes| !axes.is_empty());
    let axes: Vec<usize> = match listed {
        Some(axes) => axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<_>>()?,
        None if node.int("noop_with_empty_axes").unwrap_or(0) != 0 => return Ok(view),
        None => (0..rank).collect(),
    };
    let reduced = match node.op_type.as_str() {
        "ReduceMin" => {
            let turned = scaled(net, &view, -1.0)?;
            let most = over(net, &turned, &axes, "ReduceMax")?;
            scaled(net, &most, -1.0)?
        }
        "ReduceL2" => length(net, &view, &axes)?,
        op => over(net, &view, &axes, op)?,
    };
    Ok(match node.int("keepdims").unwrap_or(1) {
        0 => reduced.squeezed(&axes),
        _ => reduced,
    })
}

/// √Σ x² along the axes.
fn length(net: &mut Lowering, view: &View, axes: &[usize]) -> Result<View> {
    let square = net.add(Pointwise::Power { exponent: 2.0 }, &[view.node])?;
    let sum = over(net, &view.with_node(square), axes, "ReduceSum")?;
    Ok(sum.with_node(net.add(Pointwise::Sqrt, &[sum.node])?))
}

/// x / √Σ x² along an axis.
pub fn unit_length(net: &mut Lowering, call: &Call) -> Result<View> {
    if call.node.int("p").unwrap_or(2) != 2 {
        return Err("lengths other than Euclid's are not supported".into());
    }
    let view = call.activation(0)?.clone();
    let axis = axis_of(call.node.int("axis").unwrap_or(-1), view.rank())?;
    let length = length(net, &view, &[axis])?;
    combined(net, Arithmetic::Divide, &view, &length)
}

/// One value for all along the axes, which keep a length of 1.
fn over(net: &mut Lowering, view: &View, axes: &[usize], op: &str) -> Result<View> {
    let mut dims = view.dims();
    let count: usize = axes.iter().map(|axis| dims[*axis]).product();
    if count == 1 {
        return Ok(view.clone());
    }
    let (mut from, mut sides, mut covered) = net.covering(view, axes)?;
    if op == "ReduceMax" && covered[0] {
        let kept = (0..dims.len()).filter(|axis| !axes.contains(axis)).collect();
        sides = [kept, axes.to_vec(), vec![]];
        covered = [false, true, false];
        from = net.placed(view, &sides)?;
    }
    let shape = net.shape(from);
    for axis in axes {
        dims[*axis] = 1;
    }
    let [channels, rows, columns] = covered;
    let all_places = (rows || shape.height == 1) && (columns || shape.width == 1);
    let laid = |node| View::laid(node, &dims, &sides.concat());
    match op {
        "ReduceMax" => {
            let kernel =
                [if rows { shape.height } else { 1 }, if columns { shape.width } else { 1 }];
            net.add(MaxPool { options: MaxPoolOptions::new(kernel) }, &[from]).map(laid)
        }
        "ReduceMean" if !channels && all_places => {
            net.add(Op::GlobalAveragePool, &[from]).map(laid)
        }
        _ => {
            let sum = laid(net.add(Op::Sum(Sides { channels, rows, columns }), &[from])?);
            match op {
                "ReduceMean" => scaled(net, &sum, 1.0 / count as f32),
                _ => Ok(sum),
            }
        }
    }
}
