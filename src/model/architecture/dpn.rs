//! Dual path networks (Chen et al. 2017): some channels are added to, others are appended, as in
//! ResNet and in DenseNet.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

const EPSILON: f32 = 1e-3;
/// DPN-48b alone has SiLU in its stem and before its classifier.
const DPN_48B: [usize; 4] = [3, 4, 6, 3];

/// Dimensions: blocks of each stage.
pub static DPN: Family = Family {
    id: "dpn",
    name: "DPN",
    names: &["dpn"],
    renames: &[],
    signatures: &[&[
        "features.conv1_1.conv.weight",
        "features.conv2_1.c1x1_w_s1.conv.weight",
        "features.conv5_1.c1x1_w_s2.conv.weight",
        "features.conv5_bn_ac.bn.weight",
    ]],
    dimensions: |tensors| {
        let depth = |stage| tensors.count_from(1, &format!("features.conv{stage}_"));
        Some((2..=5).map(depth).collect())
    },
    variants: &[],
    input: |_, _| {
        // The mean and deviation of their authors, who came from MXNet.
        let normalisation =
            [[124.0 / 255.0, 117.0 / 255.0, 104.0 / 255.0], [1.0 / (0.0167 * 255.0); 3]];
        InputDefaults::imagenet(224).normalisation(normalisation, true)
    },
    leftovers: &[],
    build: |net, depths, from| {
        net.epsilon = EPSILON;
        let x = net.within("features", |net| features(net, depths, from))?;
        net.pooled_head("avgpool", Head::new(&["classifier"]), x)
    },
};

fn features(net: &mut GraphAssembler, depths: &[usize], from: NodeId) -> Result<NodeId> {
    let outer = if depths == DPN_48B { Pointwise::Silu } else { Pointwise::Relu };
    let first = modules::of_tensor(net, "conv1_1.conv", from).stride(2);
    let mut x = net.convolution_norm(["conv1_1.conv", "conv1_1.bn"], first, from)?;
    x = net.add("conv1_1.act", outer, &[x])?;
    x = net.max_pool("conv1_pool", window(3).stride(2), x)?;
    for (stage, &depth) in (2..).zip(depths) {
        let mut added = 0;
        for index in 1..=depth {
            let stride = if index == 1 && stage > 2 { 2 } else { 1 };
            x = net.within(&format!("conv{stage}_{index}"), |net| {
                added = widths(net).unwrap_or(added);
                block(net, stride, added, x)
            })?;
        }
    }
    let x = net.norm("conv5_bn_ac.bn", x)?;
    net.add("conv5_bn_ac.act", outer, &[x])
}

/// How many channels of the block at hand are added to, from the outputs of its projection and of its
/// last layer: those and twice as many as are appended, and those and as many.
fn widths(net: &GraphAssembler) -> Option<usize> {
    if net.has("c1x1_c1.weight") {
        return Some(net.dim("c1x1_c1.weight", 0));
    }
    let projection =
        ["c1x1_w_s1", "c1x1_w_s2"].map(|name| net.dim(&format!("{name}.conv.weight"), 0));
    let projected = projection[0].max(projection[1]);
    (projected > 0).then(|| (2 * net.dim("c1x1_c.conv.weight", 0)).saturating_sub(projected))
}

fn norm_relu(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let x = net.norm(&format!("{name}.bn"), from)?;
    net.relu(&format!("{name}.act"), x)
}

/// Norm, ReLU and convolution.
fn layer(net: &mut GraphAssembler, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    let x = norm_relu(net, name, from)?;
    let convolution = format!("{name}.conv");
    let window = modules::of_tensor(net, &convolution, x).stride(stride);
    net.bare_convolution(&convolution, window, x)
}

/// The first `added` channels, and the others.
fn parts(net: &mut GraphAssembler, name: &str, added: usize, from: NodeId) -> Result<[NodeId; 2]> {
    let all = net.shape(from).channels;
    let first = net.some_channels(&format!("{name}.added"), 0..added, from)?;
    Ok([first, net.some_channels(&format!("{name}.appended"), added..all, from)?])
}

fn block(net: &mut GraphAssembler, stride: usize, added: usize, from: NodeId) -> Result<NodeId> {
    let projection = match () {
        () if net.has("c1x1_w_s1.conv.weight") => layer(net, "c1x1_w_s1", stride, from)?,
        () if net.has("c1x1_w_s2.conv.weight") => layer(net, "c1x1_w_s2", stride, from)?,
        () => from,
    };
    let [residual, dense] = parts(net, "before", added, projection)?;
    let mut x = layer(net, "c1x1_a", 1, from)?;
    x = layer(net, "c3x3_b", stride, x)?;
    let [to_add, to_append] = if net.has("c1x1_c1.weight") {
        let x = norm_relu(net, "c1x1_c", x)?;
        let first = net.bare_convolution("c1x1_c1", window(1), x)?;
        [first, net.bare_convolution("c1x1_c2", window(1), x)?]
    } else {
        let x = layer(net, "c1x1_c", 1, x)?;
        parts(net, "after", added, x)?
    };
    let sum = net.sum("add", residual, to_add)?;
    net.concatenate("concatenate", &[sum, dense, to_append])
}
