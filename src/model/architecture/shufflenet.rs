//! ShuffleNet-v2 (Ma et al. 2018): half of the channels pass by each block, and a shuffle mixes.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Rearrange;

/// Dimensions: channels of the second stage, then blocks of stages 2, 3 and 4.
pub static SHUFFLENET_V2: Family = Family {
    id: "shufflenet-v2",
    name: "ShuffleNet-v2",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.0.weight",
        "stage2.0.branch1.0.weight",
        "stage4.0.branch2.5.weight",
        "conv5.0.weight",
    ]],
    dimensions: |tensors| {
        let blocks = |stage| tensors.count(&format!("stage{stage}."));
        let width = 2 * tensors.dim("stage2.0.branch2.5.weight", 0);
        Some(vec![width, blocks(2), blocks(3), blocks(4)])
    },
    variants: &[
        Variant::new("shufflenet-v2-x0-5", "ShuffleNet-v2 ×0.5", &[48, 4, 8, 4]),
        Variant::new("shufflenet-v2-x1-0", "ShuffleNet-v2 ×1", &[116, 4, 8, 4]),
        Variant::new("shufflenet-v2-x1-5", "ShuffleNet-v2 ×1.5", &[176, 4, 8, 4]),
        Variant::new("shufflenet-v2-x2-0", "ShuffleNet-v2 ×2", &[244, 4, 8, 4]),
    ],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([_width], depths) = family::first(dimensions)?;
        let mut x = net.convolution_norm(["conv1.0", "conv1.1"], window(3).stride(2), from)?;
        x = net.relu("conv1.2", x)?;
        x = net.max_pool("maxpool", window(3).stride(2), x)?;
        for (stage, &blocks) in (2..).zip(depths) {
            x = net.within(&format!("stage{stage}.0"), |net| halving(net, x))?;
            for index in 1..blocks {
                x = net.within(&format!("stage{stage}.{index}"), |net| keeping(net, x))?;
            }
        }
        x = net.convolution_norm(["conv5.0", "conv5.1"], window(1), x)?;
        x = net.relu("conv5.2", x)?;
        net.pooled_head("avgpool", Head::new(&["fc"]), x)
    },
};

/// Both branches see all channels, and each halves the size.
fn halving(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let depthwise = window(3).stride(2).groups(net.shape(from).channels);
    let mut left = net.convolution_norm(["branch1.0", "branch1.1"], depthwise, from)?;
    left = net.convolution_norm(["branch1.2", "branch1.3"], window(1), left)?;
    left = net.relu("branch1.4", left)?;
    let right = branch(net, 2, from)?;
    shuffled(net, left, right)
}

/// The first half of the channels passes by.
fn keeping(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let half = net.shape(from).channels / 2;
    let left = net.some_channels("pass", 0..half, from)?;
    let right = net.some_channels("branch2.half", half..2 * half, from)?;
    let right = branch(net, 1, right)?;
    shuffled(net, left, right)
}

fn branch(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let mut x = net.convolution_norm(["branch2.0", "branch2.1"], window(1), from)?;
    x = net.relu("branch2.2", x)?;
    let depthwise = window(3).stride(stride).groups(net.shape(x).channels);
    x = net.convolution_norm(["branch2.3", "branch2.4"], depthwise, x)?;
    x = net.convolution_norm(["branch2.5", "branch2.6"], window(1), x)?;
    net.relu("branch2.7", x)
}

/// Channels of both in turn.
fn shuffled(net: &mut GraphAssembler, left: NodeId, right: NodeId) -> Result<NodeId> {
    let x = net.concatenate("concatenate", &[left, right])?;
    let shape = net.shape(x);
    let factors = [2, shape.channels / 2, shape.height * shape.width];
    let shuffle = Rearrange::new(&factors, &[1, 0, 2], shape).expect("an order of three factors");
    net.add("shuffle", shuffle, &[x])
}
