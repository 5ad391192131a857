//! Inverted residual blocks: widen, filter every channel, weigh the channels, narrow (Sandler et
//! al. 2018, "MobileNetV2"; Hu et al. 2018, "Squeeze-and-Excitation Networks"), with their kin:
//! without widening, with one convolution for both (Xiong et al. 2020, "MobileDets"), with filters
//! of several sizes (Tan and Le 2019, "MixConv"), with filters before and after (Qin et al. 2024,
//! "MobileNetV4").
//!
//! Sides and groups of windows are those of the tensors; what the file has no tensors for is left
//! out.

use super::conditional;
use super::graph_assembler::GraphAssembler;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};

/// Names of a convolution, its norm and its activation.
pub type Layer = [&'static str; 3];

/// What a part of a block does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Turns tiles of 2×2 into channels.
    Tiles,
    /// A filter before widening, without activation.
    Start,
    Expand,
    Filter,
    /// Squeeze-and-excitation: what its names start with, and its two convolutions.
    Squeeze,
    Project,
    /// A filter after narrowing, without activation.
    End,
    /// A learned factor for every channel.
    Scale,
}
use Role::{End, Expand, Filter, Project, Scale, Squeeze, Start, Tiles};

/// Functions of a family's blocks, which the tensors don't determine.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub activation: Pointwise,
    /// Inside squeeze-and-excitation.
    pub squeeze: Pointwise,
    pub gate: Pointwise,
    /// Whether padding is TensorFlow's.
    pub same: bool,
    pub halving: Halving,
    pub skip: Skip,
    /// Whether blocks without widening end with an activation.
    pub active_end: bool,
}

/// How a block halves its rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halving {
    Stride,
    /// Averages of tiles after the convolution.
    Average,
    /// A blur after the convolution.
    Blur,
}

/// Which blocks that keep their shape add their input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    All,
    /// All but single convolutions.
    Blocks,
    None,
}

impl Style {
    /// One activation everywhere, a sigmoid as gate.
    pub const fn of(activation: Pointwise) -> Self {
        Self {
            activation,
            squeeze: activation,
            gate: Pointwise::Sigmoid,
            same: false,
            halving: Halving::Stride,
            skip: Skip::All,
            active_end: false,
        }
    }
}

const FIRST: Layer = ["block.0.0", "block.0.1", "block.0.2"];
const SECOND: Layer = ["block.1.0", "block.1.1", "block.1.2"];
const TIMM_TILES: (Role, Layer) = (Tiles, ["conv_s2d", "bn_s2d", "bn_s2d.act"]);
const TIMM_SQUEEZE: (Role, Layer) = (Squeeze, ["se.", "conv_reduce", "conv_expand"]);

