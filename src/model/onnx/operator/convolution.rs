//! Convolution, and the batch norms that it takes in.

use super::Result;
use crate::graph::Shape;
use crate::graph::op::{Convolution, same_padding};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::lowering::{Call, Lowering, Value};
use crate::model::onnx::proto::Node;
use crate::model::onnx::view::View;
use burn::tensor::ops::ConvOptions;

/// Windows as the attributes of convolutions and pools give them, by rows and columns.
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Before and after.
    pub padding: [(usize, usize); 2],
}

/// Lengths by rows and columns; a single one is along columns.
pub fn lengths(values: &[i64]) -> Option<[usize; 2]> {
    let length = |value: i64| usize::try_from(value).ok().filter(|v| (1..1 << 16).contains(v));
    match *values {
        [columns] => Some([1, length(columns)?]),
        [rows, columns] => Some([length(rows)?, length(columns)?]),
        _ => None,
    }
}

impl Window {
    /// # Errors
    /// For other than one or two lengths, or lengths that are none.
    pub fn read(node: &Node, kernel: [usize; 2], input: Shape) -> Result<Self> {
        let pair = |name: &str| match node.ints(name) {
            None | Some([]) => Ok([1, 1]),
            Some(values) => lengths(values).ok_or_else(|| format!("{name} {values:?}")),
        };
        let (stride, dilation) = (pair("strides")?, pair("dilations")?);
        if kernel.contains(&0) {
            return Err("a kernel without places".into());
        }
        let sizes = [input.height, input.width];
        let reach = |axis: usize| dilation[axis] * (kernel[axis] - 1) + 1;
        let same = |axis: usize| same_padding(sizes[axis], reach(axis), stride[axis]);
        let padding = match node.text("auto_pad").unwrap_or("NOTSET") {
            "SAME_UPPER" => [same(0), same(1)],
            "SAME_LOWER" => [same(0), same(1)].map(|(before, after)| (after, before)),
            "VALID" => [(0, 0); 2],
            _ => borders(node)?,
        };
        Ok(Self { kernel, stride, dilation, padding })
    }
}

/// Borders before and after, by rows and columns.
pub fn borders(node: &Node) -> Result<[(usize, usize); 2]> {
    let pads = node.ints("pads").unwrap_or(&[]);
    let fits = pads.iter().all(|pad| (0..1 << 16).contains(pad));
    match *pads {
        [] => Ok([(0, 0); 2]),
        [left, right] if fits => Ok([(0, 0), (left as usize, right as usize)]),
        [top, left, bottom, right] if fits => {
            Ok([(top as usize, bottom as usize), (left as usize, right as usize)])
        }
        _ => Err(format!("pads {pads:?}")),
    }
}

/// Dimensions of a kernel by output channels, channels of a group, rows and columns.
pub fn kernel_dims(dims: &[usize]) -> Result<[usize; 4]> {
    match *dims {
        [out, inputs, columns] => Ok([out, inputs, 1, columns]),
        [out, inputs, rows, columns] => Ok([out, inputs, rows, columns]),
        [_, _, _, _, _] => Err(format!("a kernel of {dims:?}: volumes are not supported")),
        _ => Err(format!("a kernel of {dims:?}; those of pictures have 4 axes")),
    }
}

pub fn convolution(net: &mut Lowering, call: &Call) -> Result<View> {
    if let [_, Some(Value::Activation(_)), ..] = call.inputs[..] {
        return super::unfolded::convolution(net, call);
    }
    let weight = call.needed_constant(1)?;
    let [out, per_group, height, width] = kernel_dims(weight.dims())?;
    let view = net.view_of(call.inputs[0].as_ref().ok_or("input 0 is missing")?)?;
    if view.rank() != weight.dims().len() {
        return Err(format!("a kernel of {:?} for {:?}", weight.dims(), view.dims()));
    }
    let (from, count) = net.image(&view)?;
    let input = net.shape(from);
    let groups = usize::try_from(call.node.int("group").unwrap_or(1)).unwrap_or(0);
    if groups == 0 || out % groups != 0 || per_group * groups * count != input.channels {
        return Err(format!("{groups} groups of {per_group} channels for {input}"));
    }
    let window = Window::read(call.node, [height, width], input)?;
    let mut kernel = weight.to_floats();
    let mut bias = match call.constant(2)? {
        Some(bias) if bias.len() == out => Some(bias.to_floats()),
        Some(bias) => return Err(format!("a bias of {:?} for {out} channels", bias.dims())),
        None => None,
    };
    if let Some((norm, [scale, shift])) = following_norm(net, call.node, out) {
        for (weights, scale) in kernel.chunks_exact_mut(per_group * height * width).zip(&scale) {
            for weight in weights {
                *weight *= scale;
            }
        }
        let own = bias.unwrap_or(vec![0.0; out]);
        bias = Some((0..out).map(|c| own[c] * scale[c] + shift[c]).collect());
        net.take_in(norm);
    }
    let Window { stride, padding, dilation, .. } = window;
    // Several pictures are groups of channels.
    let options = ConvOptions::new_with_padding(stride, padding, dilation, groups * count);
    let is_mixing =
        count == 1 && kernel.len() == out * out && stride == [1, 1] && padding == [(0, 0); 2];
    let mixed = is_mixing.then(|| net.mixed(from, &kernel, bias.as_deref())).flatten();
    let kernel = net.tensor(kernel.repeat(count), [count * out, per_group, height, width]);
    let bias = bias.map(|bias| net.tensor(bias.repeat(count), [count * out]));
    let node = net.add(Convolution::new(kernel, bias, options), &[from])?;
    net.know_colours(node, mixed);
    Ok(net.image_view(node, count, view.rank()))
}

