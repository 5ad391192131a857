//! DenseNet: every layer sees all before it in its block (Huang et al. 2017).

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::AntiAlias;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;

/// Dimensions: layers of each block.
pub static DENSENET: Family = Family {
    id: "densenet",
    name: "DenseNet",
    // torchvision's first weights, which are still its published ones.
    names: &["densenet"],
    renames: &[
        (".norm.1.", ".norm1."),
        (".norm.2.", ".norm2."),
        (".conv.1.", ".conv1."),
        (".conv.2.", ".conv2."),
    ],
    signatures: &[&[
        "features.conv0.weight",
        "features.denseblock1.denselayer1.conv1.weight",
        "features.norm5.weight",
    ]],
    dimensions: |tensors| {
        let blocks = tensors.count_from(1, "features.denseblock");
        let layers =
            |block| tensors.count_from(1, &format!("features.denseblock{block}.denselayer"));
        Some((1..=blocks).map(layers).collect())
    },
    variants: &[
        Variant::new("densenet121", "DenseNet-121", &[6, 12, 24, 16]),
        Variant::new("densenet161", "DenseNet-161", &[6, 12, 36, 24]),
        Variant::new("densenet169", "DenseNet-169", &[6, 12, 32, 32]),
        Variant::new("densenet201", "DenseNet-201", &[6, 12, 48, 32]),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, blocks, from| {
        let x = net.within("features", |net| features(net, blocks, from))?;
        let x = net.relu("relu", x)?;
        net.pooled_head("avgpool", Head::new(&["classifier"]), x)
    },
};

fn features(net: &mut GraphAssembler, blocks: &[usize], from: NodeId) -> Result<NodeId> {
    let mut x = stem(net, from)?;
    for (block, &layers) in (1..).zip(blocks) {
        for layer in 1..=layers {
            let name = format!("denseblock{block}.denselayer{layer}");
            x = net.within(&name, |net| dense_layer(net, x))?;
        }
        if block < blocks.len() {
            x = net.within(&format!("transition{block}"), |net| transition(net, x))?;
        }
    }
    net.norm("norm5", x)
}

/// A convolution and a pool; timm's deep one has three convolutions, and may blur instead of striding.
fn stem(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let side = net.dim("conv0.weight", 2).max(1);
    let mut x = net.convolution_norm(["conv0", "norm0"], window(side).stride(2), from)?;
    x = net.relu("relu0", x)?;
    if !net.has("conv2.weight") {
        return net.max_pool("pool0", window(3).stride(2), x);
    }
    for index in 1..=2 {
        let [name, norm] = [format!("conv{index}"), format!("norm{index}")];
        x = net.convolution_norm([&name, &norm], window(3), x)?;
        x = net.relu(&format!("relu{index}"), x)?;
    }
    if net.called.is_empty() {
        net.guess("the stem is taken to blur, as densenetblur121d does");
    } else if AntiAlias::of_name(net) == AntiAlias::None {
        return net.max_pool("pool0", window(3).stride(2), x);
    }
    x = net.max_pool("pool0", window(3), x)?;
    net.within("pool0", |net| AntiAlias::Blur.downsample(net, x))
}

fn dense_layer(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.norm("norm1", from)?;
    x = net.relu("relu1", x)?;
    x = net.convolution_norm(["conv1", "norm2"], window(1), x)?;
    x = net.relu("relu2", x)?;
    x = net.bare_convolution("conv2", window(3), x)?;
    net.concatenate("concatenate", &[from, x])
}

fn transition(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.norm("norm", from)?;
    x = net.relu("relu", x)?;
    x = net.bare_convolution("conv", window(1), x)?;
    net.average_pool("pool", Window::tiles(2), x)
}
