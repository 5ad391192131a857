//! Residual networks (He et al. 2016, "Deep Residual Learning for Image Recognition"): those of
//! ImageNet with their wide (Zagoruyko and Komodakis 2016) and grouped (Xie et al. 2017) kin,
//! those for 32-pixel pictures, and the small ones of the verification literature.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::{CIFAR10, IMAGENET};
use super::modules::{self, AntiAlias};
use super::split;
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::op::{Pad, Pointwise, Slice};
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

/// Dimensions: convolutions of a block, width of the first block, groups, then blocks of each
/// layer, then a last number for what is no plain ResNet: a deep stem, attention, blocks that
/// split.
pub static RESNET: Family = Family {
    id: "resnet",
    name: "ResNet",
    names: &[
        "resnet",
        "resnext",
        "wide-resnet",
        "seresnet",
        "seresnext",
        "ecaresnet",
        "senet",
        "res2net",
        "res2next",
        "resnest",
        "skresnet",
        "skresnext",
        "test-resnet",
    ],
    renames: TRANSFORMERS,
    signatures: &[
        &["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer4.0.conv1.weight"],
        &["conv1.0.weight", "bn1.weight", "layer1.0.conv1.weight", "layer4.0.conv1.weight"],
        &["conv1.weight", "bn1.weight", "layer1.0.conv1.conv.weight", "layer4.0.conv1.conv.weight"],
        &[
            "conv1.weight",
            "bn1.weight",
            "layer1.0.conv1.attn.bn.weight",
            "layer4.0.conv2.conv.weight",
        ],
    ],
    dimensions: |tensors| {
        let deep = tensors.dim("conv1.0.weight", 2) == 3 && tensors.has("conv1.6.weight");
        let shrinks = tensors.dim("conv1.weight", 2) == 7 || deep;
        shrinks.then(|| [dimensions(tensors), special(tensors).into_iter().collect()].concat())
    },
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
    build: |net, dimensions, from| {
        let ([_convolutions, _width, groups], rest) = family::first(dimensions)?;
        let ([a, b, c, d], _special) = family::first(rest)?;
        let style = Style::of_name(net, groups);
        let x = stem(net, &style, from)?;
        body(net, &style, &[a, b, c, d], x)
    },
};

/// What a residual network's name says and its tensors don't.
struct Style {
    antialias: AntiAlias,
    /// Of the convolutions of side 3.
    groups: usize,
}

impl Style {
    fn of_name(net: &mut GraphAssembler, groups: usize) -> Self {
        // Published networks without a name in sight are plain far more often than not with the
        // first stem; those with the deep one come in three kinds.
        if net.called.is_empty() && net.has("conv1.0.weight") {
            net.guess(
                "strides are taken not to be blurred; a model card that names resnetaa50d or \
                 resnetblur50d, say, has them blurred",
            );
        }
        Self { antialias: AntiAlias::of_name(net), groups }
    }

    const PLAIN: Self = Self { antialias: AntiAlias::None, groups: 1 };
}

/// 1 unless all is as in the plain network.
fn special(tensors: &Tensors) -> Option<usize> {
    let kinds = [
        "conv1.0.weight",
        "layer2.0.downsample.1.weight",
        "layer1.0.se.fc1.weight",
        "layer1.0.se.conv.weight",
        "layer1.0.bn1.running_mean",
        "layer1.0.conv2.weight",
    ];
    let plain = [false, true, false, false, true, true];
    // Index 1 is the norm after the convolution of the plain shortcut, a convolution otherwise.
    let there = kinds.map(|kind| tensors.has(kind));
    let averaged = tensors.shape(kinds[1]).is_some_and(|shape| shape.len() == 4);
    (there != plain || averaged).then_some(1)
}

