//! RDNet (Kim et al. 2024, "DenseNets Reloaded"): dense blocks of ConvNeXt's layers.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

const EPSILON: f32 = 1e-6;

/// Dimensions: channels of the stem, stages.
pub static RDNET: Family = Family {
    id: "rdnet",
    name: "RDNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.0.weight",
        "dense_stages.0.0.dense_block0.layers.layers.0.weight",
        "dense_stages.1.2.dense_block0.gamma",
        "head.norm.weight",
    ]],
    dimensions: |tensors| {
        Some(vec![tensors.dim("stem.0.weight", 0), tensors.count("dense_stages.")])
    },
    variants: &[
        Variant::new("rdnet-tiny", "RDNet-T", &[64, 7]),
        Variant::new("rdnet-small", "RDNet-S", &[72, 11]),
        Variant::new("rdnet-base", "RDNet-B", &[120, 11]),
        Variant::new("rdnet-large", "RDNet-L", &[144, 12]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(0.9).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.convolution("stem.0", Window::tiles(4), from)?;
        x = net.layer_norm("stem.1", EPSILON, x)?;
        for stage in 0..net.count("dense_stages.") {
            x = net.within(&format!("dense_stages.{stage}"), |net| self::stage(net, x))?;
        }
        x = net.global_average_pool("head.global_pool", x)?;
        x = net.layer_norm("head.norm", EPSILON, x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

/// A transition, but for the first stage, then layers that take all outputs before them.
fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    let mut dense = "0";
    if net.has("1.weight") {
        x = net.layer_norm("0", EPSILON, x)?;
        let side = net.window_of("1", x).map_or(2, |window| window.kernel[0]);
        x = net.convolution("1", Window::tiles(side), x)?;
        dense = "2";
    }
    let mut outputs = vec![x];
    for index in 0..net.count(&format!("{dense}.dense_block")) {
        let name = format!("{dense}.dense_block{index}");
        let all = net.concatenate(&format!("{name}.concatenate"), &outputs)?;
        outputs.push(net.within(&name, |net| layers(net, all))?);
    }
    net.concatenate("concatenate", &outputs)
}

fn layers(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.within("layers.layers", |net| {
        let mut x = net.unit_of(["0", ""], 1, from)?;
        x = net.layer_norm("1", EPSILON, x)?;
        x = net.convolution("2", window(1), x)?;
        x = net.add("3", Pointwise::Gelu, &[x])?;
        net.convolution("4", window(1), x)
    })?;
    if net.has("layers.layers.5.fc.weight") {
        x = net.effective_squeeze("layers.layers.5", x)?;
    }
    net.channel_scale("gamma", x)
}
