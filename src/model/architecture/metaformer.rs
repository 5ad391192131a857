//! PoolFormer 1 and 2 (Yu et al. 2022, "MetaFormer Is Actually What You Need for Vision") and
//! ConvFormer (Yu et al. 2024, "MetaFormer Baselines for Vision"): blocks that mix positions by an
//! average or by separable convolutions, then channels by a perceptron. CAFormer's attention is not
//! among them.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Axes, Matrix, Pointwise, PoolAxis};
use crate::picture::Filter;

/// Dimensions: the kind, channels of the first stage, blocks of all.
pub static METAFORMER: Family = Family {
    id: "metaformer",
    name: "MetaFormer",
    names: &[],
    renames: &[],
    signatures: &[
        &["stem.conv.weight", "stages.0.blocks.0.layer_scale1.scale", "head.norm.weight"],
        &["stem.conv.weight", "stages.2.blocks.0.res_scale1.scale", "head.norm.weight"],
    ],
    dimensions: |tensors| {
        let mixes_by = |part: &str| tensors.has(&format!("stages.2.blocks.0.token_mixer.{part}"));
        let kind = match tensors.has("stages.0.blocks.0.layer_scale1.scale") {
            true => POOL,
            false if mixes_by("dwconv.weight") => CONVOLUTION,
            false => POOL_2,
        };
        let blocks = (0..4).map(|stage| tensors.count(&format!("stages.{stage}.blocks."))).sum();
        let dimensions = vec![kind, tensors.dim("stem.conv.weight", 0), blocks];
        (!mixes_by("qkv.weight")).then_some(dimensions)
    },
    variants: &[
        Variant::new("poolformer-s12", "PoolFormer-S12", &[POOL, 64, 12]).pictures(224, 900),
        Variant::new("poolformer-s24", "PoolFormer-S24", &[POOL, 64, 24]).pictures(224, 900),
        Variant::new("poolformer-s36", "PoolFormer-S36", &[POOL, 64, 36]).pictures(224, 900),
        Variant::new("poolformer-m36", "PoolFormer-M36", &[POOL, 96, 36]).pictures(224, 950),
        Variant::new("poolformer-m48", "PoolFormer-M48", &[POOL, 96, 48]).pictures(224, 950),
        Variant::new("poolformerv2-s12", "PoolFormerV2-S12", &[POOL_2, 64, 12]),
        Variant::new("poolformerv2-s24", "PoolFormerV2-S24", &[POOL_2, 64, 24]),
        Variant::new("poolformerv2-s36", "PoolFormerV2-S36", &[POOL_2, 64, 36]),
        Variant::new("poolformerv2-m36", "PoolFormerV2-M36", &[POOL_2, 96, 36]),
        Variant::new("poolformerv2-m48", "PoolFormerV2-M48", &[POOL_2, 96, 48]),
        Variant::new("convformer-s18", "ConvFormer-S18", &[CONVOLUTION, 64, 18]),
        Variant::new("convformer-s36", "ConvFormer-S36", &[CONVOLUTION, 64, 36]),
        Variant::new("convformer-m36", "ConvFormer-M36", &[CONVOLUTION, 96, 36]),
        Variant::new("convformer-b36", "ConvFormer-B36", &[CONVOLUTION, 128, 36]),
    ],
    input: |_, variant| {
        let crop = variant.filter(|v| v.dimensions[0] == POOL).map_or(1000, |v| v.crop);
        InputDefaults::imagenet(224).crop(crop as f32 / 1000.0).resize(Filter::Bicubic)
    },
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([kind], _) = family::first(dimensions)?;
        let mut x = net.convolution("stem.conv", window(7).stride(4).padding(2), from)?;
        x = norm(net, "stem.norm", Axes::CHANNELS, 1e-6, x)?;
        for stage in 0..4 {
            let name = format!("stages.{stage}");
            x = net.within(&name, |net| self::stage(net, kind, x))?;
        }
        head(net, x)
    },
};

