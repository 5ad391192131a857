//! Residual networks with norm and ReLU before each convolution (He et al. 2016, "Identity
//! Mappings in Deep Residual Networks") and their wide kin (Zagoruyko and Komodakis 2016).

use super::assembly::Assembly;
use super::input::{CIFAR10, PLAIN};
use super::resnet::depths;
use super::window::window;
use super::{Family, InputDefaults, Variant};
use crate::error::Result;
use crate::graph::NodeId;

/// Plan: blocks of each layer.
pub static PREACT_RESNET: Family = Family {
    id: "preact-resnet",
    name: "PreActResNet",
    renames: &[],
    marks: &[&[
        "conv1.weight",
        "layer1.0.bn1.weight",
        "layer1.0.conv1.weight",
        "layer4.0.conv1.weight",
        "linear.weight",
    ]],
    // A norm before the first block makes it a plain ResNet. Of its two convolutions, the second
    // has the norm that tells whether norms come before or after where widths change.
    plan: |tensors| {
        let before =
            tensors.side("layer2.0.bn1.weight", 0) == tensors.side("layer2.0.conv1.weight", 1);
        (!tensors.has("bn1.weight") && before).then(|| depths(tensors))
    },
    variants: &[
        Variant::new("preact-resnet18", "PreActResNet-18", &[2, 2, 2, 2]),
        Variant::new("preact-resnet34", "PreActResNet-34", &[3, 4, 6, 3]),
    ],
    input: |_, _| InputDefaults::cifar10(CIFAR10),
    leftovers: &[],
    lay: |net, depths, from| {
        let mut x = net.bare_convolution("conv1", window(3), from)?;
        for (layer, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 && layer > 1 { 2 } else { 1 };
                let name = format!("layer{layer}.{index}");
                x = net.within(&name, |net| block(net, "shortcut.0", stride, x))?;
            }
        }
        // Adversarial training's networks end with a norm, the first published ones don't.
        if net.has("bn.weight") {
            x = net.norm("bn", x)?;
            x = net.relu("relu", x)?;
        }
        x = net.global_average_pool("avgpool", x)?;
        net.linear("linear", x)
    },
};

/// Plan: blocks of each of the three layers, channels of the first layer.
pub static WIDE_RESNET: Family = Family {
    id: "wide-resnet",
    name: "WideResNet",
    renames: &[],
    marks: &[&[
        "conv1.weight",
        "block1.layer.0.bn1.weight",
        "block1.layer.0.conv1.weight",
        "block3.layer.0.convShortcut.weight",
        "bn1.weight",
        "fc.weight",
    ]],
    plan: |tensors| {
        Some(vec![tensors.count("block1.layer."), tensors.side("block1.layer.0.conv1.weight", 0)])
    },
    variants: &[
        Variant::new("wide-resnet-16-4", "WideResNet-16-4", &[2, 64]),
        Variant::new("wide-resnet-16-8", "WideResNet-16-8", &[2, 128]),
        Variant::new("wide-resnet-28-4", "WideResNet-28-4", &[4, 64]),
        Variant::new("wide-resnet-28-10", "WideResNet-28-10", &[4, 160]),
        Variant::new("wide-resnet-34-10", "WideResNet-34-10", &[5, 160]),
        Variant::new("wide-resnet-34-15", "WideResNet-34-15", &[5, 240]),
        Variant::new("wide-resnet-34-20", "WideResNet-34-20", &[5, 320]),
        Variant::new("wide-resnet-40-2", "WideResNet-40-2", &[6, 32]),
        Variant::new("wide-resnet-40-4", "WideResNet-40-4", &[6, 64]),
        Variant::new("wide-resnet-40-10", "WideResNet-40-10", &[6, 160]),
        Variant::new("wide-resnet-70-16", "WideResNet-70-16", &[11, 256]),
    ],
    // Adversarial training takes pixels as they are.
    input: |_, _| InputDefaults::cifar10(PLAIN),
    // TRADES' code builds its first layer twice and uses one.
    leftovers: &["sub_block1."],
    lay: |net, plan, from| {
        let mut x = net.bare_convolution("conv1", window(3), from)?;
        for layer in 1..=3 {
            for index in 0..plan[0] {
                let stride = if index == 0 && layer > 1 { 2 } else { 1 };
                let name = format!("block{layer}.layer.{index}");
                x = net.within(&name, |net| block(net, "convShortcut", stride, x))?;
            }
        }
        x = net.norm("bn1", x)?;
        x = net.relu("relu", x)?;
        x = net.global_average_pool("avgpool", x)?;
        net.bare_linear("fc", x)
    },
};

/// Norm, ReLU and convolution, two or three times. A shortcut with weights starts after the first
/// ReLU, as in the paper and in nearly all code; the weights can't tell of the few that start it
/// before.
fn block(net: &mut Assembly, shortcut: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    let mut x = net.norm("bn1", from)?;
    x = net.relu("relu1", x)?;
    let skipped = match net.has(&format!("{shortcut}.weight")) {
        true => net.bare_convolution(shortcut, window(1).stride(stride), x)?,
        false => from,
    };
    let strided = window(3).stride(stride);
    if net.has("conv3.weight") {
        x = net.convolution_norm(["conv1", "bn2"], window(1), x)?;
        x = net.relu("relu2", x)?;
        x = net.convolution_norm(["conv2", "bn3"], strided, x)?;
        x = net.relu("relu3", x)?;
        x = net.bare_convolution("conv3", window(1), x)?;
    } else {
        x = net.convolution_norm(["conv1", "bn2"], strided, x)?;
        x = net.relu("relu2", x)?;
        x = net.bare_convolution("conv2", window(3), x)?;
    }
    net.sum("add", x, skipped)
}