/// One convolution of side 7, or three of side 3; then a pool, a convolution in its place, or one
/// that blurs.
fn stem(net: &mut GraphAssembler, style: &Style, from: NodeId) -> Result<NodeId> {
    let mut x = match net.has("conv1.0.weight") {
        true => {
            let x = deep_layer(net, ["0", "1", "2"], 2, from)?;
            let x = deep_layer(net, ["3", "4", "5"], 1, x)?;
            modules::convolution_norm(net, ["conv1.6", "bn1"], window(3), x)?
        }
        false => modules::convolution_norm(net, ["conv1", "bn1"], window(7).stride(2), from)?,
    };
    x = net.relu("relu", x)?;
    if net.has("maxpool.0.weight") {
        let strided = window(3).stride(2);
        x = modules::convolution_norm(net, ["maxpool.0", "maxpool.1"], strided, x)?;
        return net.relu("maxpool.2", x);
    }
    match style.antialias {
        AntiAlias::None => net.max_pool("maxpool", window(3).stride(2), x),
        AntiAlias::Average => net.within("maxpool", |net| AntiAlias::Average.downsample(net, x)),
        AntiAlias::Blur => {
            let x = net.max_pool("maxpool", window(3), x)?;
            net.within("maxpool", |net| AntiAlias::Blur.downsample(net, x))
        }
    }
}

fn deep_layer(
    net: &mut GraphAssembler,
    parts: [&str; 3],
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let [convolution, norm, relu] = parts.map(|part| format!("conv1.{part}"));
    let strided = window(3).stride(stride);
    let x = modules::convolution_norm(net, [&convolution, &norm], strided, from)?;
    net.relu(&relu, x)
}

/// ResNets whose first convolution keeps the size: three layers from 16 channels, with shortcuts
/// of their own weights or none (options B and A), or the four layers of ImageNet's.
pub static CIFAR_RESNET: Family = Family {
    id: "cifar-resnet",
    name: "ResNet (CIFAR)",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.weight",
        "bn1.weight",
        "layer1.0.conv1.weight",
        "layer3.0.conv1.weight",
    ]],
    dimensions: |tensors| (tensors.dim("conv1.weight", 2) == 3).then(|| dimensions(tensors)),
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
    build: |net, dimensions, from| {
        let ([_convolutions, _width, groups], depths) = family::first(dimensions)?;
        let mut x = net.convolution_norm(["conv1", "bn1"], window(3), from)?;
        x = net.relu("relu", x)?;
        body(net, &Style { groups, ..Style::PLAIN }, depths, x)
    },
};

fn dimensions(tensors: &Tensors) -> Vec<usize> {
    let convolutions = if tensors.has("layer1.0.conv3.weight") { 3 } else { 2 };
    let width = tensors.dim("layer1.0.conv1.weight", 0);
    let groups = (width / tensors.dim("layer1.0.conv2.weight", 1).max(1)).max(1);
    [vec![convolutions, width, groups], depths(tensors)].concat()
}

/// Blocks of each layer.
pub fn depths(tensors: &Tensors) -> Vec<usize> {
    let layers = tensors.count_from(1, "layer");
    (1..=layers).map(|layer| tensors.count(&format!("layer{layer}."))).collect()
}

fn body(net: &mut GraphAssembler, style: &Style, depths: &[usize], from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for (layer, &depth) in (1..).zip(depths) {
        for index in 0..depth {
            let stride = if index == 0 && layer > 1 { 2 } else { 1 };
            let name = format!("layer{layer}.{index}");
            x = net.within(&name, |net| block(net, style, stride, x))?;
        }
    }
    net.pooled_head("avgpool", Head::new(&["fc", "linear"]), x)
}

/// Two layers of windows of side 3, or one between two of side 1; the first of side 3 strides, or
/// what takes its place.
fn block(net: &mut GraphAssembler, style: &Style, stride: usize, from: NodeId) -> Result<NodeId> {
    let deep = net.has("conv3.weight") || net.has("conv3.conv.weight");
    let mut x = from;
    if deep {
        x = layer(net, 1, window(1), x)?;
        x = net.relu("relu1", x)?;
    }
    let [middle, last] = if deep { [2, 3] } else { [1, 2] };
    x = match split::block(net, &format!("conv{middle}"), stride, x)? {
        Some(split) => split,
        None => strided(net, style, middle, stride, x)?,
    };
    x = layer(net, last, if deep { window(1) } else { window(3) }, x)?;
    x = modules::attention(net, "se", Pointwise::Relu, x)?;
    let shortcut = shortcut(net, stride, from, x)?;
    x = net.sum("add", x, shortcut)?;
    net.relu("relu", x)
}

