//! ConvMixer (Trockman and Kolter 2023, "Patches Are All You Need?"): tiles, then depthwise and
//! pointwise convolutions at one size.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: number of the activation, channels, blocks.
pub static CONVMIXER: Family = Family {
    id: "convmixer",
    name: "ConvMixer",
    names: &[],
    renames: &[],
    signatures: &[&["stem.0.weight", "stem.2.running_var", "blocks.0.0.fn.0.weight"]],
    dimensions: |tensors| {
        let dimensions = [tensors.dim("stem.0.weight", 0), tensors.count("blocks.")];
        let known =
            CONVMIXER.variants.iter().find(|variant| variant.dimensions[1..] == dimensions)?;
        Some(known.dimensions.to_vec())
    },
    variants: &[
        Variant::new("convmixer-1536-20", "ConvMixer-1536/20", &[GELU, 1536, 20]),
        Variant::new("convmixer-1024-20-ks9-p14", "ConvMixer-1024/20", &[GELU, 1024, 20]),
        Variant::new("convmixer-768-32", "ConvMixer-768/32", &[RELU, 768, 32]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(0.96).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([activation], _) = family::first(dimensions)?;
        let activation = if activation == RELU { Pointwise::Relu } else { Pointwise::Gelu };
        let side = net.tensor_shape("stem.0.weight").map_or(7, |shape| shape[shape.len() - 1]);
        let mut x = net.convolution("stem.0", Window::tiles(side.max(1)), from)?;
        x = net.add("stem.1", activation, &[x])?;
        x = net.norm("stem.2", x)?;
        for index in 0..net.count("blocks.") {
            x = net.within(&format!("blocks.{index}"), |net| block(net, activation, x))?;
        }
        x = net.global_average_pool("global_pool", x)?;
        net.head(Head::new(&["head"]), x)
    },
};

const GELU: usize = 0;
const RELU: usize = 1;

fn block(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = net.unit_of(["0.fn.0", ""], 1, from)?;
    x = net.add("0.fn.1", activation, &[x])?;
    x = net.norm("0.fn.2", x)?;
    x = net.sum("0.add", x, from)?;
    x = net.convolution("1", window(1), x)?;
    x = net.add("2", activation, &[x])?;
    net.norm("3", x)
}
