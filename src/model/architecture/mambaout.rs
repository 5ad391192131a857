//! MambaOut (Yu and Wang 2025): blocks of gated convolutions.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};
use crate::picture::Filter;

const EPSILON: f32 = 1e-6;

/// Dimensions: number of the gate's function, channels of the first stage, blocks of all, channels
/// that are filtered in the first.
pub static MAMBAOUT: Family = Family {
    id: "mambaout",
    name: "MambaOut",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.conv1.weight",
        "stem.norm2.weight",
        "stages.0.blocks.0.fc1.weight",
        "stages.0.blocks.0.conv.weight",
        "stages.3.downsample.conv.weight",
    ]],
    dimensions: |tensors| {
        let blocks = (0..4).map(|stage| tensors.count(&format!("stages.{stage}.blocks."))).sum();
        let out = |name| tensors.dim(name, 0);
        let (width, filtered) = (out("stem.conv2.weight"), out("stages.0.blocks.0.conv.weight"));
        let dimensions = [width, blocks, filtered];
        let known =
            MAMBAOUT.variants.iter().find(|variant| variant.dimensions[1..] == dimensions)?;
        Some(known.dimensions.to_vec())
    },
    variants: &[
        Variant::new("mambaout-femto", "MambaOut-Femto", &[GELU, 48, 18, 48]),
        Variant::new("mambaout-kobe", "MambaOut-Kobe", &[GELU, 48, 24, 48]),
        Variant::new("mambaout-tiny", "MambaOut-T", &[GELU, 96, 18, 96]),
        Variant::new("mambaout-small", "MambaOut-S", &[GELU, 96, 37, 96]),
        Variant::new("mambaout-base", "MambaOut-B", &[GELU, 128, 37, 128]),
        Variant::new("mambaout-small-rw", "MambaOut-S", &[GELU, 96, 37, 96]),
        Variant::new("mambaout-base-short-rw", "MambaOut-B (short)", &[GELU, 128, 34, 160]),
        Variant::new("mambaout-base-tall-rw", "MambaOut-B (tall)", &[GELU, 128, 40, 160]),
        Variant::new("mambaout-base-wide-rw", "MambaOut-B (wide)", &[SILU, 128, 37, 192]),
        Variant::new("mambaout-base-plus-rw", "MambaOut-B+", &[SILU, 128, 40, 192]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(1.0).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([activation], _) = family::first(dimensions)?;
        let activation = if activation == SILU { Pointwise::Silu } else { Pointwise::Gelu };
        let mut x = net.within("stem", |net| stem(net, activation, from))?;
        for stage in 0..4 {
            x = net.within(&format!("stages.{stage}"), |net| self::stage(net, activation, x))?;
        }
        head(net, x)
    },
};

const GELU: usize = 0;
const SILU: usize = 1;

/// A norm, if the file has it.
fn norm(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    match net.has(&format!("{name}.weight")) {
        true => net.layer_norm(name, EPSILON, from),
        false => Ok(from),
    }
}

fn stem(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = net.convolution("conv1", window(3).stride(2), from)?;
    x = norm(net, "norm1", x)?;
    x = net.add("act", activation, &[x])?;
    x = net.convolution("conv2", window(3).stride(2), x)?;
    net.layer_norm("norm2", EPSILON, x)
}

/// Norms are as wide as their input, which shows whether it is the convolution's input.
fn stage(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.conv.weight") {
        let width = net.tensor_shape("downsample.norm.weight").map_or(0, |shape| shape[0]);
        let is_first = width == net.shape(x).channels;
        if is_first {
            x = net.layer_norm("downsample.norm", EPSILON, x)?;
        }
        x = net.convolution("downsample.conv", window(3).stride(2), x)?;
        if !is_first {
            x = net.layer_norm("downsample.norm", EPSILON, x)?;
        }
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, activation, x))?;
    }
    Ok(x)
}

/// A gate, channels that pass by, and channels that are filtered.
fn block(net: &mut GraphAssembler, activation: Pointwise, from: NodeId) -> Result<NodeId> {
    let mut x = net.layer_norm("norm", EPSILON, from)?;
    let all = net.linear_of_channels("fc1", x)?;
    let (channels, hidden) = (net.shape(all).channels, net.shape(all).channels / 2);
    let filtered = net.tensor_shape("conv.weight").map_or(1, |shape| shape[0]).min(hidden);
    let gate = net.some_channels("gate", 0..hidden, all)?;
    let gate = net.add("act", activation, &[gate])?;
    let last = net.some_channels("filtered", channels - filtered..channels, all)?;
    let last = net.unit_of(["conv", ""], 1, last)?;
    x = match hidden < channels - filtered {
        true => {
            let pass = net.some_channels("pass", hidden..channels - filtered, all)?;
            net.concatenate("concatenate", &[pass, last])?
        }
        false => last,
    };
    x = net.add("multiply", Arithmetic::Multiply, &[gate, x])?;
    x = net.linear_of_channels("fc2", x)?;
    if net.has("ls.gamma") {
        x = net.channel_scale("ls.gamma", x)?;
    }
    net.sum("add", x, from)
}

fn head(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.global_average_pool("head.global_pool", from)?;
    x = net.layer_norm("head.norm", EPSILON, x)?;
    x = net.linear("head.pre_logits.fc", x)?;
    x = net.add("head.pre_logits.act", Pointwise::Gelu, &[x])?;
    x = norm(net, "head.pre_logits.norm", x)?;
    net.head(Head::new(&["head.fc"]), x)
}
