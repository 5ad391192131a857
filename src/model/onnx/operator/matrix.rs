//! Matrix products.

use super::Result;
use crate::graph::Op;
use crate::graph::op::{Convolution, Linear};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::broadcast;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Attribute;
use crate::model::onnx::view::View;
use burn::tensor::ops::ConvOptions;

pub fn gemm(net: &mut Lowering, call: &Call) -> Result<Value> {
    let node = call.node;
    let is_set = |name: &str| node.int(name).unwrap_or(0) != 0;
    let (Some(Some(a)), Some(Some(b))) = (call.inputs.first(), call.inputs.get(1)) else {
        return Err("an input is missing".into());
    };
    if a.dims().len() != 2 || b.dims().len() != 2 {
        return Err(format!("matrices {:?} and {:?}", a.dims(), b.dims()));
    }
    if let (Value::Activation(view), Value::Constant(weight)) = (a, b)
        && !matches!(call.inputs.get(2), Some(Some(Value::Activation(_))))
    {
        return by_constant(net, call, view, weight).map(Value::Activation);
    }
    let mut turned = |value: &Value, is_turned: bool| match is_turned {
        true => net.apply("Transpose", vec![Attribute::ints("perm", [1, 0])], &[value]),
        false => Ok(value.clone()),
    };
    let (a, b) = (turned(a, is_set("transA"))?, turned(b, is_set("transB"))?);
    let scaled = |net: &mut Lowering, value: &Value, name: &str| {
        let factor = Value::Constant(Constant::floats(&[], vec![node.float(name).unwrap_or(1.0)])?);
        match node.float(name) {
            None | Some(1.0) => Ok(value.clone()),
            _ => net.apply("Mul", vec![], &[value, &factor]),
        }
    };
    let product = net.apply("MatMul", vec![], &[&a, &b])?;
    let product = scaled(net, &product, "alpha")?;
    match call.inputs.get(2) {
        Some(Some(shift)) => {
            let shift = scaled(net, shift, "beta")?;
            net.apply("Add", vec![], &[&product, &shift])
        }
        _ => Ok(product),
    }
}

/// A matrix of weights times a value, and a constant shift.
fn by_constant(net: &mut Lowering, call: &Call, view: &View, weight: &Constant) -> Result<View> {
    let node = call.node;
    let axis = usize::from(node.int("transA").unwrap_or(0) == 0);
    let weight = match node.int("transB").unwrap_or(0) {
        0 => weight.transposed(&[1, 0]),
        _ => weight.clone(),
    };
    let scaled = |constant: &Constant, name: &str| {
        let mut values = constant.to_floats();
        if let Some(factor) = node.float(name).filter(|factor| *factor != 1.0) {
            for value in &mut values {
                *value *= factor;
            }
        }
        values
    };
    let out = weight.dims()[0];
    let weights = scaled(&weight, "alpha");
    let shift = call.constant(2)?;
    let is_row = |bias: &&Constant| bias.len() == out && bias.dims().last() == Some(&out);
    let bias = shift.filter(is_row).map(|bias| scaled(bias, "beta"));
    let plain = shift.filter(|bias| !is_row(bias)).cloned();
    let product = linear(net, view, axis, (weights, weight.dims()), bias)?;
    let product = if axis == 0 { product.transposed(&[1, 0]) } else { product };
    match plain {
        Some(bias) => {
            let bias = Constant::floats(bias.dims(), scaled(&bias, "beta"))?;
            net.affine(&product, None, Some(&bias))
        }
        None => Ok(product),
    }
}

pub fn product(net: &mut Lowering, call: &Call) -> Result<View> {
    let [Some(a), Some(b)] = &call.inputs[..] else { return Err("an input is missing".into()) };
    match (a, b) {
        (Value::Activation(x), Value::Constant(matrix)) if is_plain(matrix) => {
            let x = x.with_rank(matrix.dims().len());
            let axis = x.rank().checked_sub(1).ok_or("a value without axes")?;
            let (vector, matrix) = as_matrix(matrix, |length| [length, 1])?;
            let weight = matrix.transposed(&[1, 0]);
            let y = linear(net, &x, axis, (weight.to_floats(), weight.dims()), None)?;
            Ok(if vector { y.squeezed(&[axis]) } else { y })
        }
        (Value::Constant(matrix), Value::Activation(x)) if is_plain(matrix) && x.rank() > 1 => {
            let x = x.with_rank(matrix.dims().len());
            let axis = x.rank() - 2;
            let (vector, matrix) = as_matrix(matrix, |length| [1, length])?;
            let y = linear(net, &x, axis, (matrix.to_floats(), matrix.dims()), None)?;
            Ok(if vector { y.squeezed(&[axis]) } else { y })
        }
        _ => {
            let (a, b) = (net.view_of(a)?, net.view_of(b)?);
            between(net, &a, &b)
        }
    }
}