/// What the parts of every kind of block are called, in their order.
static NAMINGS: &[&[(Role, Layer)]] = &[
    // torchvision's MobileNet-v3 and EfficientNets.
    &[
        (Expand, FIRST),
        (Filter, SECOND),
        (Squeeze, ["block.2.", "fc1", "fc2"]),
        (Project, ["block.3.0", "block.3.1", "block.3.2"]),
    ],
    &[(Expand, FIRST), (Filter, SECOND), (Project, ["block.2.0", "block.2.1", "block.2.2"])],
    &[
        (Filter, FIRST),
        (Squeeze, ["block.1.", "fc1", "fc2"]),
        (Project, ["block.2.0", "block.2.1", "block.2.2"]),
    ],
    &[(Filter, FIRST), (Project, SECOND)],
    &[(Filter, FIRST)],
    // torchvision's MobileNet-v2.
    &[
        (Expand, ["conv.0.0", "conv.0.1", "conv.0.2"]),
        (Filter, ["conv.1.0", "conv.1.1", "conv.1.2"]),
        (Project, ["conv.2", "conv.3", "conv.4"]),
    ],
    &[(Filter, ["conv.0.0", "conv.0.1", "conv.0.2"]), (Project, ["conv.1", "conv.2", "conv.3"])],
    // torchvision's MNASNet.
    &[
        (Expand, ["layers.0", "layers.1", "layers.2"]),
        (Filter, ["layers.3", "layers.4", "layers.5"]),
        (Project, ["layers.6", "layers.7", "layers.8"]),
    ],
    // timm's.
    &[
        TIMM_TILES,
        (Expand, ["conv_pw", "bn1", "bn1.act"]),
        (Filter, ["conv_dw", "bn2", "bn2.act"]),
        TIMM_SQUEEZE,
        (Project, ["conv_pwl", "bn3", "bn3.act"]),
    ],
    &[
        TIMM_TILES,
        (Filter, ["conv_dw", "bn1", "bn1.act"]),
        TIMM_SQUEEZE,
        (Project, ["conv_pw", "bn2", "bn2.act"]),
    ],
    &[
        (Filter, ["conv_exp", "bn1", "bn1.act"]),
        TIMM_SQUEEZE,
        (Project, ["conv_pwl", "bn2", "bn2.act"]),
    ],
    &[(Filter, ["conv", "bn1", "bn1.act"])],
    &[
        (Start, ["dw_start.conv", "dw_start.bn", ""]),
        (Expand, ["pw_exp.conv", "pw_exp.bn", "pw_exp.bn.act"]),
        (Filter, ["dw_mid.conv", "dw_mid.bn", "dw_mid.bn.act"]),
        TIMM_SQUEEZE,
        (Project, ["pw_proj.conv", "pw_proj.bn", ""]),
        (End, ["dw_end.conv", "dw_end.bn", ""]),
        (Scale, ["", "layer_scale.gamma", ""]),
    ],
    // lukemelas'.
    &[
        (Expand, ["_expand_conv", "_bn0", "_act0"]),
        (Filter, ["_depthwise_conv", "_bn1", "_act1"]),
        (Squeeze, ["_se_", "reduce", "expand"]),
        (Project, ["_project_conv", "_bn2", "_act2"]),
    ],
];

/// Whether the file has a part's convolutions; those side by side are numbered.
fn is_there(net: &GraphAssembler, (role, [first, second, third]): (Role, Layer)) -> bool {
    let has = |name: String| net.has(&name);
    match role {
        Scale => has(second.to_string()),
        Squeeze => [second, third].iter().any(|name| has(format!("{first}{name}.weight"))),
        _ => ["weight", "0.weight"].iter().any(|part| has(format!("{first}.{part}"))),
    }
}

/// The parts of the module that is being built, by the naming with most of them there, then fewest
/// missing. A part whose norm is there lacks its convolution.
fn parts(net: &GraphAssembler) -> Vec<(Role, Layer)> {
    let count =
        |naming: &[(Role, Layer)]| naming.iter().filter(|part| is_there(net, **part)).count();
    let rank = |naming: &&&[(Role, Layer)]| (usize::MAX - count(naming), naming.len());
    let naming = NAMINGS.iter().min_by_key(rank).copied().unwrap_or_default();
    let has_norm = |(role, names): (Role, Layer)| {
        !matches!(role, Squeeze | Scale) && net.has(&format!("{}.weight", names[1]))
    };
    naming.iter().copied().filter(|part| is_there(net, *part) || has_norm(*part)).collect()
}

/// A convolution with its norm and activation.
pub fn layer(
    net: &mut GraphAssembler,
    [name, norm, activation]: Layer,
    window: Window,
    style: Style,
    from: NodeId,
) -> Result<NodeId> {
    let window = if style.same { window.same() } else { window };
    let x = net.convolution_norm([name, norm], window, from)?;
    net.add(activation, style.activation, &[x])
}

/// The block whose module is being built.
pub fn block(
    net: &mut GraphAssembler,
    style: Style,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let parts = parts(net);
    let has = |role: Role| parts.iter().any(|part| part.0 == role);
    let halves = [Filter, Start, End].into_iter().find(|role| has(*role));
    let gates = match net.has("routing_fn.weight") {
        true => Some(conditional::gates(net, from)?),
        false => None,
    };
    let mut x = from;
    for &(role, names) in &parts {
        let stride = if halves == Some(role) { stride } else { 1 };
        x = match role {
            Squeeze => weighed(net, names, style, x)?,
            Scale => net.channel_scale(names[1], x)?,
            Tiles => layer(net, names, window(2).stride(2), Style { same: true, ..style }, x)?,
            _ => Part { role, gates, stride }.build(net, names, style, x)?,
        };
        if role == Project && style.active_end && !has(Expand) {
            x = net.add(names[2], style.activation, &[x])?;
        }
    }
    let adds = style.skip == Skip::All || style.skip == Skip::Blocks && parts.len() > 1;
    match stride == 1 && net.shape(from) == net.shape(x) && adds {
        true => net.sum("add", from, x),
        false => Ok(x),
    }
}