const POOL: usize = 0;
const POOL_2: usize = 1;
const CONVOLUTION: usize = 2;

/// A norm with a scale, if the file has it.
fn norm(
    net: &mut GraphAssembler,
    name: &str,
    axes: Axes,
    epsilon: f32,
    from: NodeId,
) -> Result<NodeId> {
    match net.has(&format!("{name}.weight")) {
        true => net.standardised(name, axes, epsilon, from),
        false => Ok(from),
    }
}

fn stage(net: &mut GraphAssembler, kind: usize, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.conv.weight") {
        x = norm(net, "downsample.norm", Axes::CHANNELS, 1e-6, x)?;
        x = net.convolution("downsample.conv", window(3).stride(2), x)?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, kind, x))?;
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, kind: usize, from: NodeId) -> Result<NodeId> {
    const ALL: Axes = Axes { channels: true, rows: true, columns: true };
    let (axes, epsilon) = match kind {
        POOL => (ALL, 1e-5),
        POOL_2 => (ALL, 1e-6),
        _ => (Axes::CHANNELS, 1e-6),
    };
    let mut x = net.standardised("norm1", axes, epsilon, from)?;
    x = match kind {
        CONVOLUTION => net.within("token_mixer", |net| separable(net, x))?,
        _ => pooled(net, x)?,
    };
    let from = joined(net, 1, from, x)?;
    x = net.standardised("norm2", axes, epsilon, from)?;
    x = net.unit_of(["mlp.fc1", ""], 1, x)?;
    x = match kind {
        POOL => net.add("mlp.act", Pointwise::Gelu, &[x])?,
        _ => star(net, "mlp.act", x)?,
    };
    x = net.unit_of(["mlp.fc2", ""], 1, x)?;
    joined(net, 2, from, x)
}

/// What a branch makes, by a factor for every channel, added to its input, by another.
fn joined(net: &mut GraphAssembler, index: usize, from: NodeId, branch: NodeId) -> Result<NodeId> {
    let mut scaled = |name: &str, x: NodeId| {
        let name = format!("{name}{index}.scale");
        if net.has(&name) { net.channel_scale(&name, x) } else { Ok(x) }
    };
    let (branch, from) = (scaled("layer_scale", branch)?, scaled("res_scale", from)?);
    net.sum(&format!("add{index}"), from, branch)
}

fn separable(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.bare_convolution("pwconv1", window(1), from)?;
    x = star(net, "act1", x)?;
    x = net.unit_of(["dwconv", ""], 1, x)?;
    net.bare_convolution("pwconv2", window(1), x)
}

/// Averages of 3×3 positions less the position itself; what lies outside does not count.
fn pooled(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let shape = net.shape(from);
    let side = PoolAxis {
        kernel: 3,
        stride: 1,
        dilation: 1,
        padding: (1, 1),
        ceil: false,
        count_padding: false,
    };
    let matrix = |inputs: usize| {
        Matrix::average_pool(inputs, side).unwrap_or(Matrix::from_choice(inputs, 0..inputs))
    };
    let sides = [matrix(shape.height), matrix(shape.width)];
    let x = net.resample("token_mixer.pool", "average pool", sides, from)?;
    net.add("token_mixer.subtract", Arithmetic::Subtract, &[x, from])
}

/// A learned scale of the square of ReLU, and a learned shift.
fn star(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let x = squared(net, name, from)?;
    net.learned_constants(name, x)
}

fn squared(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    let x = net.relu(&format!("{name}.relu"), from)?;
    net.add(&format!("{name}.square"), Arithmetic::Multiply, &[x, x])
}

fn head(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.global_average_pool("head.global_pool", from)?;
    x = net.layer_norm("head.norm", 1e-6, x)?;
    if !net.has("head.fc.fc1.weight") {
        return net.linear("head.fc", x);
    }
    x = net.linear("head.fc.fc1", x)?;
    x = squared(net, "head.fc.act", x)?;
    x = net.layer_norm("head.fc.norm", 1e-6, x)?;
    net.linear("head.fc.fc2", x)
}
