//! MobileNet-v2 (Sandler et al. 2018), MobileNet-v3 (Howard et al. 2019) and MNASNet (Tan et al.
//! 2019), as torchvision has them, of any width.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::{CIFAR10, SIGNED};
use super::inverted::{Style, block, layer};
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

const RELU: Style = Style { gate: Pointwise::HARD_SIGMOID, ..Style::of(Pointwise::Relu) };

pub static MOBILENET_V2: Family = Family {
    id: "mobilenet-v2",
    name: "MobileNet-v2",
    names: &[],
    renames: &[],
    signatures: &[&[
        "features.0.0.weight",
        "features.1.conv.1.weight",
        "features.17.conv.3.weight",
        "features.18.0.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, _, from| {
        let style = Style { activation: Pointwise::RELU6, ..RELU };
        let stem = ["features.0.0", "features.0.1", "features.0.2"];
        let mut x = layer(net, stem, window(3).stride(2), style, from)?;
        for index in 1..=17 {
            let stride = if [2, 4, 7, 14].contains(&index) { 2 } else { 1 };
            x = net.within(&format!("features.{index}"), |net| block(net, style, stride, x))?;
        }
        let head = ["features.18.0", "features.18.1", "features.18.2"];
        x = layer(net, head, window(1), style, x)?;
        net.pooled_head("avgpool", Head::new(&["classifier"]), x)
    },
};

/// MobileNet-v2 as Hugging Face's transformers port it from TensorFlow, with its padding and its ε
/// in batch norm.
pub static TF_MOBILENET_V2: Family = Family {
    id: "tf-mobilenet-v2",
    name: "MobileNet-v2 (TensorFlow)",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv_stem.first_conv.convolution.weight",
        "conv_stem.conv_3x3.convolution.weight",
        "layer.15.reduce_1x1.normalization.weight",
        "conv_1x1.convolution.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224).normalisation(SIGNED, false),
    leftovers: &[],
    build: |net, _, from| {
        net.epsilon = 1e-3;
        let mut x = net.within("conv_stem", |net| {
            let x = unit(net, "first_conv", window(3).stride(2), from)?;
            narrowing(net, 1, x)
        })?;
        for index in 0..16 {
            let stride = if [0, 2, 5, 12].contains(&index) { 2 } else { 1 };
            x = net.within(&format!("layer.{index}"), |net| {
                let wide = unit(net, "expand_1x1", window(1), x)?;
                let narrow = narrowing(net, stride, wide)?;
                match stride == 1 && net.shape(narrow) == net.shape(x) {
                    true => net.sum("add", x, narrow),
                    false => Ok(narrow),
                }
            })?;
        }
        x = unit(net, "conv_1x1", window(1), x)?;
        net.pooled_head("pooler", Head::new(&["classifier"]), x)
    },
};

const TENSORFLOW: Style = Style { activation: Pointwise::RELU6, same: true, ..RELU };

fn unit(net: &mut GraphAssembler, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
    let names = ["convolution", "normalization", "activation"];
    net.within(name, |net| layer(net, names, window, TENSORFLOW, from))
}

/// A depthwise convolution, then one of side 1 without activation.
fn narrowing(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let every = window(3).stride(stride).groups(net.shape(from).channels);
    let x = unit(net, "conv_3x3", every, from)?;
    let names = ["reduce_1x1.convolution", "reduce_1x1.normalization"];
    net.convolution_norm(names, window(1), x)
}

/// MobileNet-v2 for 32-pixel pictures, with two of its strides less and plain ReLUs, as
/// collections of networks for CIFAR have it.
pub static CIFAR_MOBILENET_V2: Family = Family {
    id: "cifar-mobilenet-v2",
    name: "MobileNet-v2 (CIFAR)",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.weight",
        "layers.0.conv3.weight",
        "layers.16.bn3.weight",
        "conv2.weight",
        "bn2.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::cifar10(CIFAR10),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = layer(net, ["conv1", "bn1", "relu1"], window(3), RELU, from)?;
        for index in 0..17 {
            let stride = if [3, 6, 13].contains(&index) { 2 } else { 1 };
            x = net.within(&format!("layers.{index}"), |net| cifar_block(net, stride, x))?;
        }
        x = layer(net, ["conv2", "bn2", "relu2"], window(1), RELU, x)?;
        net.pooled_head("avgpool", Head::new(&["linear"]), x)
    },
};