/// A convolution of a block.
struct Part {
    role: Role,
    /// Of the experts, where there are several.
    gates: Option<NodeId>,
    stride: usize,
}

impl Part {
    /// The convolution with its norm, its activation, and what halves.
    fn build(
        &self,
        net: &mut GraphAssembler,
        [name, norm, activation]: Layer,
        style: Style,
        from: NodeId,
    ) -> Result<NodeId> {
        let pools = self.stride > 1 && style.halving != Halving::Stride && self.role != End;
        let stride = if pools { 1 } else { self.stride };
        let mut x = self.convolution(net, [name, norm], (stride, style.same), from)?;
        if matches!(self.role, Expand | Filter) {
            x = net.add(activation, style.activation, &[x])?;
        }
        match (pools, style.halving) {
            (true, Halving::Average) => net.average_pool("aa", Window::tiles(2), x),
            (true, Halving::Blur) => net.blur_pool("aa", x),
            _ => Ok(x),
        }
    }

    /// One convolution, several whose sum the gates weigh, or several side by side that share the
    /// channels.
    fn convolution(
        &self,
        net: &mut GraphAssembler,
        [name, norm]: [&str; 2],
        (stride, same): (usize, bool),
        from: NodeId,
    ) -> Result<NodeId> {
        // Even windows are TensorFlow's alone.
        let padded = |window: Window| match same || window.kernel[0].is_multiple_of(2) {
            true => window.stride(stride).same(),
            false => window.stride(stride),
        };
        let groups = match self.role {
            Expand | Project => 1,
            _ => net.shape(from).channels,
        };
        if let Some(gates) = self.gates {
            let window = |side: usize| padded(window(side).groups(groups));
            return conditional::convolution(net, [name, norm], gates, window, from);
        }
        if net.has(&format!("{name}.0.weight")) {
            return side_by_side(net, [name, norm], padded, from);
        }
        let usual = if groups == 1 { window(1) } else { window(3).groups(groups) };
        let window = net.window_of(name, from).unwrap_or(usual);
        net.convolution_norm([name, norm], padded(window), from)
    }
}

/// Convolutions of equal parts of the channels, the first of which takes what is left over.
fn side_by_side(
    net: &mut GraphAssembler,
    [name, norm]: [&str; 2],
    padded: impl Fn(Window) -> Window,
    from: NodeId,
) -> Result<NodeId> {
    let (channels, count) = (net.shape(from).channels, net.count(&format!("{name}.")));
    let mut outputs = vec![];
    let mut start = 0;
    for index in 0..count {
        let name = format!("{name}.{index}");
        let width = channels / count + if index == 0 { channels % count } else { 0 };
        let part = net.some_channels(&format!("{name}.channels"), start..start + width, from)?;
        let window = net.window_of(&name, part).unwrap_or(window(1));
        outputs.push(net.bare_convolution(&name, padded(window), part)?);
        start += width;
    }
    let x = net.concatenate(&format!("{name}.concatenate"), &outputs)?;
    net.norm(norm, x)
}

/// Squeeze-and-excitation: every channel is weighed by what all of them are on average.
pub fn weighed(
    net: &mut GraphAssembler,
    [prefix, reduce, expand]: Layer,
    style: Style,
    from: NodeId,
) -> Result<NodeId> {
    let name = |part: &str| format!("{prefix}{part}");
    let mut x = net.global_average_pool(&name("avgpool"), from)?;
    x = net.convolution(&name(reduce), window(1), x)?;
    x = net.add(&name("activation"), style.squeeze, &[x])?;
    x = net.convolution(&name(expand), window(1), x)?;
    x = net.add(&name("gate"), style.gate, &[x])?;
    net.add(&name("scale"), Arithmetic::Multiply, &[from, x])
}
