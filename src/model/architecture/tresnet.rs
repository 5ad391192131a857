//! TResNet (Ridnik et al. 2021): pictures folded into channels, blurred strides, leaky ReLUs.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{AntiAlias, attention, conv_bn, conv_bn_act, halve};
use crate::error::{Error, Result};
use crate::graph::op::{Pointwise, Rearrange};
use crate::graph::{NodeId, Shape};

/// Inside blocks.
const LEAKY: Pointwise = Pointwise::LeakyRelu { slope: 1e-3 };
/// Side of the squares that become channels.
const SQUARE: usize = 4;

/// Dimensions: blocks of each layer.
pub static TRESNET: Family = Family {
    id: "tresnet",
    name: "TResNet",
    names: &["tresnet"],
    renames: &[],
    signatures: &[&[
        "body.conv1.conv.weight",
        "body.layer1.0.conv1.conv.weight",
        "body.layer4.0.conv3.conv.weight",
    ]],
    dimensions: |tensors| {
        Some((1..=4).map(|layer| tensors.count(&format!("body.layer{layer}."))).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224).normalisation(super::input::PLAIN, true),
    leftovers: &[],
    build: |net, depths, from| {
        let mut x = space_to_depth(net, from)?;
        x = conv_bn_act(net, "body.conv1", 1, Pointwise::LeakyRelu { slope: 0.01 }, x)?;
        for (layer, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 && layer > 1 { 2 } else { 1 };
                let name = format!("body.layer{layer}.{index}");
                x = net.within(&name, |net| block(net, stride, x))?;
            }
        }
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// Squares of positions as channels, by row, column and channel.
fn space_to_depth(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let Shape { channels, height, width } = net.shape(from);
    let (rows, columns) = (height / SQUARE, width / SQUARE);
    let shape = Shape::new(channels * SQUARE * SQUARE, rows, columns);
    let factors = [channels, rows, SQUARE, columns, SQUARE];
    let fold = Rearrange::new(&factors, &[2, 4, 0, 1, 3], shape);
    let fold = fold.filter(|_| shape.len() == net.shape(from).len()).ok_or_else(|| {
        let why = format!("its pictures are of {height}×{width} pixels, no multiple of {SQUARE}");
        Error::new("cannot build a TResNet out", why)
            .hint("`size` of a model card's [input] sets it")
    })?;
    net.add("body.s2d", fold, &[from])
}

fn block(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let deep = net.has("conv3.conv.weight");
    let mut x = from;
    if deep {
        x = conv_bn_act(net, "conv1", 1, LEAKY, x)?;
    }
    x = conv_bn_act(net, if deep { "conv2" } else { "conv1" }, 1, LEAKY, x)?;
    if stride > 1 {
        x = AntiAlias::Blur.downsample(net, x)?;
    }
    if deep {
        x = attention(net, "se", Pointwise::Relu, x)?;
    }
    x = conv_bn(net, if deep { "conv3" } else { "conv2" }, 1, x)?;
    if !deep {
        x = attention(net, "se", Pointwise::Relu, x)?;
    }
    let mut shortcut = from;
    if net.has("downsample.0.conv.weight") {
        shortcut = conv_bn(net, "downsample.0", 1, from)?;
    } else if net.has("downsample.1.conv.weight") {
        shortcut = halve(net, "downsample.0", from)?;
        shortcut = conv_bn(net, "downsample.1", 1, shortcut)?;
    }
    x = net.sum("add", x, shortcut)?;
    net.relu("act", x)
}
