//! RepViT (Wang et al. 2024): a mobile network of separate filters and perceptrons, with branches
//! that training adds up.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: 1 where each branch has a norm of its own, channels of the first stage, blocks of all.
pub static REPVIT: Family = Family {
    id: "repvit",
    name: "RepViT",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.conv1.c.weight",
        "stages.0.blocks.0.token_mixer.conv.c.weight",
        "stages.1.downsample.pre_block.channel_mixer.conv1.c.weight",
        "head.head.l.weight",
    ]],
    dimensions: |tensors| {
        let apart = tensors.has("stages.0.blocks.0.token_mixer.conv1.c.weight");
        let blocks = (0..4).map(|stage| tensors.count(&format!("stages.{stage}.blocks.")));
        Some(vec![usize::from(apart), tensors.dim("stem.conv2.c.weight", 0), blocks.sum()])
    },
    variants: &[
        Variant::new("repvit-m1", "RepViT-M1", &[1, 48, 20]),
        Variant::new("repvit-m2", "RepViT-M2", &[1, 64, 18]),
        Variant::new("repvit-m3", "RepViT-M3", &[1, 64, 28]),
        Variant::new("repvit-m0-9", "RepViT-M0.9", &[0, 48, 20]),
        Variant::new("repvit-m1-0", "RepViT-M1.0", &[0, 56, 20]),
        Variant::new("repvit-m1-1", "RepViT-M1.1", &[0, 64, 18]),
        Variant::new("repvit-m1-5", "RepViT-M1.5", &[0, 64, 36]),
        Variant::new("repvit-m2-3", "RepViT-M2.3", &[0, 80, 48]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(0.95).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.unit("stem.conv1", 2, from)?;
        x = net.add("stem.act1", Pointwise::Gelu, &[x])?;
        x = net.unit("stem.conv2", 2, x)?;
        for stage in 0..4 {
            x = net.within(&format!("stages.{stage}"), |net| self::stage(net, x))?;
        }
        x = net.global_average_pool("global_pool", x)?;
        let first = normed_linear(net, "head.head", x)?;
        if !net.has("head.head_dist.l.weight") {
            return Ok(first);
        }
        let second = normed_linear(net, "head.head_dist", x)?;
        let sum = net.sum("head.add", first, second)?;
        net.constants("head.mean", [Some(0.5), None], sum)
    },
};

fn normed_linear(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let x = net.norm(&format!("{name}.bn"), from)?;
    net.bare_linear(&format!("{name}.l"), x)
}

fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.spatial_downsample.c.weight") {
        x = net.within("downsample.pre_block", |net| block(net, x))?;
        x = net.unit("downsample.spatial_downsample", 2, x)?;
        x = net.unit("downsample.channel_downsample", 1, x)?;
        x = perceptron(net, "downsample.ffn", x)?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, x))?;
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.within("token_mixer", |net| mix(net, from))?;
    if net.has("se.fc1.weight") {
        x = net.squeeze("se", x)?;
    }
    perceptron(net, "channel_mixer", x)
}

/// A filter, a factor for every channel and the input itself, added up.
fn mix(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let filtered = net.unit("conv", 1, from)?;
    if !net.has("conv1.weight") && !net.has("conv1.c.weight") {
        return Ok(filtered);
    }
    let factor = match net.has("conv1.c.weight") {
        true => net.unit("conv1", 1, from)?,
        false => net.unit_of(["conv1", ""], 1, from)?,
    };
    let x = net.total("add", &[filtered, factor, from])?;
    if net.has("bn.weight") { net.norm("bn", x) } else { Ok(x) }
}

fn perceptron(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let mut x = net.unit(&format!("{name}.conv1"), 1, from)?;
    x = net.add(&format!("{name}.act"), Pointwise::Gelu, &[x])?;
    x = net.unit(&format!("{name}.conv2"), 1, x)?;
    net.sum(&format!("{name}.add"), from, x)
}
