//! Convolutions one after the other, then linear layers: AlexNet (Krizhevsky 2014, "One weird
//! trick", as torchvision has it), VGG (Simonyan and Zisserman 2015), SqueezeNet (Iandola et al.
//! 2016).

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::CIFAR10;
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Matrix, Pointwise};

pub static ALEXNET: Family = Family {
    id: "alexnet",
    name: "AlexNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "features.0.weight",
        "features.3.weight",
        "features.6.weight",
        "features.8.weight",
        "features.10.weight",
    ]],
    dimensions: |tensors| (tensors.dim("features.0.weight", 2) == 11).then(Vec::new),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, _, from| alexnet(net, from),
};

fn alexnet(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let pool = window(3).stride(2).padding(0);
    let mut x = net.convolution("features.0", window(11).stride(4).padding(2), from)?;
    x = net.relu("features.1", x)?;
    x = net.max_pool("features.2", pool, x)?;
    x = net.convolution("features.3", window(5), x)?;
    x = net.relu("features.4", x)?;
    x = net.max_pool("features.5", pool, x)?;
    for index in [6, 8, 10] {
        x = net.convolution(&format!("features.{index}"), window(3), x)?;
        x = net.relu(&format!("features.{}", index + 1), x)?;
    }
    x = net.max_pool("features.12", pool, x)?;
    let head = Head::new(&["classifier"]).pooled_to(6);
    net.pooled_head("avgpool", head.of_layers(&["1", "4", "6"], 4096, Pointwise::Relu), x)
}

/// Dimensions: convolutions of each stage, then 1 with batch norm or 0 without.
pub static VGG: Family = Family {
    id: "vgg",
    name: "VGG",
    names: &["vgg"],
    renames: &[],
    signatures: &[&["features.0.weight"]],
    dimensions: vgg_dimensions,
    variants: &[
        Variant::new("vgg11", "VGG-11", &[1, 1, 2, 2, 2, 0]),
        Variant::new("vgg13", "VGG-13", &[2, 2, 2, 2, 2, 0]),
        Variant::new("vgg16", "VGG-16", &[2, 2, 3, 3, 3, 0]),
        Variant::new("vgg19", "VGG-19", &[2, 2, 4, 4, 4, 0]),
        Variant::new("vgg11-bn", "VGG-11 (batch norm)", &[1, 1, 2, 2, 2, 1]),
        Variant::new("vgg13-bn", "VGG-13 (batch norm)", &[2, 2, 2, 2, 2, 1]),
        Variant::new("vgg16-bn", "VGG-16 (batch norm)", &[2, 2, 3, 3, 3, 1]),
        Variant::new("vgg19-bn", "VGG-19 (batch norm)", &[2, 2, 4, 4, 4, 1]),
    ],
    input: |tensors, _| match tensors.dim("classifier.weight", 1) {
        512 => InputDefaults::cifar10(CIFAR10),
        _ => InputDefaults::imagenet(224),
    },
    leftovers: &[],
    build: vgg,
};

/// Stages end where the numbering leaves room for a pool between two convolutions.
fn vgg_dimensions(tensors: &Tensors) -> Option<Vec<usize>> {
    let norm = tensors.has("features.1.running_mean");
    let step = if norm { 3 } else { 2 };
    let (mut stages, mut index) = (vec![0], 0);
    let is_convolution =
        |index: usize| tensors.shape(&format!("features.{index}.weight"))?.get(2).copied();
    while is_convolution(index) == Some(3) {
        *stages.last_mut()? += 1;
        index += step;
        if is_convolution(index).is_none() && is_convolution(index + 1).is_some() {
            stages.push(0);
            index += 1;
        }
    }
    let whole = stages.len() == 5;
    stages.push(usize::from(norm));
    whole.then_some(stages)
}