/// The block whose module is being built, of the plain network, without a stride.
pub fn plain_block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    block(net, &Style::PLAIN, 1, from)
}

/// A convolution that strides, or leaves that to what blurs.
fn strided(
    net: &mut GraphAssembler,
    style: &Style,
    index: usize,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let blurs = stride > 1 && style.antialias != AntiAlias::None;
    let window = window(3).stride(if blurs { 1 } else { stride }).groups(style.groups);
    let x = layer(net, index, window, from)?;
    let x = net.relu(&format!("relu{index}"), x)?;
    if blurs { style.antialias.downsample(net, x) } else { Ok(x) }
}

/// A convolution of a block and its norm, beside each other or in a module of their own.
fn layer(net: &mut GraphAssembler, index: usize, window: Window, from: NodeId) -> Result<NodeId> {
    let own = [format!("conv{index}.conv"), format!("conv{index}.bn")];
    let beside = [format!("conv{index}"), format!("bn{index}")];
    let there = net.has(&format!("{}.weight", own[0]));
    let [name, norm] = if there { &own } else { &beside };
    modules::convolution_norm(net, [name, norm], window, from)
}

/// What joins the block's output `to`: a convolution where the file has one (option B), of an
/// average over positions where it comes second, or else every other pixel with channels of zeros
/// on both sides (option A).
fn shortcut(net: &mut GraphAssembler, stride: usize, from: NodeId, to: NodeId) -> Result<NodeId> {
    let missing = net.shape(to).channels.saturating_sub(net.shape(from).channels);
    let name = match net.either(&["downsample.0", "shortcut.0", "downsample.1"]) {
        "shortcut.0" => "shortcut",
        _ => "downsample",
    };
    let [first, second, third] = ["0", "1", "2"].map(|part| format!("{name}.{part}"));
    let weight = format!("{first}.weight");
    if net.has(&weight) {
        let side = net.dim(&weight, 2).max(1);
        let window = window(side).stride(stride);
        return modules::convolution_norm(net, [&first, &second], window, from);
    }
    if net.tensor_shape(&format!("{second}.weight")).is_some_and(|shape| shape.len() == 4) {
        let x = if stride > 1 { modules::halve(net, &first, from)? } else { from };
        return modules::convolution_norm(net, [&second, &third], window(1), x);
    }
    if net.has(&format!("{second}.weight")) {
        let window = window(1).stride(stride);
        return modules::convolution_norm(net, [&first, &second], window, from);
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
/// α,β-CROWN; Wang et al. 2021). Dimensions: blocks of each layer.
pub static VERIFICATION_RESNET: Family = Family {
    id: "verification-resnet",
    name: "ResNet (verification)",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.weight",
        "layer1.0.conv1.weight",
        "layer1.0.conv2.weight",
        "linear1.weight",
        "linear2.weight",
    ]],
    dimensions: |tensors| Some(depths(tensors)),
    variants: &[
        Variant::new("resnet2b", "ResNet-2B", &[2]),
        Variant::new("resnet4b", "ResNet-4B", &[2, 2]),
    ],
    input: |tensors, _| {
        let depths = depths(tensors);
        let last = format!("layer{}.0.conv1.weight", depths.len());
        let places = tensors.dim("linear1.weight", 1) / tensors.dim(&last, 0).max(1);
        // The competition of verifiers (VNN-COMP 2021) divides by this deviation.
        InputDefaults::cifar10([CIFAR10[0], [0.2471, 0.2435, 0.2616]])
            .size(places.isqrt() << (depths.len() + 1))
    },
    leftovers: &[],
    build: |net, depths, from| {
        let mut x = modules::convolution_norm(net, ["conv1", "bn1"], window(3).stride(2), from)?;
        x = net.relu("relu", x)?;
        for (layer, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 { 2 } else { 1 };
                let name = format!("layer{layer}.{index}");
                x = net.within(&name, |net| block(net, &Style::PLAIN, stride, x))?;
            }
        }
        x = net.add("flatten", Op::Flatten, &[x])?;
        x = net.linear("linear1", x)?;
        x = net.relu("relu1", x)?;
        net.linear("linear2", x)
    },
};
