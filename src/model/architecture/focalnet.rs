//! FocalNet (Yang et al. 2022, "Focal Modulation Networks"): every position is multiplied by what
//! filters of growing sizes around it gather, each weighed by a gate.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};
use crate::picture::Filter;

const EPSILON: f32 = 1e-5;

/// Dimensions: channels of the first stage, levels, blocks of the third stage.
pub static FOCALNET: Family = Family {
    id: "focalnet",
    name: "FocalNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.proj.weight",
        "layers.0.blocks.0.modulation.f.weight",
        "layers.3.downsample.proj.weight",
        "norm.weight",
    ]],
    dimensions: |tensors| {
        let levels = tensors.count("layers.0.blocks.0.modulation.focal_layers.");
        Some(vec![tensors.dim("stem.proj.weight", 0), levels, tensors.count("layers.2.blocks.")])
    },
    variants: &[
        Variant::new("focalnet-tiny-srf", "FocalNet-T (small)", &[96, 2, 6]),
        Variant::new("focalnet-tiny-lrf", "FocalNet-T (large)", &[96, 3, 6]),
        Variant::new("focalnet-small-srf", "FocalNet-S (small)", &[96, 2, 18]),
        Variant::new("focalnet-small-lrf", "FocalNet-S (large)", &[96, 3, 18]),
        Variant::new("focalnet-base-srf", "FocalNet-B (small)", &[128, 2, 18]),
        Variant::new("focalnet-base-lrf", "FocalNet-B (large)", &[128, 3, 18]),
        Variant::new("focalnet-large-fl3", "FocalNet-L", &[192, 3, 18]).pictures(384, 1000),
        Variant::new("focalnet-large-fl4", "FocalNet-L", &[192, 4, 18]).pictures(384, 1000),
        Variant::new("focalnet-xlarge-fl3", "FocalNet-XL", &[256, 3, 18]).pictures(384, 1000),
        Variant::new("focalnet-xlarge-fl4", "FocalNet-XL", &[256, 4, 18]).pictures(384, 1000),
        Variant::new("focalnet-huge-fl3", "FocalNet-H", &[352, 3, 18]),
        Variant::new("focalnet-huge-fl4", "FocalNet-H", &[352, 4, 18]),
    ],
    input: |_, variant| {
        let size = variant.map_or(224, |v| v.size);
        let crop = if size == 384 { 1.0 } else { 0.9 };
        InputDefaults::imagenet(size).crop(crop).resize(Filter::Bicubic)
    },
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.within("stem", |net| downsample(net, 4, from))?;
        for stage in 0..4 {
            x = net.within(&format!("layers.{stage}"), |net| self::stage(net, x))?;
        }
        x = net.layer_norm("norm", EPSILON, x)?;
        x = net.global_average_pool("head.global_pool", x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

/// Tiles, or windows that overlap.
fn downsample(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let side = net.window_of("proj", from).map_or(stride, |window| window.kernel[0]);
    let window = match side > stride {
        true => window(side).stride(stride).padding(stride / 2),
        false => Window::tiles(side),
    };
    let x = net.convolution("proj", window, from)?;
    net.layer_norm("norm", EPSILON, x)
}

fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.proj.weight") {
        x = net.within("downsample", |net| downsample(net, 2, x))?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, x))?;
    }
    Ok(x)
}

/// Norms come before the branches or after them.
fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = norm(net, "norm1", from)?;
    x = net.within("modulation", |net| modulation(net, x))?;
    x = norm(net, "norm1_post", x)?;
    let from = joined(net, 1, from, x)?;
    x = norm(net, "norm2", from)?;
    x = net.convolution("mlp.fc1", window(1), x)?;
    x = net.add("mlp.act", Pointwise::Gelu, &[x])?;
    x = net.convolution("mlp.fc2", window(1), x)?;
    x = norm(net, "norm2_post", x)?;
    joined(net, 2, from, x)
}

fn norm(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    match net.has(&format!("{name}.weight")) {
        true => net.layer_norm(name, EPSILON, from),
        false => Ok(from),
    }
}

fn joined(net: &mut GraphAssembler, index: usize, from: NodeId, branch: NodeId) -> Result<NodeId> {
    let scale = format!("ls{index}.gamma");
    let branch = match net.has(&scale) {
        true => net.channel_scale(&scale, branch)?,
        false => branch,
    };
    net.sum(&format!("add{index}"), from, branch)
}

fn modulation(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let channels = net.shape(from).channels;
    let all = net.convolution("f", window(1), from)?;
    let query = net.some_channels("query", 0..channels, all)?;
    let mut context = net.some_channels("context", channels..2 * channels, all)?;
    let levels = net.count("focal_layers.");
    let mut parts = vec![];
    for level in 0..=levels {
        let name = format!("focal_layers.{level}");
        if level < levels {
            context = net.unit_of([&format!("{name}.0"), ""], 1, context)?;
        } else {
            context = net.global_average_pool(&format!("{name}.mean"), context)?;
        }
        context = net.add(&format!("{name}.1"), Pointwise::Gelu, &[context])?;
        let place = 2 * channels + level;
        let gate = net.some_channels(&format!("{name}.gate"), place..place + 1, all)?;
        parts.push(net.add(&format!("{name}.scale"), Arithmetic::Multiply, &[context, gate])?);
    }
    let mut x = net.total("context.total", &parts)?;
    x = net.convolution("h", window(1), x)?;
    x = net.add("multiply", Arithmetic::Multiply, &[query, x])?;
    x = norm(net, "norm", x)?;
    net.convolution("proj", window(1), x)
}
