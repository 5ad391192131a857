//! FastViT (Vasu et al. 2023), its networks of convolutions alone: branches that training adds up,
//! and perceptrons behind large filters. Those with attention in their last stage are not among
//! them.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};
use crate::picture::Filter;

/// Dimensions: channels of the first stage, blocks of all, channels inside the first perceptron.
pub static FASTVIT: Family = Family {
    id: "fastvit",
    name: "FastViT",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.0.conv_kxk.0.conv.weight",
        "stages.0.blocks.0.token_mixer.mixer.conv_kxk.0.conv.weight",
        "stages.3.blocks.0.token_mixer.mixer.conv_kxk.0.conv.weight",
        "final_conv.se.fc1.weight",
    ]],
    dimensions: |tensors| {
        let blocks = (0..4).map(|stage| tensors.count(&format!("stages.{stage}.blocks."))).sum();
        let out = |name| tensors.dim(name, 0);
        let inside = out("stages.0.blocks.0.mlp.fc1.weight");
        let dimensions = vec![out("stem.2.conv_kxk.0.conv.weight"), blocks, inside];
        (tensors.count("stages.") == 4).then_some(dimensions)
    },
    variants: &[
        Variant::new("fastvit-t8", "FastViT-T8", &[48, 10, 144]),
        Variant::new("fastvit-t12", "FastViT-T12", &[64, 12, 192]),
        Variant::new("fastvit-s12", "FastViT-S12", &[64, 12, 256]),
    ],
    input: |_, _| InputDefaults::imagenet(256).crop(0.9).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = from;
        for (index, stride) in [2, 2, 1].into_iter().enumerate() {
            x = net.within(&format!("stem.{index}"), |net| active(net, stride, x))?;
        }
        for stage in 0..4 {
            x = net.within(&format!("stages.{stage}"), |net| self::stage(net, x))?;
        }
        x = net.within("final_conv", |net| active(net, 1, x))?;
        x = net.global_average_pool("head.global_pool", x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

/// Branches with an activation.
fn active(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let x = branches(net, stride, from)?;
    net.add("act", Pointwise::Gelu, &[x])
}

/// Convolutions, one of side 1 and a norm alone, added up, or the one that they were merged
/// into; then squeeze-and-excitation where the file has it.
fn branches(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let mut parts = vec![];
    if net.has("reparam_conv.weight") {
        parts.push(net.unit_of(["reparam_conv", ""], stride, from)?);
    }
    if net.has("identity.weight") {
        parts.push(net.norm("identity", from)?);
    }
    let filters = (0..net.count("conv_kxk.")).map(|index| format!("conv_kxk.{index}"));
    let others = ["conv_scale", "large_conv", "small_conv"].map(str::to_string);
    for name in filters.chain(others) {
        if net.has(&format!("{name}.conv.weight")) {
            parts.push(net.unit(&name, stride, from)?);
        }
    }
    let x = net.total("total", &parts)?;
    if net.has("se.fc1.weight") { net.squeeze("se", x) } else { Ok(x) }
}

fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.proj.1.conv_kxk.0.conv.weight") {
        x = net.within("downsample.proj.0", |net| branches(net, 2, x))?;
        x = net.within("downsample.proj.1", |net| active(net, 1, x))?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, x))?;
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let from = net.within("token_mixer", |net| mix(net, from))?;
    let mut x = net.unit("mlp.conv", 1, from)?;
    x = net.convolution("mlp.fc1", window(1), x)?;
    x = net.add("mlp.act", Pointwise::Gelu, &[x])?;
    x = net.convolution("mlp.fc2", window(1), x)?;
    x = net.channel_scale("layer_scale.gamma", x)?;
    net.sum("add", from, x)
}

/// What two sets of branches differ in, added to the input.
fn mix(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mixed = net.within("mixer", |net| branches(net, 1, from))?;
    let norm = net.within("norm", |net| branches(net, 1, from))?;
    let x = net.add("subtract", Arithmetic::Subtract, &[mixed, norm])?;
    let x = net.channel_scale("layer_scale.gamma", x)?;
    net.sum("add", from, x)
}