fn vgg(net: &mut GraphAssembler, dimensions: &[usize], from: NodeId) -> Result<NodeId> {
    let ([a, b, c, d, e, norm], _) = family::first(dimensions)?;
    let (norm, stages) = (norm == 1, [a, b, c, d, e]);
    let (mut x, mut index) = (from, 0);
    let mut next = || {
        index += 1;
        format!("features.{}", index - 1)
    };
    for depth in stages {
        for _ in 0..depth {
            let name = next();
            x = match norm {
                true => net.convolution_norm([&name, &next()], window(3), x)?,
                false => net.convolution(&name, window(3), x)?,
            };
            x = net.relu(&next(), x)?;
        }
        x = net.max_pool(&next(), Window::tiles(2), x)?;
    }
    if net.has("pre_logits.fc1.weight") {
        return convolutional_head(net, x);
    }
    // The last pool of networks for 32-pixel pictures leaves one position, and their classifier
    // takes its channels.
    let head = Head::new(&["classifier"]).pooled_to(7);
    net.pooled_head("avgpool", head.of_layers(&["0", "3", "6"], 4096, Pointwise::Relu), x)
}

/// timm's: a window over 7×7 positions instead of the first linear layer, so that larger pictures
/// give several answers, which are averaged.
fn convolutional_head(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    const SIDE: usize = 7;
    let shape = net.shape(from);
    let mut x = from;
    if shape.height < SIDE || shape.width < SIDE {
        let widened = |inputs: usize| Some(Matrix::adaptive_average(inputs, inputs.max(SIDE)));
        x = net.resampled("adaptive average pool", widened, x)?;
    }
    x = net.convolution("pre_logits.fc1", window(SIDE).padding(0), x)?;
    x = net.relu("pre_logits.act1", x)?;
    x = net.convolution("pre_logits.fc2", window(1), x)?;
    x = net.relu("pre_logits.act2", x)?;
    net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
}

/// Dimensions: side of the first window, then where the pools are.
pub static SQUEEZENET: Family = Family {
    id: "squeezenet",
    name: "SqueezeNet",
    names: &[],
    renames: &[],
    signatures: &[&["features.0.weight", "features.3.squeeze.weight"]],
    dimensions: |tensors| {
        Some(match tensors.has("features.5.squeeze.weight") {
            true => vec![7, 2, 6, 11],
            false => vec![3, 2, 5, 8],
        })
    },
    variants: &[
        Variant::new("squeezenet1-0", "SqueezeNet 1.0", &[7, 2, 6, 11]),
        Variant::new("squeezenet1-1", "SqueezeNet 1.1", &[3, 2, 5, 8]),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: squeezenet,
};

fn squeezenet(net: &mut GraphAssembler, dimensions: &[usize], from: NodeId) -> Result<NodeId> {
    let ([side], pools) = family::first(dimensions)?;
    let first = window(side).stride(2).padding(0);
    let mut x = net.convolution("features.0", first, from)?;
    x = net.relu("features.1", x)?;
    for index in 2..=12 {
        let name = format!("features.{index}");
        x = match pools.contains(&index) {
            true => net.max_pool_ceil(&name, window(3).stride(2).padding(0), x)?,
            false => net.within(&name, |net| fire(net, x))?,
        };
    }
    // The published classifier has its ReLU and its pool behind it.
    match net.tensor_shape("classifier.1.weight") {
        Some([_, _, 1, 1]) => {
            x = net.bare_convolution("classifier.1", window(1), x)?;
            x = net.relu("classifier.2", x)?;
            net.global_average_pool("classifier.3", x)
        }
        _ => net.pooled_head("avgpool", Head::new(&["classifier"]), x),
    }
}

fn fire(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.convolution("squeeze", window(1), from)?;
    let x = net.relu("squeeze_activation", x)?;
    let narrow = net.convolution("expand1x1", window(1), x)?;
    let narrow = net.relu("expand1x1_activation", narrow)?;
    let wide = net.convolution("expand3x3", window(3), x)?;
    let wide = net.relu("expand3x3_activation", wide)?;
    net.concatenate("concatenate", &[narrow, wide])
}
