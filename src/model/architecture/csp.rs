//! DarkNet (Redmon and Farhadi 2018) and networks that lead part of the channels past every stage
//! (Wang et al. 2020, "CSPNet"), as timm has them.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{attention, conv_bn, conv_bn_act};
use super::split::part;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Dimensions: blocks of each stage.
pub static CSPNET: Family = Family {
    id: "cspnet",
    name: "CSPNet",
    names: &["cs3", "cspdarknet", "cspresne", "darknet"],
    renames: &[],
    signatures: &[
        &[
            "stem.conv1.conv.weight",
            "stages.0.blocks.0.conv2.conv.weight",
            "stages.0.conv_exp.conv.weight",
        ],
        &[
            "stem.conv1.conv.weight",
            "stages.0.blocks.0.conv2.conv.weight",
            "stages.0.conv_down.conv.weight",
        ],
        &[
            "stem.conv1.conv.weight",
            "stages.0.blocks.0.conv2.conv.weight",
            "stages.0.conv_down.1.conv.weight",
        ],
    ],
    dimensions: |tensors| {
        let stages = tensors.count("stages.");
        let depth = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        Some((0..stages).map(depth).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let activation = match net.has("stages.0.conv_exp.conv.weight")
            && !net.has("stages.0.conv_transition_b.conv.weight")
        {
            true => Pointwise::Silu,
            false => Pointwise::LeakyRelu { slope: 0.01 },
        };
        let mut x = stem(net, activation, from)?;
        for (index, &depth) in depths.iter().enumerate() {
            let name = format!("stages.{index}");
            x = net.within(&name, |net| stage(net, depth, activation, x))?;
        }
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// DarkNet's convolution keeps the size, ResNet's is followed by a pool, the others' halves.
fn stem(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let side = net.dim("stem.conv1.conv.weight", 2);
    let count = net.tensors.count_from(1, "stem.conv");
    let mut x = match (side, count) {
        (3, 1) => conv_bn_act(net, "stem.conv1", 1, activation, from)?,
        (6, _) => {
            let window = window(6).stride(2).padding(2);
            let names = ["stem.conv1.conv", "stem.conv1.bn"];
            let x = net.convolution_norm(names, window, from)?;
            net.add("stem.conv1.act", activation, &[x])?
        }
        _ => conv_bn_act(net, "stem.conv1", 2, activation, from)?,
    };
    for index in 2..=count {
        x = conv_bn_act(net, &format!("stem.conv{index}"), 1, activation, x)?;
    }
    match side == 7 || count > 2 {
        true => net.max_pool("stem.pool", window(3).stride(2), x),
        false => Ok(x),
    }
}

fn stage(
    net: &mut GraphAssembler,
    depth: usize,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    let mut x = from;
    if net.has("conv_down.conv.weight") {
        x = conv_bn_act(net, "conv_down", 2, activation, x)?;
    } else if net.has("conv_down.1.conv.weight") {
        x = net.average_pool("conv_down.0", Window::tiles(2), x)?;
        x = conv_bn_act(net, "conv_down.1", 1, activation, x)?;
    }
    if !net.has("conv_exp.conv.weight") {
        return blocks(net, depth, activation, x);
    }
    // Networks of bottlenecks have no activation before the split.
    x = match net.has("blocks.0.conv3.conv.weight") {
        true => conv_bn(net, "conv_exp", 1, x)?,
        false => conv_bn_act(net, "conv_exp", 1, activation, x)?,
    };
    let width = net.shape(x).channels / 2;
    let [first, second] = [part(net, "split.0", 0, width, x)?, part(net, "split.1", 1, width, x)?];
    let both = match net.has("conv_transition_b.conv.weight") {
        true => {
            let x = blocks(net, depth, activation, second)?;
            [first, conv_bn_act(net, "conv_transition_b", 1, activation, x)?]
        }
        false => [blocks(net, depth, activation, first)?, second],
    };
    x = net.concatenate("concatenate", &both)?;
    conv_bn_act(net, "conv_transition", 1, activation, x)
}

fn blocks(
    net: &mut GraphAssembler,
    depth: usize,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    (0..depth).try_fold(from, |x, index| {
        net.within(&format!("blocks.{index}"), |net| block(net, activation, x))
    })
}

/// Two layers with their activations, or three of which the last has it after the sum.
fn block(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = conv_bn_act(net, "conv1", 1, activation, from)?;
    x = attention(net, "attn", activation, x)?;
    x = conv_bn_act(net, "conv2", 1, activation, x)?;
    if !net.has("conv3.conv.weight") {
        return net.sum("add", x, from);
    }
    x = attention(net, "attn2", activation, x)?;
    x = conv_bn(net, "conv3", 1, x)?;
    x = attention(net, "attn3", activation, x)?;
    x = net.sum("add", x, from)?;
    net.add("act3", activation, &[x])
}
