//! VoVNet (Lee and Park 2020, "CenterMask"): every block joins all of its layers once, at its end.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{self, attention, conv_bn_act};
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Dimensions: blocks of each stage.
pub static VOVNET: Family = Family {
    id: "vovnet",
    name: "VoVNet",
    names: &["ese-vovnet", "vovnet"],
    renames: &[],
    signatures: &[&["stem.0.conv.weight", "stages.0.blocks.0.conv_concat.conv.weight"]],
    dimensions: |tensors| {
        let depth = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        Some((0..tensors.count("stages.")).map(depth).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let mut x = from;
        for (index, stride) in [2, 1, 2].into_iter().enumerate() {
            x = layer(net, &format!("stem.{index}"), stride, x)?;
        }
        for (stage, &depth) in depths.iter().enumerate() {
            if stage > 0 {
                let pool = window(3).stride(2).padding(0);
                x = net.max_pool_ceil(&format!("stages.{stage}.pool"), pool, x)?;
            }
            for index in 0..depth {
                let name = format!("stages.{stage}.blocks.{index}");
                x = net.within(&name, |net| block(net, index > 0, x))?;
            }
        }
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// A convolution, or one of every channel and one of all, with norm and ReLU.
fn layer(net: &mut GraphAssembler, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    if net.has(&format!("{name}.conv.weight")) {
        return conv_bn_act(net, name, stride, Pointwise::Relu, from);
    }
    net.within(name, |net| {
        let every = modules::of_tensor(net, "conv_dw", from).stride(stride);
        let x = net.bare_convolution("conv_dw", every, from)?;
        let x = net.convolution_norm(["conv_pw", "bn"], window(1), x)?;
        net.relu("act", x)
    })
}

/// Blocks after a stage's first add their input.
fn block(net: &mut GraphAssembler, adds: bool, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("conv_reduction.conv.weight") {
        x = conv_bn_act(net, "conv_reduction", 1, Pointwise::Relu, x)?;
    }
    let mut all = vec![from];
    for index in 0..net.count("conv_mid.") {
        x = layer(net, &format!("conv_mid.{index}"), 1, x)?;
        all.push(x);
    }
    x = net.concatenate("concatenate", &all)?;
    x = conv_bn_act(net, "conv_concat", 1, Pointwise::Relu, x)?;
    x = attention(net, "attn", Pointwise::Relu, x)?;
    if adds { net.sum("add", x, from) } else { Ok(x) }
}
