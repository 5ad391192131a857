//! ConvNeXt (Liu et al. 2022): large depthwise windows, layer norm, GELU.

use super::assembly::Assembly;
use super::tensors::Tensors;
use super::window::{Window, window};
use super::{Family, InputDefaults, Variant};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

const EPSILON: f32 = 1e-6;

/// Plan: channels of the first stage, then blocks of each.
pub static CONVNEXT: Family = Family {
    id: "convnext",
    name: "ConvNeXt",
    // The authors' names, as timm spells them. timm keeps a norm before the last layer in its head.
    renames: &[
        ("downsample_layers.0.", "stem."),
        ("downsample_layers.1.", "stages.1.downsample."),
        ("downsample_layers.2.", "stages.2.downsample."),
        ("downsample_layers.3.", "stages.3.downsample."),
        (".dwconv.", ".conv_dw."),
        (".pwconv1.", ".mlp.fc1."),
        (".pwconv2.", ".mlp.fc2."),
    ],
    marks: &[
        &[
            "features.0.0.weight",
            "features.1.0.block.0.weight",
            "features.6.1.weight",
            "classifier.2.weight",
        ],
        &[
            "stem.0.weight",
            "stages.0.blocks.0.conv_dw.weight",
            "stages.3.downsample.1.weight",
            "head.fc.weight",
        ],
        &[
            "stem.0.weight",
            "stages.0.0.conv_dw.weight",
            "stages.3.downsample.1.weight",
            "head.weight",
        ],
    ],
    plan: |tensors| {
        let naming = Naming::of(tensors)?;
        let width = tensors.side(&format!("{}.weight", naming.stem[0]), 0);
        let blocks = |stage| tensors.count(&naming.stage(stage));
        let plan: Vec<_> = [width].into_iter().chain((0..4).map(blocks)).collect();
        (!plan.contains(&0)).then_some(plan)
    },
    variants: &[
        Variant::new("convnext-tiny", "ConvNeXt-T", &[96, 3, 3, 9, 3]),
        Variant::new("convnext-small", "ConvNeXt-S", &[96, 3, 3, 27, 3]),
        Variant::new("convnext-base", "ConvNeXt-B", &[128, 3, 3, 27, 3]),
        Variant::new("convnext-large", "ConvNeXt-L", &[192, 3, 3, 27, 3]),
        Variant::new("convnext-xlarge", "ConvNeXt-XL", &[256, 3, 3, 27, 3]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    lay,
};

/// What the modules are called.
struct Naming {
    stem: [&'static str; 2],
    /// Depthwise convolution, norm, linear layer, GELU, linear layer, scale.
    block: [&'static str; 6],
    /// Norm and linear layer.
    head: [&'static str; 2],
    /// Before and after the number of a stage's blocks.
    torchvision: bool,
}

const TORCHVISION: Naming = Naming {
    stem: ["features.0.0", "features.0.1"],
    block: ["block.0", "block.2", "block.3", "block.4", "block.5", "layer_scale"],
    head: ["classifier.0", "classifier.2"],
    torchvision: true,
};
const TIMM: Naming = Naming {
    stem: ["stem.0", "stem.1"],
    block: ["conv_dw", "norm", "mlp.fc1", "mlp.act", "mlp.fc2", "gamma"],
    head: ["head.norm", "head.fc"],
    torchvision: false,
};
const AUTHORS: Naming = Naming { head: ["norm", "head"], ..TIMM };

impl Naming {
    fn of(tensors: &Tensors) -> Option<&'static Self> {
        [&TORCHVISION, &TIMM, &AUTHORS].into_iter().find(|naming| {
            let first = format!("{}0.{}.weight", naming.stage(0), naming.block[0]);
            let head = format!("{}.weight", naming.head[1]);
            tensors.side(&first, 2) == 7 && tensors.has(&head)
        })
    }

    fn stage(&self, stage: usize) -> String {
        match self.torchvision {
            true => format!("features.{}.", 2 * stage + 1),
            false if self.head == AUTHORS.head => format!("stages.{stage}."),
            false => format!("stages.{stage}.blocks."),
        }
    }

    fn downsample(&self, stage: usize) -> String {
        match self.torchvision {
            true => format!("features.{}", 2 * stage),
            false => format!("stages.{stage}.downsample"),
        }
    }
}

fn lay(net: &mut Assembly, plan: &[usize], from: NodeId) -> Result<NodeId> {
    let naming = Naming::of(net.tensors).unwrap_or(&TORCHVISION);
    let mut x = net.convolution(naming.stem[0], Window::tiles(4), from)?;
    x = net.layer_norm(naming.stem[1], EPSILON, x)?;
    for (stage, &blocks) in plan[1..].iter().enumerate() {
        if stage > 0 {
            x = net.within(&naming.downsample(stage), |net| downsample(net, x))?;
        }
        for index in 0..blocks {
            let name = format!("{}{index}", naming.stage(stage));
            x = net.within(&name, |net| block(net, &naming.block, x))?;
        }
    }
    x = net.global_average_pool("avgpool", x)?;
    x = net.layer_norm(naming.head[0], EPSILON, x)?;
    net.linear(naming.head[1], x)
}

fn downsample(net: &mut Assembly, from: NodeId) -> Result<NodeId> {
    let x = net.layer_norm("0", EPSILON, from)?;
    net.convolution("1", Window::tiles(2), x)
}

fn block(net: &mut Assembly, names: &[&str; 6], from: NodeId) -> Result<NodeId> {
    let [depthwise, norm, widen, gelu, narrow, scale] = *names;
    let channels = net.shape(from).channels;
    let mut x = net.convolution(depthwise, window(7).groups(channels), from)?;
    x = net.layer_norm(norm, EPSILON, x)?;
    x = net.linear_of_channels(widen, x)?;
    x = net.add(gelu, Pointwise::Gelu, &[x])?;
    x = net.linear_of_channels(narrow, x)?;
    x = net.channel_scale(scale, x)?;
    net.sum("add", from, x)
}