/// A vector, or one matrix for all.
fn is_plain(constant: &Constant) -> bool {
    let dims = constant.dims();
    !dims.is_empty() && dims.iter().rev().skip(2).all(|length| *length == 1)
}

/// A constant of two axes, and whether it was a vector.
fn as_matrix(
    constant: &Constant,
    vector: impl Fn(usize) -> [usize; 2],
) -> Result<(bool, Constant)> {
    match constant.dims() {
        &[length] => Ok((true, constant.reshaped(&vector(length))?)),
        [ones @ .., rows, columns] if ones.iter().all(|length| *length == 1) => {
            Ok((false, constant.reshaped(&[*rows, *columns])?))
        }
        dims => Err(format!("a matrix of {dims:?}")),
    }
}

/// An out × in matrix times the values along an axis.
fn linear(
    net: &mut Lowering,
    view: &View,
    axis: usize,
    (weights, shape): (Vec<f32>, &[usize]),
    bias: Option<Vec<f32>>,
) -> Result<View> {
    let mut dims = view.dims();
    let (out, inputs) = (shape[0], shape[1]);
    if dims[axis] != inputs {
        return Err(format!("a matrix for {inputs} values, where there are {}", dims[axis]));
    }
    let (view, mut sides) = net.aligned(view)?;
    let alone = sides[0] == [axis] || (inputs == 1 && sides[0].is_empty());
    if alone {
        sides[0] = vec![axis];
    } else {
        let others = (0..dims.len()).filter(|other| *other != axis).collect();
        sides = [vec![axis], others, vec![]];
    }
    let from = net.placed(&view, &sides)?;
    let bias = bias.map(|bias| net.tensor(bias, [out]));
    let node = if net.shape(from).is_spatial() {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let weight = net.tensor(weights, [out, inputs, 1, 1]);
        net.add(Convolution::new(weight, bias, options), &[from])?
    } else {
        let weight = net.tensor(weights, [out, inputs]);
        net.add(Linear::new(weight, bias), &[from])?
    };
    dims[axis] = out;
    Ok(View::ordered(node, &dims, &sides.concat()))
}

/// The product of two values that depend on the picture, for every leading axis.
fn between(net: &mut Lowering, a: &View, b: &View) -> Result<View> {
    if a.rank() == 0 || b.rank() == 0 {
        return Err(format!("matrices {:?} and {:?}", a.dims(), b.dims()));
    }
    // Vectors are a row before a matrix, a column behind one.
    let (row, column) = (a.rank() == 1, b.rank() == 1);
    let rank = a.rank().max(b.rank()).max(2);
    let mut standing = b.dims();
    standing.push(1);
    let b = if column { super::layout::reshaped(net, b, &standing)? } else { b.clone() };
    let (a, b) = (a.with_rank(rank), b.with_rank(rank));
    let (mut dims, mut other) = (a.dims(), b.dims());
    let leading = broadcast(&dims[..rank - 2], &other[..rank - 2])?;
    dims[..rank - 2].copy_from_slice(&leading);
    other[..rank - 2].copy_from_slice(&leading);
    let (a, b) = (super::stretched(net, &a, &dims)?, super::stretched(net, &b, &other)?);
    let sides = [(0..rank - 2).collect(), vec![rank - 2], vec![rank - 1]];
    let inputs = [net.placed(&a, &sides)?, net.placed(&b, &sides)?];
    let node = net.add(Op::MatrixProduct, &inputs)?;
    dims[rank - 1] = other[rank - 1];
    let gone: Vec<usize> = [(row, rank - 2), (column, rank - 1)]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, a)| *a)
        .collect();
    Ok(View::ordered(node, &dims, &sides.concat()).squeezed(&gone))
}
