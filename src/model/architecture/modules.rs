//! Modules that many residual networks are built of: convolutions with norm and activation in
//! timm's naming, attention over channels, blurred strides.

use super::graph_assembler::GraphAssembler;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::op::{Arithmetic, Axes, Matrix, Pointwise, PoolAxis, Rearrange};
use crate::graph::{NodeId, Op, Shape};

/// A gate between 0 and 1 in three pieces, as PyTorch has it.
pub const HARD_SIGMOID: Pointwise = Pointwise::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 };

/// What a stride leaves out (Zhang 2019, "Making Convolutional Networks Shift-Invariant Again").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AntiAlias {
    /// Convolutions stride themselves.
    None,
    /// Averages of 2×2 positions.
    Average,
    /// A binomial filter of 3×3 positions at reflected borders.
    Blur,
}

impl AntiAlias {
    /// As the network's name says in its first word, which no tensor does: `resnetblur50`,
    /// `seresnextaa101d`.
    pub fn of_name(net: &GraphAssembler) -> Self {
        let word = net.called.split('-').next().unwrap_or_default();
        let numbered = |part: &str| {
            word.match_indices(part).any(|(at, _)| {
                word[at + part.len()..].starts_with(|next: char| next.is_ascii_digit())
            })
        };
        match () {
            () if numbered("blur") => AntiAlias::Blur,
            () if numbered("aa") => AntiAlias::Average,
            () => AntiAlias::None,
        }
    }

    /// What comes after a convolution that would stride.
    pub fn downsample(self, net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
        match self {
            AntiAlias::None => Ok(from),
            AntiAlias::Average => average_pool(net, "aa", PoolAxis { ceil: false, ..HALVES }, from),
            AntiAlias::Blur => {
                net.within("aa", |net| net.resampled("blur", |n| Some(blurred(n)), from))
            }
        }
    }
}

/// Windows of two, the last of which may stand out and averages what it has.
const HALVES: PoolAxis = PoolAxis {
    kernel: 2,
    stride: 2,
    dilation: 1,
    padding: (0, 0),
    ceil: true,
    count_padding: false,
};

fn average_pool(
    net: &mut GraphAssembler,
    name: &str,
    side: PoolAxis,
    from: NodeId,
) -> Result<NodeId> {
    net.within(name, |net| net.resampled("average pool", |n| Matrix::average_pool(n, side), from))
}

/// An average over 2×2 positions with stride 2, fewer at an odd border.
pub fn halve(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    average_pool(net, name, HALVES, from)
}

/// Every second of the binomial averages ¼, ½, ¼ of a side.
fn blurred(inputs: usize) -> Matrix {
    let reflected = |place: usize| match place {
        0 => 1.min(inputs - 1),
        place if place > inputs => inputs.saturating_sub(2),
        place => place - 1,
    };
    let sum = |output: usize| {
        let taps = [(0, 0.25), (1, 0.5), (2, 0.25)];
        taps.map(|(tap, weight)| (reflected(2 * output + tap), weight)).to_vec()
    };
    let outputs = inputs.div_ceil(2);
    Matrix::from_sums(inputs, &(0..outputs).map(sum).collect::<Vec<_>>())
}

/// A convolution with the norm after it: batch norm, none where it was folded into a bias, group
/// norm in networks that have no statistics at all.
pub fn convolution_norm(
    net: &mut GraphAssembler,
    [name, norm]: [&str; 2],
    window: Window,
    from: NodeId,
) -> Result<NodeId> {
    if net.has(&format!("{norm}.weight")) && has_group_norms(net) {
        let x = net.bare_convolution(name, window, from)?;
        return group_norm(net, norm, x);
    }
    match net.has(&format!("{name}.bias")) && !net.has(&format!("{norm}.weight")) {
        true => net.convolution(name, window, from),
        false => net.convolution_norm([name, norm], window, from),
    }
}

/// Batch norm, or group norm in networks that have no statistics.
pub fn norm(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    match net.has(&format!("{name}.weight")) && has_group_norms(net) {
        true => group_norm(net, name, from),
        false => net.norm(name, from),
    }
}

/// A norm and its activation, which some norms are by themselves.
pub fn norm_act(
    net: &mut GraphAssembler,
    name: &str,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    let x = norm(net, name, from)?;
    match net.has(&format!("{name}.v")) {
        true => Ok(x),
        false => net.add(&format!("{name}.act"), activation, &[x]),
    }
}

/// Groups of a group norm, in the paper and in all published networks here.
const GROUPS: usize = 32;

