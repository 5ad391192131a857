//! PP-HGNet and PP-HGNetV2 (PaddleClas; Cui et al.): every block joins its input and the outputs of
//! all its layers.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};
use crate::picture::Filter;

/// Dimensions: channels of the last stage and before it, then blocks of each stage.
pub static HGNET: Family = Family {
    id: "hgnet",
    name: "PP-HGNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stages.0.blocks.0.aggregation.0.conv.weight",
        "stages.3.downsample.conv.weight",
        "head.last_conv.0.weight",
    ]],
    dimensions: |tensors| {
        let stem = ["stem.stem4.conv.weight", "stem.stem.2.conv.weight"];
        let width = stem.iter().map(|name| tensors.dim(name, 0)).max();
        let out = tensors.dim("head.last_conv.0.weight", 1);
        let blocks = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        let dimensions = [width.unwrap_or(0), out].into_iter().chain((0..4).map(blocks));
        Some(dimensions.collect())
    },
    variants: &[
        Variant::new("hgnet-tiny", "PP-HGNet-tiny", &[96, 768, 1, 1, 2, 1]),
        Variant::new("hgnet-small", "PP-HGNet-small", &[128, 1024, 1, 1, 2, 1]),
        Variant::new("hgnet-base", "PP-HGNet-base", &[160, 1280, 1, 2, 3, 2]),
        Variant::new("hgnetv2-b0", "PP-HGNetV2-B0", &[16, 1024, 1, 1, 2, 1]),
        Variant::new("hgnetv2-b1", "PP-HGNetV2-B1", &[32, 1024, 1, 1, 2, 1]),
        Variant::new("hgnetv2-b2", "PP-HGNetV2-B2", &[32, 1536, 1, 1, 3, 1]),
        Variant::new("hgnetv2-b3", "PP-HGNetV2-B3", &[32, 2048, 1, 1, 3, 1]),
        Variant::new("hgnetv2-b4", "PP-HGNetV2-B4", &[48, 2048, 1, 1, 3, 1]),
        Variant::new("hgnetv2-b5", "PP-HGNetV2-B5", &[64, 2048, 1, 2, 5, 2]),
        Variant::new("hgnetv2-b6", "PP-HGNetV2-B6", &[96, 2048, 2, 3, 6, 3]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(0.965).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.within("stem", |net| stem(net, from))?;
        for stage in 0..4 {
            let name = format!("stages.{stage}");
            x = net.within(&name, |net| self::stage(net, x))?;
        }
        x = net.global_average_pool("head.global_pool", x)?;
        x = net.bare_convolution("head.last_conv.0", window(1), x)?;
        x = net.relu("head.last_conv.1", x)?;
        x = learned(net, "head.last_conv.2", x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

fn stem(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    const END: [(usize, usize); 2] = [(0, 1), (0, 1)];
    let mut x = from;
    if !net.has("stem1.conv.weight") {
        for index in 0..net.count("stem.") {
            x = unit(net, &format!("stem.{index}"), if index == 0 { 2 } else { 1 }, x)?;
        }
        return net.max_pool("pool", window(3).stride(2), x);
    }
    x = unit(net, "stem1", 2, x)?;
    x = net.pad("pad", END, x)?;
    let pooled = net.max_pool("pool", window(2).padding(0), x)?;
    x = even_unit(net, "stem2a", x)?;
    x = net.pad("stem2a.pad", END, x)?;
    x = even_unit(net, "stem2b", x)?;
    x = net.concatenate("concatenate", &[pooled, x])?;
    x = unit(net, "stem3", 2, x)?;
    unit(net, "stem4", 1, x)
}

fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.conv.weight") {
        x = net.unit("downsample", 2, x)?;
    }
    for index in 0..net.count("blocks.") {
        let input = x;
        x = net.within(&format!("blocks.{index}"), |net| block(net, input))?;
        if index > 0 {
            x = net.sum(&format!("blocks.{index}.add"), x, input)?;
        }
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    let mut outputs = vec![from];
    for index in 0..net.count("layers.") {
        let name = format!("layers.{index}");
        x = match net.has(&format!("{name}.conv1.conv.weight")) {
            true => {
                let x = net.unit(&format!("{name}.conv1"), 1, x)?;
                unit(net, &format!("{name}.conv2"), 1, x)?
            }
            false => unit(net, &name, 1, x)?,
        };
        outputs.push(x);
    }
    x = net.concatenate("concatenate", &outputs)?;
    x = unit(net, "aggregation.0", 1, x)?;
    if net.has("aggregation.1.bn.weight") {
        return unit(net, "aggregation.1", 1, x);
    }
    let mut gate = net.global_average_pool("aggregation.1.avgpool", x)?;
    gate = net.convolution("aggregation.1.conv", window(1), gate)?;
    gate = net.add("aggregation.1.sigmoid", Pointwise::Sigmoid, &[gate])?;
    net.add("aggregation.1.scale", Arithmetic::Multiply, &[x, gate])
}

/// A convolution, ReLU, and a learned scale and shift of all values where the file has them.
fn unit(net: &mut GraphAssembler, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    let x = net.active_unit(name, stride, Pointwise::Relu, from)?;
    learned(net, &format!("{name}.lab"), x)
}

/// As [`unit`], with an even window that takes what is padded already.
fn even_unit(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let names = [format!("{name}.conv"), format!("{name}.bn")];
    let window = net.window_of(&names[0], from).unwrap_or(Window::tiles(2));
    let x = net.convolution_norm([&names[0], &names[1]], window.padding(0), from)?;
    let x = net.relu(&format!("{name}.act"), x)?;
    learned(net, &format!("{name}.lab"), x)
}

fn learned(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    match net.has(&format!("{name}.scale")) {
        true => net.learned_constants(name, from),
        false => Ok(from),
    }
}
