//! Transposed convolution: values set apart by the stride, then a convolution.

use super::Result;
use super::convolution::{Window, borders, kernel_dims, lengths};
use crate::graph::op::{Convolution, Matrix, Resample};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering};
use crate::model::onnx::proto::Node;
use crate::model::onnx::view::View;
use burn::tensor::ops::ConvOptions;

/// New lengths at most.
const LONGEST: usize = 1 << 14;

pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let view = call.activation(0)?.clone();
    let weight = call.needed_constant(1)?;
    let [inputs, per_group, height, width] = kernel_dims(weight.dims())?;
    let (from, count) = net.image(&view)?;
    let shape = net.shape(from);
    let groups = usize::try_from(call.node.int("group").unwrap_or(1)).unwrap_or(0);
    let fits = groups > 0 && inputs % groups == 0 && inputs * count == shape.channels;
    if !fits || view.rank() != weight.dims().len() {
        return Err(format!("{groups} groups of a kernel of {:?} for {shape}", weight.dims()));
    }
    let out = groups * per_group;
    let window = Window::read(call.node, [height, width], shape)?;
    let rows = spread(call.node, &window, 0, shape.height)?;
    let columns = spread(call.node, &window, 1, shape.width)?;
    let apart = net.add(Resample::new("set apart", rows, columns, net.device()), &[from])?;
    let kernel = turned(weight, [inputs, per_group, height, width], groups);
    let kernel = net.tensor(kernel.repeat(count), [count * out, inputs / groups, height, width]);
    let bias = match call.constant(2)? {
        Some(bias) if bias.len() == out => Some(bias.to_floats().repeat(count)),
        Some(bias) => return Err(format!("a bias of {:?} for {out} channels", bias.dims())),
        None => None,
    };
    let bias = bias.map(|bias| net.tensor(bias, [count * out]));
    let options = ConvOptions::new([1, 1], [0, 0], window.dilation, groups * count);
    let node = net.add(Convolution::new(kernel, bias, options), &[apart])?;
    Ok(net.image_view(node, count, view.rank()))
}

/// Where along a side the values lie that the convolution sees.
fn spread(node: &Node, window: &Window, side: usize, length: usize) -> Result<Matrix> {
    let pair = |name: &str| node.ints(name).filter(|values| !values.is_empty());
    let along = |values: &[i64]| match (values, side) {
        (&[_], 0) => Some(0),
        (&[columns], _) => usize::try_from(columns).ok(),
        (values, _) => values.get(side).and_then(|value| usize::try_from(*value).ok()),
    };
    let extra = pair("output_padding").map_or(Some(0), along).ok_or("a padding that is none")?;
    let (stride, reach) =
        (window.stride[side], window.dilation[side] * (window.kernel[side] - 1) + 1);
    let whole = stride * (length - 1) + extra + reach;
    let wanted = match pair("output_shape") {
        Some(values) => lengths(values).map(|sizes| sizes[side]),
        None if node.text("auto_pad").is_some_and(|pad| pad.starts_with("SAME")) => {
            Some(stride * length)
        }
        None => None,
    };
    let (before, after) = match wanted {
        Some(wanted) => {
            let gone = whole as i64 - wanted as i64;
            let (small, large) = (gone.div_euclid(2), gone - gone.div_euclid(2));
            match node.text("auto_pad") {
                Some("SAME_UPPER") => (small, large),
                _ => (large, small),
            }
        }
        None if node.text("auto_pad").is_some_and(|pad| pad == "VALID") => (0, 0),
        None => {
            let (before, after) = borders(node)?[side];
            (before as i64, after as i64)
        }
    };
    // The kernel lies `reach − 1` values before the first place, less what the border takes away.
    let outputs = whole as i64 - before - after + reach as i64 - 1;
    let outputs = usize::try_from(outputs).ok().filter(|n| (reach..=LONGEST).contains(n));
    let outputs = outputs.ok_or("a border larger than the result")?;
    let source = |place: usize| {
        let at = place as i64 - (reach as i64 - 1) + before;
        let index = usize::try_from(at).ok().filter(|at| at % stride == 0).map(|at| at / stride);
        index.filter(|index| *index < length).map(|index| (index, 1.0)).into_iter().collect()
    };
    Ok(Matrix::from_sums(length, &(0..outputs).map(source).collect::<Vec<_>>()))
}

/// The kernel with its channels exchanged within each group, rows and columns backwards.
fn turned(
    weight: &Constant,
    [inputs, per_group, height, width]: [usize; 4],
    groups: usize,
) -> Vec<f32> {
    let values = weight.to_floats();
    let area = height * width;
    let per_input = inputs / groups;
    let mut turned = Vec::with_capacity(values.len());
    for group in 0..groups {
        for out in 0..per_group {
            for input in 0..per_input {
                let start = ((group * per_input + input) * per_group + out) * area;
                turned.extend(values[start..start + area].iter().rev());
            }
        }
    }
    turned
}
