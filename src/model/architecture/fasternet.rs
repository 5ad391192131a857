//! FasterNet (Chen et al. 2023, "Run, Don't Walk"): windows for the first quarter of the channels,
//! then a perceptron of all.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: number of the activation, channels of the first stage, then blocks of each.
pub static FASTERNET: Family = Family {
    id: "fasternet",
    name: "FasterNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "patch_embed.proj.weight",
        "stages.0.blocks.0.spatial_mixing.partial_conv3.weight",
        "conv_head.weight",
    ]],
    dimensions: |tensors| {
        let blocks = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        let width = tensors.dim("patch_embed.proj.weight", 0);
        let dimensions: Vec<_> = [width].into_iter().chain((0..4).map(blocks)).collect();
        let known =
            FASTERNET.variants.iter().find(|variant| variant.dimensions[1..] == dimensions)?;
        Some(known.dimensions.to_vec())
    },
    variants: &[
        Variant::new("fasternet-t0", "FasterNet-T0", &[GELU, 40, 1, 2, 8, 2]),
        Variant::new("fasternet-t1", "FasterNet-T1", &[GELU, 64, 1, 2, 8, 2]),
        Variant::new("fasternet-t2", "FasterNet-T2", &[RELU, 96, 1, 2, 8, 2]),
        Variant::new("fasternet-s", "FasterNet-S", &[RELU, 128, 1, 2, 13, 2]),
        Variant::new("fasternet-m", "FasterNet-M", &[RELU, 144, 3, 4, 18, 3]),
        Variant::new("fasternet-l", "FasterNet-L", &[RELU, 192, 3, 4, 18, 3]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(1.0).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([activation], _) = family::first(dimensions)?;
        let activation = if activation == RELU { Pointwise::Relu } else { Pointwise::Gelu };
        let names = ["patch_embed.proj", "patch_embed.norm"];
        let mut x = net.convolution_norm(names, Window::tiles(4), from)?;
        for stage in 0..4 {
            x = net.within(&format!("stages.{stage}"), |net| self::stage(net, activation, x))?;
        }
        x = net.global_average_pool("global_pool", x)?;
        x = net.bare_convolution("conv_head", window(1), x)?;
        x = net.add("act", activation, &[x])?;
        net.head(Head::new(&["classifier"]), x)
    },
};

const GELU: usize = 0;
const RELU: usize = 1;

fn stage(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.reduction.weight") {
        let names = ["downsample.reduction", "downsample.norm"];
        x = net.convolution_norm(names, Window::tiles(2), x)?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, activation, x))?;
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    const MIXING: &str = "spatial_mixing.partial_conv3";
    let channels = net.shape(from).channels;
    let width = net.tensor_shape(&format!("{MIXING}.weight")).map_or(1, |shape| shape[0]);
    let width = width.min(channels);
    let first = net.some_channels("spatial_mixing.channels", 0..width, from)?;
    let rest = net.some_channels("spatial_mixing.pass", width..channels, from)?;
    let first = net.bare_convolution(MIXING, window(3), first)?;
    let mut x = net.concatenate("spatial_mixing.concatenate", &[first, rest])?;
    x = net.convolution_norm(["mlp.0", "mlp.1"], window(1), x)?;
    x = net.add("mlp.2", activation, &[x])?;
    x = net.bare_convolution("mlp.3", window(1), x)?;
    net.sum("add", from, x)
}
