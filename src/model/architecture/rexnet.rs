//! ReXNet (Han et al. 2021, "Rethinking Channel Dimensions for Efficient Model Design"): inverted
//! blocks whose outputs have more channels than their inputs, which are added to the first of them.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Pad, Pointwise};
use crate::picture::Filter;

/// Dimensions: channels of the first block's output, then of the last layer.
pub static REXNET: Family = Family {
    id: "rexnet",
    name: "ReXNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.conv.weight",
        "features.0.conv_dw.conv.weight",
        "features.1.conv_exp.conv.weight",
        "features.16.conv.weight",
    ]],
    dimensions: |tensors| {
        let out = |name| tensors.dim(name, 0);
        Some(vec![out("features.0.conv_pwl.conv.weight"), out("features.16.conv.weight")])
    },
    variants: &[
        Variant::new("rexnet-100", "ReXNet ×1", &[16, 1280]),
        Variant::new("rexnet-130", "ReXNet ×1.3", &[21, 1664]),
        Variant::new("rexnet-150", "ReXNet ×1.5", &[24, 1920]),
        Variant::new("rexnet-200", "ReXNet ×2", &[32, 2560]),
        Variant::new("rexnet-300", "ReXNet ×3", &[48, 3840]),
        Variant::new("rexnetr-200", "ReXNet-R ×2", &[32, 2560]),
        Variant::new("rexnetr-300", "ReXNet-R ×3", &[48, 3840]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.active_unit("stem", 2, Pointwise::Silu, from)?;
        for index in 0..16 {
            let stride = if [1, 3, 5, 11].contains(&index) { 2 } else { 1 };
            x = net.within(&format!("features.{index}"), |net| block(net, stride, x))?;
        }
        x = net.active_unit("features.16", 1, Pointwise::Silu, x)?;
        x = net.global_average_pool("head.global_pool", x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

fn block(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("conv_exp.conv.weight") {
        x = net.active_unit("conv_exp", 1, Pointwise::Silu, x)?;
    }
    x = net.unit("conv_dw", stride, x)?;
    if net.has("se.fc1.weight") {
        x = net.squeeze("se", x)?;
    }
    x = net.add("act_dw", Pointwise::RELU6, &[x])?;
    x = net.unit("conv_pwl", 1, x)?;
    let [before, after] = [net.shape(from).channels, net.shape(x).channels];
    if stride != 1 || before > after {
        return Ok(x);
    }
    let shortcut = net.add("shortcut", Pad::channels(0, after - before), &[from])?;
    net.sum("add", x, shortcut)
}
