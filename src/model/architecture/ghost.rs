//! GhostNet 1 to 3 (Han et al. 2020; Tang et al. 2022, "GhostNetV2"; Liu et al. 2024, "GhostNetV3")
//! and RepGhost (Chen et al. 2022): half of a layer's channels, or a part of their sum, come from
//! cheap filters of the others.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::inverted::{Style, weighed};
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Matrix, Pointwise};
use crate::picture::Filter;

/// Dimensions: 0 for RepGhost or GhostNet's generation, channels of the stem and before the last layers.
pub static GHOSTNET: Family = Family {
    id: "ghostnet",
    name: "GhostNet",
    names: &[],
    renames: &[],
    signatures: &[
        &["conv_stem.weight", "blocks.0.0.ghost1.cheap_operation.0.weight"],
        &["conv_stem.weight", "blocks.0.0.ghost1.cheap_rpr_skip.weight"],
    ],
    dimensions: |tensors| {
        let kind = match tensors.has("blocks.0.0.ghost1.cheap_rpr_skip.weight") {
            true => 3,
            false if tensors.has("blocks.0.0.ghost1.fusion_bn.0.weight") => 0,
            false => 1 + usize::from(tensors.has_module("blocks.2.0.ghost1.short_conv")),
        };
        Some(vec![kind, tensors.dim("conv_stem.weight", 0), tensors.dim("conv_head.weight", 1)])
    },
    variants: &[
        Variant::new("ghostnet-100", "GhostNet", &[1, 16, 960]),
        Variant::new("ghostnetv2-100", "GhostNetV2", &[2, 16, 960]),
        Variant::new("ghostnetv2-130", "GhostNetV2 ×1.3", &[2, 20, 1248]),
        Variant::new("ghostnetv2-160", "GhostNetV2 ×1.6", &[2, 24, 1536]),
        Variant::new("ghostnetv3-100", "GhostNetV3", &[3, 16, 960]),
        Variant::new("repghostnet-050", "RepGhostNet ×0.5", &[0, 8, 480]),
        Variant::new("repghostnet-058", "RepGhostNet ×0.58", &[0, 12, 556]),
        Variant::new("repghostnet-080", "RepGhostNet ×0.8", &[0, 12, 768]),
        Variant::new("repghostnet-100", "RepGhostNet", &[0, 16, 960]),
        Variant::new("repghostnet-111", "RepGhostNet ×1.11", &[0, 16, 1064]),
        Variant::new("repghostnet-130", "RepGhostNet ×1.3", &[0, 20, 1248]),
        Variant::new("repghostnet-150", "RepGhostNet ×1.5", &[0, 24, 1440]),
        Variant::new("repghostnet-200", "RepGhostNet ×2", &[0, 32, 1920]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.unit_of(["conv_stem", "bn1"], 2, from)?;
        x = net.relu("act1", x)?;
        for stage in 0..net.count("blocks.") {
            for index in 0..net.count(&format!("blocks.{stage}.")) {
                x = net.within(&format!("blocks.{stage}.{index}"), |net| block(net, x))?;
            }
        }
        x = net.global_average_pool("global_pool", x)?;
        x = net.bare_convolution("conv_head", window(1), x)?;
        x = net.relu("act2", x)?;
        net.head(Head::new(&["classifier"]), x)
    },
};

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    if net.has("conv.weight") {
        let x = net.unit_of(["conv", "bn1"], 1, from)?;
        return net.relu("bn1.act", x);
    }
    let mut x = net.within("ghost1", |net| ghost(net, true, from))?;
    if net.has("conv_dw.weight") {
        x = net.unit_of(["conv_dw", "bn_dw"], 2, x)?;
    } else if net.has("dw_rpr_scale.conv.weight") {
        x = branches(net, "dw_rpr", 2, x)?;
    }
    if net.has("se.conv_reduce.weight") {
        let style = Style { gate: Pointwise::HARD_SIGMOID, ..Style::of(Pointwise::Relu) };
        x = weighed(net, ["se.", "conv_reduce", "conv_expand"], style, x)?;
    }
    x = net.within("ghost2", |net| ghost(net, false, x))?;
    let mut shortcut = from;
    if net.has("shortcut.0.weight") {
        let stride = net.shape(from).height.div_ceil(net.shape(x).height.max(1));
        shortcut = net.unit_of(["shortcut.0", "shortcut.1"], stride, from)?;
        shortcut = net.unit_of(["shortcut.2", "shortcut.3"], 1, shortcut)?;
    }
    net.sum("add", x, shortcut)
}

