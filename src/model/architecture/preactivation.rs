//! Residual networks with norm and ReLU before each convolution (He et al. 2016, "Identity
//! Mappings in Deep Residual Networks") and their wide kin (Zagoruyko and Komodakis 2016).

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::{CIFAR10, PLAIN};
use super::resnet::depths;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Dimensions: blocks of each layer.
pub static PREACT_RESNET: Family = Family {
    id: "preact-resnet",
    name: "PreActResNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.weight",
        "layer1.0.bn1.weight",
        "layer1.0.conv1.weight",
        "layer4.0.conv1.weight",
    ]],
    // A norm before the first block makes it a plain ResNet. Of its two convolutions, the second
    // has the norm that tells whether norms come before or after where widths change.
    dimensions: |tensors| {
        let before =
            tensors.dim("layer2.0.bn1.weight", 0) == tensors.dim("layer2.0.conv1.weight", 1);
        (!tensors.has("bn1.weight") && before).then(|| depths(tensors))
    },
    variants: &[
        Variant::new("preact-resnet18", "PreActResNet-18", &[2, 2, 2, 2]),
        Variant::new("preact-resnet34", "PreActResNet-34", &[3, 4, 6, 3]),
    ],
    input: |_, _| InputDefaults::cifar10(CIFAR10),
    leftovers: &[],
    build: |net, depths, from| {
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
        net.pooled_head("avgpool", Head::new(&["linear"]), x)
    },
};

/// Dimensions: blocks of each of the three layers, channels of the first layer.
pub static WIDE_RESNET: Family = Family {
    id: "wide-resnet",
    name: "WideResNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.weight",
        "block1.layer.0.bn1.weight",
        "block1.layer.0.conv1.weight",
        "block3.layer.0.convShortcut.weight",
        "bn1.weight",
    ]],
    dimensions: |tensors| {
        Some(vec![tensors.count("block1.layer."), tensors.dim("block1.layer.0.conv1.weight", 0)])
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
    build: |net, dimensions, from| {
        let ([depth], _) = family::first(dimensions)?;
        let mut x = net.bare_convolution("conv1", window(3), from)?;
        for layer in 1..=3 {
            for index in 0..depth {
                let stride = if index == 0 && layer > 1 { 2 } else { 1 };
                let name = format!("block{layer}.layer.{index}");
                x = net.within(&name, |net| block(net, "convShortcut", stride, x))?;
            }
        }
        x = net.norm("bn1", x)?;
        x = net.relu("relu", x)?;
        net.pooled_head("avgpool", Head::new(&["fc"]), x)
    },
};

/// WideResNets of DeepMind's adversarial training (Gowal et al. 2020, "Uncovering the limits of
/// adversarial training"; Rebuffi et al. 2021), with SiLU and TensorFlow's padding. Dimensions:
/// blocks of each group, channels of the first group, 1 for ReLU instead of SiLU.
pub static DEEPMIND_WIDE_RESNET: Family = Family {
    id: "deepmind-wide-resnet",
    name: "WideResNet (DeepMind)",
    names: &[],
    renames: &[],
    signatures: &[&[
        "init_conv.weight",
        "layer.0.block.0.batchnorm_0.weight",
        "layer.2.block.0.shortcut.weight",
        "batchnorm.weight",
    ]],
    dimensions: |tensors| {
        let width = tensors.dim("layer.0.block.0.conv_0.weight", 0);
        Some(vec![tensors.count("layer.0.block."), width, 0])
    },
    variants: &[
        Variant::new("deepmind-wide-resnet-28-10", "WideResNet-28-10 (DeepMind)", &[4, 160, 0]),
        Variant::new("deepmind-wide-resnet-34-20", "WideResNet-34-20 (DeepMind)", &[5, 320, 0]),
        Variant::new("deepmind-wide-resnet-70-16", "WideResNet-70-16 (DeepMind)", &[11, 256, 0]),
        Variant::new("deepmind-wide-resnet-106-16", "WideResNet-106-16 (DeepMind)", &[17, 256, 0]),
        Variant::new("deepmind-wide-resnet-28-10-relu", "WideResNet-28-10 (ReLU)", &[4, 160, 1]),
        Variant::new("deepmind-wide-resnet-34-20-relu", "WideResNet-34-20 (ReLU)", &[5, 320, 1]),
        Variant::new("deepmind-wide-resnet-70-16-relu", "WideResNet-70-16 (ReLU)", &[11, 256, 1]),
    ],
    input: |tensors, _| {
        InputDefaults::cifar10(match tensors.dim("logits.weight", 0) {
            100 => [[0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]],
            _ => [CIFAR10[0], [0.2471, 0.2435, 0.2616]],
        })
    },
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([depth, _width, activation], _) = family::first(dimensions)?;
        let activation = if activation == 1 { Pointwise::Relu } else { Pointwise::Silu };
        if !net.named {
            net.guess(
                "its activations are taken to be SiLU; a model card that names \
                 deepmind-wide-resnet-28-10-relu and its like takes ReLU",
            );
        }
        let mut x = net.bare_convolution("init_conv", window(3), from)?;
        for group in 0..3 {
            for index in 0..depth {
                let stride = if index == 0 && group > 0 { 2 } else { 1 };
                let name = format!("layer.{group}.block.{index}");
                x = net.within(&name, |net| deepmind_block(net, activation, stride, x))?;
            }
        }
        x = net.norm("batchnorm", x)?;
        x = net.add("relu", activation, &[x])?;
        net.pooled_head("avgpool", Head::new(&["logits"]), x)
    },
};

fn deepmind_block(
    net: &mut GraphAssembler,
    activation: Pointwise,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let mut x = net.norm("batchnorm_0", from)?;
    x = net.add("relu_0", activation, &[x])?;
    let skipped = match net.has("shortcut.weight") {
        true => net.bare_convolution("shortcut", window(1).stride(stride), x)?,
        false => from,
    };
    x = net.convolution_norm(["conv_0", "batchnorm_1"], window(3).stride(stride).same(), x)?;
    x = net.add("relu_1", activation, &[x])?;
    x = net.bare_convolution("conv_1", window(3), x)?;
    net.sum("add", x, skipped)
}

/// Norm, ReLU and convolution, two or three times. A shortcut with weights starts after the first
/// ReLU, as in the paper and in nearly all code; the weights can't tell of the few that start it
/// before.
fn block(net: &mut GraphAssembler, shortcut: &str, stride: usize, from: NodeId) -> Result<NodeId> {
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
