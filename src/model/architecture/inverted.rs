//! Inverted residual blocks: widen, filter every channel, weigh the channels, narrow (Sandler et
//! al. 2018, "MobileNetV2"; Hu et al. 2018, "Squeeze-and-Excitation Networks").

use super::assembly::Assembly;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};

/// Names of a convolution, its norm and its activation.
pub type Layer = [&'static str; 3];

/// What the parts of a block are called.
pub struct Naming {
    expand: Option<Layer>,
    depthwise: Layer,
    /// What names of squeeze-and-excitation start with, and its two convolutions.
    squeeze: Option<[&'static str; 3]>,
    project: [&'static str; 2],
    sum: &'static str,
}

/// Functions of a family's blocks.
#[derive(Clone, Copy)]
pub struct Style {
    pub activation: Pointwise,
    /// Inside squeeze-and-excitation.
    pub squeeze: Pointwise,
    pub gate: Pointwise,
    /// Whether padding is TensorFlow's.
    pub same: bool,
}

const FIRST: Layer = ["block.0.0", "block.0.1", "block.0.2"];
const SECOND: Layer = ["block.1.0", "block.1.1", "block.1.2"];
/// torchvision's MobileNet-v3 and EfficientNet, with all parts.
const WHOLE: Naming = Naming {
    expand: Some(FIRST),
    depthwise: SECOND,
    squeeze: Some(["block.2.", "fc1", "fc2"]),
    project: ["block.3.0", "block.3.1"],
    sum: "add",
};
const TIMM: Naming = Naming {
    expand: Some(["conv_pw", "bn1", "bn1.act"]),
    depthwise: ["conv_dw", "bn2", "bn2.act"],
    squeeze: None,
    project: ["conv_pwl", "bn3"],
    sum: "add",
};
const LUKEMELAS: Naming = Naming {
    expand: None,
    depthwise: ["_depthwise_conv", "_bn1", "_act1"],
    squeeze: None,
    project: ["_project_conv", "_bn2"],
    sum: "_add",
};
const TIMM_SQUEEZE: Option<[&str; 3]> = Some(["se.", "conv_reduce", "conv_expand"]);
const LUKEMELAS_EXPAND: Option<Layer> = Some(["_expand_conv", "_bn0", "_act0"]);
const LUKEMELAS_SQUEEZE: Option<[&str; 3]> = Some(["_se_", "reduce", "expand"]);

/// Every naming of every kind of block.
static NAMINGS: [Naming; 15] = [
    WHOLE,
    Naming { squeeze: None, project: ["block.2.0", "block.2.1"], ..WHOLE },
    Naming {
        expand: None,
        depthwise: FIRST,
        squeeze: Some(["block.1.", "fc1", "fc2"]),
        project: ["block.2.0", "block.2.1"],
        ..WHOLE
    },
    Naming {
        expand: None,
        depthwise: FIRST,
        squeeze: None,
        project: ["block.1.0", "block.1.1"],
        ..WHOLE
    },
    // torchvision's MobileNet-v2.
    Naming {
        expand: Some(["conv.0.0", "conv.0.1", "conv.0.2"]),
        depthwise: ["conv.1.0", "conv.1.1", "conv.1.2"],
        squeeze: None,
        project: ["conv.2", "conv.3"],
        ..WHOLE
    },
    Naming {
        expand: None,
        depthwise: ["conv.0.0", "conv.0.1", "conv.0.2"],
        squeeze: None,
        project: ["conv.1", "conv.2"],
        ..WHOLE
    },
    // torchvision's MNASNet.
    Naming {
        expand: Some(["layers.0", "layers.1", "layers.2"]),
        depthwise: ["layers.3", "layers.4", "layers.5"],
        squeeze: None,
        project: ["layers.6", "layers.7"],
        ..WHOLE
    },
    TIMM,
    Naming { squeeze: TIMM_SQUEEZE, ..TIMM },
    Naming {
        expand: None,
        depthwise: ["conv_dw", "bn1", "bn1.act"],
        project: ["conv_pw", "bn2"],
        ..TIMM
    },
    Naming {
        expand: None,
        depthwise: ["conv_dw", "bn1", "bn1.act"],
        squeeze: TIMM_SQUEEZE,
        project: ["conv_pw", "bn2"],
        ..TIMM
    },
    LUKEMELAS,
    Naming { squeeze: LUKEMELAS_SQUEEZE, ..LUKEMELAS },
    Naming { expand: LUKEMELAS_EXPAND, ..LUKEMELAS },
    Naming { expand: LUKEMELAS_EXPAND, squeeze: LUKEMELAS_SQUEEZE, ..LUKEMELAS },
];

impl Naming {
    /// The naming of the module that is being laid: fewest tensors missing, then most there.
    fn of(net: &Assembly) -> &'static Self {
        let rank = |naming: &&Self| {
            let weights = naming.weights();
            let there = weights.iter().filter(|weight| net.has(weight)).count();
            (weights.len() - there, usize::MAX - there)
        };
        NAMINGS.iter().min_by_key(rank).unwrap_or(&NAMINGS[0])
    }

    fn weights(&self) -> Vec<String> {
        let squeeze = self.squeeze.map(|[prefix, reduce, _]| format!("{prefix}{reduce}"));
        let names =
            [self.expand.map(|layer| layer[0]), Some(self.depthwise[0]), Some(self.project[0])];
        let names = names.into_iter().flatten().map(str::to_string).chain(squeeze);
        names.map(|name| format!("{name}.weight")).collect()
    }
}

/// A convolution with its norm and activation.
pub fn layer(
    net: &mut Assembly,
    [name, norm, activation]: Layer,
    window: Window,
    style: Style,
    from: NodeId,
) -> Result<NodeId> {
    let window = if style.same { window.same() } else { window };
    let x = net.convolution_norm([name, norm], window, from)?;
    net.add(activation, style.activation, &[x])
}

/// The block whose module is being laid; its windows' sides are those of its tensors.
pub fn block(net: &mut Assembly, style: Style, stride: usize, from: NodeId) -> Result<NodeId> {
    let naming = Naming::of(net);
    let mut x = from;
    if let Some(expand) = naming.expand {
        x = layer(net, expand, window(1), style, x)?;
    }
    let depthwise = naming.depthwise;
    let side = net.tensor_shape(&format!("{}.weight", depthwise[0])).map_or(3, |shape| shape[2]);
    let every = window(side).stride(stride).groups(net.shape(x).channels);
    x = layer(net, depthwise, every, style, x)?;
    if let Some(names) = naming.squeeze {
        x = squeeze(net, names, style, x)?;
    }
    x = net.convolution_norm(naming.project, window(1), x)?;
    match stride == 1 && net.shape(from) == net.shape(x) {
        true => net.sum(naming.sum, from, x),
        false => Ok(x),
    }
}

/// Squeeze-and-excitation: every channel is weighed by what all of them are on average.
fn squeeze(
    net: &mut Assembly,
    [prefix, reduce, expand]: [&str; 3],
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