/// The batch norm that alone uses a node's output, with its scale and shift.
fn following_norm<'a>(
    net: &Lowering<'a>,
    node: &Node,
    out: usize,
) -> Option<(&'a Node, [Vec<f32>; 2])> {
    let norm = net.sole_consumer(node.output.first()?)?;
    let is_norm = norm.op_type == "BatchNormalization" && evaluates(norm, net.opset).is_ok();
    if !is_norm || norm.input.first() != node.output.first() {
        return None;
    }
    let value = |i: usize| match net.value(norm.input.get(i)?).ok()?? {
        Value::Constant(constant) => Some(constant),
        Value::Activation(_) => None,
    };
    let parts = [value(1)?, value(2)?, value(3)?, value(4)?];
    scale_and_shift(norm, parts.each_ref(), out).ok().map(|parts| (norm, parts))
}

/// γ / √(variance + ε), and β − mean times that.
fn scale_and_shift(norm: &Node, parts: [&Constant; 4], out: usize) -> Result<[Vec<f32>; 2]> {
    if parts.iter().any(|part| part.len() != out) {
        return Err(format!("statistics that are not of {out} channels"));
    }
    let [gamma, beta, mean, variance] = parts.map(Constant::to_floats);
    let epsilon = norm.float("epsilon").unwrap_or(1e-5);
    let scale: Vec<f32> = (0..out).map(|c| gamma[c] / (variance[c] + epsilon).sqrt()).collect();
    let shift: Vec<f32> = (0..out).map(|c| beta[c] - mean[c] * scale[c]).collect();
    match scale.iter().chain(&shift).all(|value| value.is_finite()) {
        true => Ok([scale, shift]),
        false => Err("statistics that are not finite: the file is damaged".into()),
    }
}

/// Whether a batch norm takes its statistics from the file. Up to opset 6 an attribute says so, up
/// to opset 13 that there is one output, and then an attribute again.
///
/// # Errors
/// When it takes them from the batch.
pub fn evaluates(norm: &Node, opset: i64) -> Result<()> {
    let used = norm.output.iter().filter(|name| !name.is_empty()).count();
    let trains = match opset {
        ..7 => norm.int("is_test").unwrap_or(0) == 0,
        7..14 => used > 1,
        _ => norm.int("training_mode").unwrap_or(0) != 0,
    };
    match trains {
        true => Err("it is in training mode, where one picture's scores depend on the others of \
                     its batch; export the network in evaluation mode (`model.eval()`)"
            .into()),
        false => Ok(()),
    }
}

/// A batch norm that no convolution took in.
pub fn batch_norm(net: &mut Lowering, call: &Call) -> Result<View> {
    evaluates(call.node, call.opset)?;
    let view = call.activation(0)?;
    let dims = view.dims();
    let channels = *dims.get(1).ok_or("a value without channels")?;
    let part = |index| call.needed_constant(index);
    let parts = [part(1)?, part(2)?, part(3)?, part(4)?];
    let [scale, shift] = scale_and_shift(call.node, parts, channels)?;
    let deviations: Vec<f32> = parts[3].to_floats().into_iter().map(f32::sqrt).collect();
    net.note_statistics(view, &parts[2].to_floats(), &deviations);
    let mut shape = vec![1; dims.len()];
    shape[1] = channels;
    let [scale, shift] = [Constant::floats(&shape, scale)?, Constant::floats(&shape, shift)?];
    net.affine(view, Some(&scale), Some(&shift))
}