fn cifar_block(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let mut x = layer(net, ["conv1", "bn1", "relu1"], window(1), RELU, from)?;
    let every = window(3).stride(stride).groups(net.shape(x).channels);
    x = layer(net, ["conv2", "bn2", "relu2"], every, RELU, x)?;
    x = net.convolution_norm(["conv3", "bn3"], window(1), x)?;
    let shortcut = match stride {
        1 if net.has("shortcut.0.weight") => {
            net.convolution_norm(["shortcut.0", "shortcut.1"], window(1), from)?
        }
        1 => from,
        _ => return Ok(x),
    };
    net.sum("add", x, shortcut)
}

/// Dimensions: blocks, the first with hard swish, then those that halve.
pub static MOBILENET_V3: Family = Family {
    id: "mobilenet-v3",
    name: "MobileNet-v3",
    names: &[],
    renames: &[],
    signatures: &[&[
        "features.0.0.weight",
        "features.1.block.0.0.weight",
        "features.4.block.2.fc1.weight",
    ]],
    dimensions: |tensors| {
        Some(if tensors.has("features.13.block.0.0.weight") { LARGE } else { SMALL }.to_vec())
    },
    variants: &[
        Variant::new("mobilenet-v3-large", "MobileNet-v3-large", LARGE),
        Variant::new("mobilenet-v3-small", "MobileNet-v3-small", SMALL),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: mobilenet_v3,
};

const LARGE: &[usize] = &[15, 7, 2, 4, 7, 13];
const SMALL: &[usize] = &[11, 4, 1, 2, 4, 9];

fn mobilenet_v3(net: &mut GraphAssembler, dimensions: &[usize], from: NodeId) -> Result<NodeId> {
    let ([last, swish_from], strided) = family::first(dimensions)?;
    net.epsilon = 1e-3;
    let swish = Style { activation: Pointwise::HardSwish, ..RELU };
    let stem = ["features.0.0", "features.0.1", "features.0.2"];
    let mut x = layer(net, stem, window(3).stride(2), swish, from)?;
    for index in 1..=last {
        let style = if index < swish_from { RELU } else { swish };
        let stride = if strided.contains(&index) { 2 } else { 1 };
        x = net.within(&format!("features.{index}"), |net| block(net, style, stride, x))?;
    }
    x = net.within(&format!("features.{}", last + 1), |net| {
        layer(net, ["0", "1", "2"], window(1), swish, x)
    })?;
    let large = last == LARGE[0];
    let channels = net.shape(x).channels;
    let width = if large { channels * 4 / 3 } else { channels * 16 / 9 };
    let head = Head::new(&["classifier"]).of_layers(&["0", "3"], width, Pointwise::HardSwish);
    net.pooled_head("avgpool", head, x)
}

/// Dimensions: channels of the last stack but one.
pub static MNASNET: Family = Family {
    id: "mnasnet",
    name: "MNASNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "layers.0.weight",
        "layers.3.weight",
        "layers.8.0.layers.0.weight",
        "layers.13.0.layers.6.weight",
    ]],
    dimensions: |tensors| Some(vec![tensors.dim("layers.12.0.layers.6.weight", 0)]),
    variants: &[
        Variant::new("mnasnet0-5", "MNASNet 0.5", &[96]),
        Variant::new("mnasnet0-75", "MNASNet 0.75", &[144]),
        Variant::new("mnasnet1-0", "MNASNet 1", &[192]),
        Variant::new("mnasnet1-3", "MNASNet 1.3", &[248]),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, _, from| mnasnet(net, from),
};

/// Blocks of each stack, and whether its first halves.
const STACKS: [(usize, usize); 6] = [(3, 2), (3, 2), (3, 2), (2, 1), (4, 2), (1, 1)];

fn mnasnet(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let stem = ["layers.0", "layers.1", "layers.2"];
    let mut x = layer(net, stem, window(3).stride(2), RELU, from)?;
    let depthwise = window(3).groups(net.shape(x).channels);
    x = layer(net, ["layers.3", "layers.4", "layers.5"], depthwise, RELU, x)?;
    x = net.convolution_norm(["layers.6", "layers.7"], window(1), x)?;
    for (stack, (blocks, first)) in (8..).zip(STACKS) {
        for index in 0..blocks {
            let stride = if index == 0 { first } else { 1 };
            let name = format!("layers.{stack}.{index}");
            x = net.within(&name, |net| block(net, RELU, stride, x))?;
        }
    }
    x = layer(net, ["layers.14", "layers.15", "layers.16"], window(1), RELU, x)?;
    net.pooled_head("avgpool", Head::new(&["classifier"]), x)
}
