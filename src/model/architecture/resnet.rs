//! Residual networks (He et al. 2016, "Deep Residual Learning for Image Recognition"): those of
//! ImageNet with their wide (Zagoruyko and Komodakis 2016) and grouped (Xie et al. 2017) kin,
//! those for 32-pixel pictures, and the small ones of the verification literature.

use super::assembly::Assembly;
use super::head::Head;
use super::input::{CIFAR10, IMAGENET};
use super::tensors::Tensors;
use super::window::{Window, window};
use super::{Family, InputDefaults, Variant};
use crate::error::Result;
use crate::graph::op::{Pad, Slice};
use crate::graph::{NodeId, Op};

/// Names in Hugging Face's transformers.
const TRANSFORMERS: &[(&str, &str)] = &[
    ("embedder.embedder.convolution.", "conv1."),
    ("embedder.embedder.normalization.", "bn1."),
    ("encoder.stages.0.layers.", "layer1."),
    ("encoder.stages.1.layers.", "layer2."),
    ("encoder.stages.2.layers.", "layer3."),
    ("encoder.stages.3.layers.", "layer4."),
    (".shortcut.convolution.", ".downsample.0."),
    (".shortcut.normalization.", ".downsample.1."),
    (".layer.0.convolution.", ".conv1."),
    (".layer.0.normalization.", ".bn1."),
    (".layer.1.convolution.", ".conv2."),
    (".layer.1.normalization.", ".bn2."),
    (".layer.2.convolution.", ".conv3."),
    (".layer.2.normalization.", ".bn3."),
];