/// A ghost module: a convolution, and filters of its channels.
fn ghost(net: &mut GraphAssembler, is_active: bool, from: NodeId) -> Result<NodeId> {
    let active = |net: &mut GraphAssembler, name: &str, x| match is_active {
        true => net.relu(name, x),
        false => Ok(x),
    };
    let mut x = match net.has("primary_rpr_conv.0.conv.weight") {
        true => branches(net, "primary_rpr", 1, from)?,
        false => net.unit_of(["primary_conv.0", "primary_conv.1"], 1, from)?,
    };
    x = active(net, "primary_conv.2", x)?;
    let mut cheap = match net.has("cheap_rpr_skip.weight") {
        true => branches(net, "cheap_rpr", 1, x)?,
        false => net.unit_of(["cheap_operation.0", "cheap_operation.1"], 1, x)?,
    };
    if net.has("fusion_bn.0.weight") {
        let fused = net.norm("fusion_bn.0", x)?;
        cheap = net.sum("add", cheap, fused)?;
        return active(net, "relu", cheap);
    }
    cheap = active(net, "cheap_operation.2", cheap)?;
    x = net.concatenate("concatenate", &[x, cheap])?;
    match net.has("short_conv.0.weight") {
        true => gated(net, x, from),
        false => Ok(x),
    }
}

/// Convolutions side by side that are added up: several, one of side 1, a norm alone.
fn branches(net: &mut GraphAssembler, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    let names = (0..net.count(&format!("{name}_conv."))).map(|i| format!("{name}_conv.{i}"));
    let scale = Some(format!("{name}_scale"));
    let scale = scale.filter(|scale| net.has(&format!("{scale}.conv.weight")));
    let mut parts = vec![];
    for name in names.chain(scale) {
        parts.push(net.unit_of([&format!("{name}.conv"), &format!("{name}.bn1")], stride, from)?);
    }
    let skip = format!("{name}_skip");
    if net.has(&format!("{skip}.weight")) {
        parts.push(net.norm(&skip, from)?);
    }
    net.total(name, &parts)
}

/// Every channel times what a convolution of long windows makes of the input at half its size.
fn gated(net: &mut GraphAssembler, x: NodeId, from: NodeId) -> Result<NodeId> {
    let mut gate = net.average_pool("short_conv.pool", super::window::Window::tiles(2), from)?;
    for [conv, norm] in [["0", "1"], ["2", "3"], ["4", "5"]] {
        let names = [format!("short_conv.{conv}"), format!("short_conv.{norm}")];
        gate = net.unit_of([&names[0], &names[1]], 1, gate)?;
    }
    gate = net.add("short_conv.gate", Pointwise::Sigmoid, &[gate])?;
    let (small, large) = (net.shape(gate), net.shape(x));
    let nearest = |inputs: usize, outputs: usize| {
        Matrix::from_choice(inputs, (0..outputs).map(|output| output * inputs / outputs))
    };
    let [rows, columns] = [(small.height, large.height), (small.width, large.width)]
        .map(|(inputs, outputs)| nearest(inputs, outputs));
    gate = net.resample("short_conv.resize", "resize", [rows, columns], gate)?;
    net.add("scale", Arithmetic::Multiply, &[x, gate])
}