fn group_norm(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    if let Some(width) = net.width_of_evo_groups {
        let channels = net.shape(from).channels;
        let groups = channels.checked_div(width).unwrap_or(GROUPS);
        return net.evo_norm(name, groups, from);
    }
    if net.called.is_empty() {
        net.guess(format!("norms without statistics are taken to be of {GROUPS} groups"));
    }
    net.group_norm(name, GROUPS, from)
}

fn has_group_norms(net: &GraphAssembler) -> bool {
    !net.tensors.names().any(|name| name.ends_with(".running_var"))
}

/// timm's `ConvNormAct` without its activation: `NAME.conv` and `NAME.bn`, the window's side that
/// of the tensor.
pub fn conv_bn(
    net: &mut GraphAssembler,
    name: &str,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    net.within(name, |net| {
        let window = of_tensor(net, "conv", from).stride(stride);
        convolution_norm(net, ["conv", "bn"], window, from)
    })
}

/// timm's `ConvNormAct`.
pub fn conv_bn_act(
    net: &mut GraphAssembler,
    name: &str,
    stride: usize,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    let x = conv_bn(net, name, stride, from)?;
    match net.has(&format!("{name}.bn.v")) {
        true => Ok(x),
        false => net.add(&format!("{name}.act"), activation, &[x]),
    }
}

/// The window of a convolution's tensor, one position where there is none.
pub fn of_tensor(net: &GraphAssembler, name: &str, from: NodeId) -> Window {
    net.window_of(name, from).unwrap_or(window(1))
}

/// The attention over channels that a module `se` or `attn` has tensors for: by two layers
/// (squeeze-and-excitation), by one (effective squeeze-and-excitation), along the channels (ECA),
/// or of a context that positions are averaged into by weights of their own (global context).
pub fn attention(
    net: &mut GraphAssembler,
    name: &str,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    net.within(name, |net| {
        let gate = match () {
            () if net.has("fc1.weight") => squeeze(net, ["fc1", "fc2"], activation, from)?,
            () if net.has("fc.weight") => {
                let x = net.global_average_pool("avgpool", from)?;
                let x = net.convolution("fc", window(1), x)?;
                net.add("gate", HARD_SIGMOID, &[x])?
            }
            () if net.has("conv.weight") => along_channels(net, from)?,
            () if net.has("conv_attn.weight") => return global_context(net, from),
            () => return Ok(from),
        };
        net.add("scale", Arithmetic::Multiply, &[from, gate])
    })
}

fn squeeze(
    net: &mut GraphAssembler,
    [reduce, expand]: [&str; 2],
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    let x = net.global_average_pool("avgpool", from)?;
    let x = net.bare_convolution(reduce, window(1), x)?;
    let x = net.add("act", activation, &[x])?;
    let x = net.bare_convolution(expand, window(1), x)?;
    net.add("gate", Pointwise::Sigmoid, &[x])
}

/// Efficient channel attention (Wang et al. 2020): a convolution along the channels.
fn along_channels(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.global_average_pool("avgpool", from)?;
    let channels = net.shape(x).channels;
    let x = net.add("line", Rearrange::reshape(Shape::new(1, 1, channels)), &[x])?;
    let x = net.convolution_along("conv", x)?;
    let x = net.add("gate", Pointwise::Sigmoid, &[x])?;
    net.add("channels", Rearrange::reshape(Shape::new(channels, 1, 1)), &[x])
}

/// GCNet's context (Cao et al. 2019), as a scale or a shift of every channel.
fn global_context(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.convolution("conv_attn", window(1), from)?;
    let weights = net.add("softmax", Op::Softmax(Axes::SPATIAL), &[x])?;
    let x = net.add("weigh", Arithmetic::Multiply, &[from, weights])?;
    let context = net.add("context", Op::Sum(Axes::SPATIAL), &[x])?;
    let mut x = from;
    if net.has("mlp_scale.fc1.weight") {
        let scale = net.within("mlp_scale", |net| of_context(net, context))?;
        let gate = net.add("gate", Pointwise::Sigmoid, &[scale])?;
        x = net.add("scale", Arithmetic::Multiply, &[x, gate])?;
    }
    if net.has("mlp_add.fc1.weight") {
        let shift = net.within("mlp_add", |net| of_context(net, context))?;
        x = net.sum("shift", x, shift)?;
    }
    Ok(x)
}

fn of_context(net: &mut GraphAssembler, context: NodeId) -> Result<NodeId> {
    let x = net.convolution("fc1", window(1), context)?;
    let x = net.layer_norm("norm", 1e-6, x)?;
    let x = net.relu("act", x)?;
    net.convolution("fc2", window(1), x)
}