/// Plan: convolutions of a block, width of the first block, groups, then blocks of each layer.
pub static RESNET: Family = Family {
    id: "resnet",
    name: "ResNet",
    renames: TRANSFORMERS,
    marks: &[&[
        "conv1.weight",
        "bn1.weight",
        "layer1.0.conv1.weight",
        "layer2.0.downsample.0.weight",
        "layer4.0.conv1.weight",
    ]],
    plan: |tensors| (tensors.side("conv1.weight", 2) == 7).then(|| plan(tensors)),
    variants: &[
        Variant::new("resnet18", "ResNet-18", &[2, 64, 1, 2, 2, 2, 2]),
        Variant::new("resnet34", "ResNet-34", &[2, 64, 1, 3, 4, 6, 3]),
        Variant::new("resnet50", "ResNet-50", &[3, 64, 1, 3, 4, 6, 3]),
        Variant::new("resnet101", "ResNet-101", &[3, 64, 1, 3, 4, 23, 3]),
        Variant::new("resnet152", "ResNet-152", &[3, 64, 1, 3, 8, 36, 3]),
        Variant::new("wide-resnet50-2", "Wide ResNet-50-2", &[3, 128, 1, 3, 4, 6, 3]),
        Variant::new("wide-resnet101-2", "Wide ResNet-101-2", &[3, 128, 1, 3, 4, 23, 3]),
        Variant::new("resnext50-32x4d", "ResNeXt-50 32×4d", &[3, 128, 32, 3, 4, 6, 3]),
        Variant::new("resnext101-32x8d", "ResNeXt-101 32×8d", &[3, 256, 32, 3, 4, 23, 3]),
        Variant::new("resnext101-64x4d", "ResNeXt-101 64×4d", &[3, 256, 64, 3, 4, 23, 3]),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    lay: |net, plan, from| {
        let mut x = net.convolution_norm(["conv1", "bn1"], window(7).stride(2), from)?;
        x = net.relu("relu", x)?;
        x = net.max_pool("maxpool", window(3).stride(2), x)?;
        body(net, plan, x)
    },
};

/// ResNets whose first convolution keeps the size: three layers from 16 channels, with shortcuts
/// of their own weights or none (options B and A), or the four layers of ImageNet's.
pub static CIFAR_RESNET: Family = Family {
    id: "cifar-resnet",
    name: "ResNet (CIFAR)",
    renames: &[],
    marks: &[&["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer3.0.conv1.weight"]],
    plan: |tensors| (tensors.side("conv1.weight", 2) == 3).then(|| plan(tensors)),
    variants: &[
        Variant::new("cifar-resnet20", "ResNet-20 (CIFAR)", &[2, 16, 1, 3, 3, 3]),
        Variant::new("cifar-resnet32", "ResNet-32 (CIFAR)", &[2, 16, 1, 5, 5, 5]),
        Variant::new("cifar-resnet44", "ResNet-44 (CIFAR)", &[2, 16, 1, 7, 7, 7]),
        Variant::new("cifar-resnet56", "ResNet-56 (CIFAR)", &[2, 16, 1, 9, 9, 9]),
        Variant::new("cifar-resnet110", "ResNet-110 (CIFAR)", &[2, 16, 1, 18, 18, 18]),
        Variant::new("cifar-resnet18", "ResNet-18 (CIFAR)", &[2, 64, 1, 2, 2, 2, 2]),
        Variant::new("cifar-resnet34", "ResNet-34 (CIFAR)", &[2, 64, 1, 3, 4, 6, 3]),
        Variant::new("cifar-resnet50", "ResNet-50 (CIFAR)", &[3, 64, 1, 3, 4, 6, 3]),
        Variant::new("cifar-resnet101", "ResNet-101 (CIFAR)", &[3, 64, 1, 3, 4, 23, 3]),
        Variant::new("cifar-resnet152", "ResNet-152 (CIFAR)", &[3, 64, 1, 3, 8, 36, 3]),
    ],
    input: |tensors, _| match tensors.has("layer4.0.conv1.weight") {
        true => InputDefaults::cifar10(CIFAR10),
        false => InputDefaults::cifar10(IMAGENET),
    },
    leftovers: &[],
    lay: |net, plan, from| {
        let mut x = net.convolution_norm(["conv1", "bn1"], window(3), from)?;
        x = net.relu("relu", x)?;
        body(net, plan, x)
    },
};

fn plan(tensors: &Tensors) -> Vec<usize> {
    let convolutions = if tensors.has("layer1.0.conv3.weight") { 3 } else { 2 };
    let width = tensors.side("layer1.0.conv1.weight", 0);
    let groups = width / tensors.side("layer1.0.conv2.weight", 1).max(1);
    [vec![convolutions, width, groups], depths(tensors)].concat()
}

/// Blocks of each layer.
pub fn depths(tensors: &Tensors) -> Vec<usize> {
    let layers = tensors.count_from(1, "layer");
    (1..=layers).map(|layer| tensors.count(&format!("layer{layer}."))).collect()
}

fn body(net: &mut Assembly, plan: &[usize], from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for (layer, &depth) in (1..).zip(&plan[3..]) {
        for index in 0..depth {
            let stride = if index == 0 && layer > 1 { 2 } else { 1 };
            let name = format!("layer{layer}.{index}");
            x = net.within(&name, |net| block(net, plan[0], plan[2], stride, x))?;
        }
    }
    net.pooled_head("avgpool", Head::new(&["fc", "linear"]), x)
}

/// Two convolutions of side 3, or one between two of side 1; the one of side 3 that comes first
/// strides.
fn block(
    net: &mut Assembly,
    convolutions: usize,
    groups: usize,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let windows = match convolutions {
        2 => vec![window(3).stride(stride), window(3)],
        _ => vec![window(1), window(3).stride(stride).groups(groups), window(1)],
    };
    let mut x = from;
    for (index, window) in (1..).zip(&windows) {
        x = convolution(net, [&format!("conv{index}"), &format!("bn{index}")], *window, x)?;
        if index < windows.len() {
            x = net.relu(&format!("relu{index}"), x)?;
        }
    }
    let shortcut = shortcut(net, stride, from, x)?;
    x = net.sum("add", x, shortcut)?;
    net.relu("relu", x)
}

/// A convolution with the norm after it, if the file has one.
fn convolution(
    net: &mut Assembly,
    [name, norm]: [&str; 2],
    window: Window,
    from: NodeId,
) -> Result<NodeId> {
    match net.has(&format!("{name}.bias")) && !net.has(&format!("{norm}.weight")) {
        true => net.convolution(name, window, from),
        false => net.convolution_norm([name, norm], window, from),
    }
}

/// What joins the block's output `to`: a convolution of side 1 where the file has one (option B),
/// or else every other pixel with channels of zeros on both sides (option A).
fn shortcut(net: &mut Assembly, stride: usize, from: NodeId, to: NodeId) -> Result<NodeId> {
    let missing = net.shape(to).channels.saturating_sub(net.shape(from).channels);
    let name = match net.either(&["downsample.0", "shortcut.0"]) {
        "downsample.0" => "downsample",
        _ => "shortcut",
    };
    let [first, norm] = [format!("{name}.0"), format!("{name}.1")];
    if net.has(&format!("{first}.weight")) || net.has(&format!("{norm}.weight")) {
        return convolution(net, [&first, &norm], window(1).stride(stride), from);
    }
    if stride == 1 && missing == 0 {
        return Ok(from);
    }
    let slice = Slice::subsample(net.shape(from), stride);
    let x = net.add("shortcut.subsample", slice, &[from])?;
    let pad = Pad::channels(missing / 2, missing - missing / 2);
    net.add("shortcut.pad", pad, &[x])
}

/// `resnet2b` and `resnet4b`: no batch norm, every layer halves, two linear layers (as in
/// α,β-CROWN; Wang et al. 2021). Plan: blocks of each layer.
pub static VERIFICATION_RESNET: Family = Family {
    id: "verification-resnet",
    name: "ResNet (verification)",
    renames: &[],
    marks: &[&[
        "conv1.weight",
        "layer1.0.conv1.weight",
        "layer1.0.conv2.weight",
        "linear1.weight",
        "linear2.weight",
    ]],
    plan: |tensors| Some(depths(tensors)),
    variants: &[
        Variant::new("resnet2b", "ResNet-2B", &[2]),
        Variant::new("resnet4b", "ResNet-4B", &[2, 2]),
    ],
    input: |tensors, _| {
        let depths = depths(tensors);
        let last = format!("layer{}.0.conv1.weight", depths.len());
        let places = tensors.side("linear1.weight", 1) / tensors.side(&last, 0).max(1);
        // The competition of verifiers (VNN-COMP 2021) divides by this deviation.
        InputDefaults::cifar10([CIFAR10[0], [0.2471, 0.2435, 0.2616]])
            .size(places.isqrt() << (depths.len() + 1))
    },
    leftovers: &[],
    lay: |net, depths, from| {
        let mut x = convolution(net, ["conv1", "bn1"], window(3).stride(2), from)?;
        x = net.relu("relu", x)?;
        for (layer, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 { 2 } else { 1 };
                let name = format!("layer{layer}.{index}");
                x = net.within(&name, |net| block(net, 2, 1, stride, x))?;
            }
        }
        x = net.add("flatten", Op::Flatten, &[x])?;
        x = net.linear("linear1", x)?;
        x = net.relu("relu1", x)?;
        net.linear("linear2", x)
    },
};
