//! Convolution by a kernel that depends on the picture: windows as columns of a matrix.

use super::Result;
use super::convolution::{Window, kernel_dims};
use crate::graph::Shape;
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::view::View;

pub fn convolution(net: &mut Lowering, call: &Call) -> Result<View> {
    let (Some(Some(x)), Some(Some(weight))) = (call.inputs.first(), call.inputs.get(1)) else {
        return Err("an input is missing".into());
    };
    let [out, per_group, rows, columns] = kernel_dims(&weight.dims())?;
    let &[1, channels, height, width] = x.dims().as_slice() else {
        return Err(format!("a kernel that depends on the picture for {:?}", x.dims()));
    };
    let groups = usize::try_from(call.node.int("group").unwrap_or(1)).unwrap_or(0);
    if groups == 0 || out % groups != 0 || per_group * groups != channels {
        return Err(format!("{groups} groups of {per_group} channels for {channels}"));
    }
    let input = Shape::new(channels, height, width);
    let window = Window::read(call.node, [rows, columns], input)?;
    let [(top, bottom), (left, right)] = window.padding;
    let ends = [0, 0, top, left, 0, 0, bottom, right].map(|end| end as i64);
    let padded = net.apply("Pad", vec![], &[x, &list(&ends)])?;
    let size = [height + top + bottom, width + left + right];
    let count = |axis: usize| {
        let reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
        let room = size[axis].checked_sub(reach).ok_or("a window larger than its input")?;
        Ok::<_, String>(room / window.stride[axis] + 1)
    };
    let (high, wide) = (count(0)?, count(1)?);
    let places = (0..rows * columns).flat_map(|tap| {
        let window = &window;
        (0..high * wide).map(move |place| {
            let row = place / wide * window.stride[0] + tap / columns * window.dilation[0];
            let column = place % wide * window.stride[1] + tap % columns * window.dilation[1];
            (row * size[1] + column) as i64
        })
    });
    let places = Constant::ints(&[rows * columns, high * wide], places.collect())?;
    let flat = net.apply("Reshape", vec![], &[&padded, &sizes(&[channels, size[0] * size[1]])])?;
    let along = crate::model::onnx::proto::Attribute::int("axis", 1);
    let windows = net.apply("Gather", vec![along], &[&flat, &Value::Constant(places)])?;
    let taps = per_group * rows * columns;
    let windows =
        net.apply("Reshape", vec![], &[&windows, &sizes(&[groups, taps, high * wide])])?;
    let kernel = net.apply("Reshape", vec![], &[weight, &sizes(&[groups, out / groups, taps])])?;
    let product = net.apply("MatMul", vec![], &[&kernel, &windows])?;
    let mut value = net.apply("Reshape", vec![], &[&product, &sizes(&[1, out, high, wide])])?;
    if let Some(Some(bias)) = call.inputs.get(2) {
        let bias = net.apply("Reshape", vec![], &[bias, &sizes(&[1, out, 1, 1])])?;
        value = net.apply("Add", vec![], &[&value, &bias])?;
    }
    net.view_of(&value)
}

fn list(values: &[i64]) -> Value {
    Value::Constant(Constant::list(values.to_vec()))
}

pub(super) fn sizes(dims: &[usize]) -> Value {
    Value::Constant(Constant::list(dims.iter().map(|dim| *dim as i64).collect()))
}
