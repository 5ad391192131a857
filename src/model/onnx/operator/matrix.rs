//! Matrix products.

use super::Result;
use crate::graph::Op;
use crate::graph::op::{Convolution, Linear};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::view::View;
use burn::tensor::ops::ConvOptions;

pub fn gemm(net: &mut Lowering, call: &Call) -> Result<View> {
    let (node, view) = (call.node, call.activation(0)?.clone());
    let axis = usize::from(node.int("transA").unwrap_or(0) == 0);
    let weight = call.needed_constant(1)?;
    if view.rank() != 2 || weight.dims().len() != 2 {
        return Err(format!("matrices {:?} and {:?}", view.dims(), weight.dims()));
    }
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
    let bias = shift.filter(|bias| bias.len() == out).map(|bias| scaled(bias, "beta"));
    let plain = shift.filter(|bias| bias.len() != out).cloned();
    let product = linear(net, &view, axis, (weights, weight.dims()), bias)?;
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
    match (&call.inputs[..], call.inputs.len()) {
        ([Some(Value::Activation(x)), Some(Value::Constant(matrix))], _) => {
            let axis = x.rank().checked_sub(1).ok_or("a value without axes")?;
            let (vector, matrix) = as_matrix(matrix, |length| [length, 1])?;
            let weight = matrix.transposed(&[1, 0]);
            let y = linear(net, x, axis, (weight.to_floats(), weight.dims()), None)?;
            Ok(if vector { y.squeezed(&[axis]) } else { y })
        }
        ([Some(Value::Constant(matrix)), Some(Value::Activation(x))], _) => {
            let axis = x.rank().saturating_sub(2);
            let (vector, matrix) = as_matrix(matrix, |length| [1, length])?;
            let y = linear(net, x, axis, (matrix.to_floats(), matrix.dims()), None)?;
            Ok(if vector { y.squeezed(&[axis]) } else { y })
        }
        ([Some(Value::Activation(a)), Some(Value::Activation(b))], _) => between(net, a, b),
        _ => Err("an input is missing".into()),
    }
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
    Ok(View::laid(node, &dims, &sides.concat()))
}

/// The product of two values that depend on the picture, for every leading axis.
fn between(net: &mut Lowering, a: &View, b: &View) -> Result<View> {
    let rank = a.rank().max(b.rank());
    let (a, b) = (a.with_rank(rank), b.with_rank(rank));
    let (mut dims, other) = (a.dims(), b.dims());
    if rank < 2 || dims[..rank - 2] != other[..rank - 2] {
        return Err(format!("matrices {dims:?} and {other:?}"));
    }
    let sides = [(0..rank - 2).collect(), vec![rank - 2], vec![rank - 1]];
    let inputs = [net.placed(&a, &sides)?, net.placed(&b, &sides)?];
    let node = net.add(Op::MatrixProduct, &inputs)?;
    dims[rank - 1] = other[rank - 1];
    Ok(View::laid(node, &dims, &sides.concat()))
}
