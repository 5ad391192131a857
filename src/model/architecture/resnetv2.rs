//! Residual networks with norms before convolutions (He et al. 2016, "Identity Mappings") for
//! ImageNet, as timm has them; with group norm and standardised weights those of Big Transfer
//! (Kolesnikov et al. 2020).

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Pad, Pointwise};

/// What Big Transfer adds to variances of weights.
const BIT_EPSILON: f32 = 1e-8;

/// Dimensions: blocks of each stage.
pub static RESNETV2: Family = Family {
    id: "resnetv2",
    name: "ResNet-v2",
    names: &["resnetv2-"],
    renames: &[],
    signatures: &[
        &["stem.conv.weight", "stages.0.blocks.0.norm1.weight", "norm.weight"],
        &["stem.conv3.weight", "stages.0.blocks.0.norm1.weight", "norm.weight"],
    ],
    dimensions: |tensors| {
        let stages = tensors.count("stages.");
        let depth = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        let convolves = tensors.dim("stages.0.blocks.0.conv1.weight", 2) > 0;
        convolves.then(|| (0..stages).map(depth).collect())
    },
    variants: &[],
    input: |tensors, _| {
        let input = InputDefaults::imagenet(224);
        match is_of_big_transfer(|name| tensors.has(name)) {
            true => input.normalisation(super::input::SIGNED, false),
            false => input,
        }
    },
    leftovers: &[],
    build: |net, depths, from| {
        let standardised = is_of_big_transfer(|name| net.tensors.has(name));
        if standardised && net.called.is_empty() {
            net.guess("weights are taken to be standardised, as those of Big Transfer are");
        }
        net.standardised = standardised.then_some(BIT_EPSILON);
        net.width_of_evo_groups = net.has("norm.v").then_some(0);
        let mut x = stem(net, from)?;
        for (stage, &depth) in depths.iter().enumerate() {
            for index in 0..depth {
                let stride = if index == 0 && stage > 0 { 2 } else { 1 };
                let name = format!("stages.{stage}.blocks.{index}");
                x = net.within(&name, |net| block(net, stride, x))?;
            }
        }
        net.standardised = None;
        x = norm_relu(net, "norm", x)?;
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// Group norms behind a window of 7.
fn is_of_big_transfer(has: impl Fn(&str) -> bool) -> bool {
    has("stem.conv.weight") && !has("norm.running_var")
}

fn stem(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let pool = window(3).stride(2);
    if net.has("stem.conv.weight") {
        let x = net.bare_convolution("stem.conv", window(7).stride(2), from)?;
        if net.standardised.is_none() {
            return net.max_pool("stem.pool", pool, x);
        }
        let border = Pad { sides: [(0, 0), (1, 1), (1, 1)], value: 0.0 };
        let x = net.add("stem.pad", border, &[x])?;
        return net.max_pool("stem.pool", pool.padding(0), x);
    }
    let mut x = net.bare_convolution("stem.conv1", window(3).stride(2), from)?;
    x = norm_relu(net, "stem.norm1", x)?;
    x = net.bare_convolution("stem.conv2", window(3), x)?;
    x = norm_relu(net, "stem.norm2", x)?;
    x = net.bare_convolution("stem.conv3", window(3), x)?;
    net.max_pool("stem.pool", pool, x)
}

fn norm_relu(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    modules::norm_act(net, name, Pointwise::Relu, from)
}

/// Norms, ReLUs and convolutions; a shortcut with weights starts after the first ReLU.
fn block(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let first = norm_relu(net, "norm1", from)?;
    let shortcut = match net.has("downsample.conv.weight") {
        true => net.within("downsample", |net| shortcut(net, stride, first))?,
        false => from,
    };
    let deep = net.has("conv3.weight");
    let mut x = match deep {
        true => net.bare_convolution("conv1", window(1), first)?,
        false => net.bare_convolution("conv1", window(3).stride(stride), first)?,
    };
    x = norm_relu(net, "norm2", x)?;
    if deep {
        let grouped = modules::of_tensor(net, "conv2", x).stride(stride);
        x = net.bare_convolution("conv2", grouped, x)?;
        x = norm_relu(net, "norm3", x)?;
        x = net.bare_convolution("conv3", window(1), x)?;
    } else {
        x = net.bare_convolution("conv2", window(3), x)?;
    }
    net.sum("add", x, shortcut)
}

/// Of averages behind a deep stem.
fn shortcut(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    if net.tensors.has("stem.conv.weight") {
        return net.bare_convolution("conv", window(1).stride(stride), from);
    }
    let x = if stride > 1 { modules::halve(net, "pool", from)? } else { from };
    net.bare_convolution("conv", window(1), x)
}
