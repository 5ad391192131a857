//! CSPNeXt (Lyu et al. 2022, "RTMDet"): stages whose channels partly pass by blocks of large filters.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: channels of the first stage, blocks of all.
pub static CSPNEXT: Family = Family {
    id: "cspnext",
    name: "CSPNeXt",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.2.conv.weight",
        "stages.0.1.blocks.0.conv2.depthwise_conv.conv.weight",
        "stages.3.1.conv2.conv.weight",
        "stages.3.2.final_conv.conv.weight",
    ]],
    dimensions: |tensors| {
        let module = |stage: usize| if stage == 3 { 2 } else { 1 };
        let blocks = |stage| tensors.count(&format!("stages.{stage}.{}.blocks.", module(stage)));
        Some(vec![tensors.dim("stages.0.0.conv.weight", 0), (0..4).map(blocks).sum()])
    },
    variants: &[
        Variant::new("cspnext-tiny", "CSPNeXt-tiny", &[48, 4]),
        Variant::new("cspnext-s", "CSPNeXt-s", &[64, 6]),
        Variant::new("cspnext-m", "CSPNeXt-m", &[96, 12]),
        Variant::new("cspnext-l", "CSPNeXt-l", &[128, 18]),
        Variant::new("cspnext-x", "CSPNeXt-x", &[160, 24]),
    ],
    input: |_, _| InputDefaults::imagenet(224).crop(0.949).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = from;
        for (index, stride) in [2, 1, 1].into_iter().enumerate() {
            x = net.active_unit(&format!("stem.{index}"), stride, Pointwise::Silu, x)?;
        }
        for stage in 0..4 {
            x = net.active_unit(&format!("stages.{stage}.0"), 2, Pointwise::Silu, x)?;
            let is_last = stage == 3;
            if is_last {
                x = net.within("stages.3.1", |net| pyramid(net, x))?;
            }
            let name = format!("stages.{stage}.{}", if is_last { 2 } else { 1 });
            x = net.within(&name, |net| layer(net, !is_last, x))?;
        }
        x = net.global_average_pool("head.global_pool", x)?;
        net.head(Head::new(&["head.fc"]), x)
    },
};

/// Maxima over windows of three sizes, beside what they are of.
fn pyramid(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.active_unit("conv1", 1, Pointwise::Silu, from)?;
    let mut parts = vec![x];
    for (index, side) in [5, 9, 13].into_iter().enumerate() {
        parts.push(net.max_pool(&format!("poolings.{index}"), window(side), x)?);
    }
    let x = net.concatenate("concatenate", &parts)?;
    net.active_unit("conv2", 1, Pointwise::Silu, x)
}

fn layer(net: &mut GraphAssembler, adds: bool, from: NodeId) -> Result<NodeId> {
    let short = net.active_unit("short_conv", 1, Pointwise::Silu, from)?;
    let mut x = net.active_unit("main_conv", 1, Pointwise::Silu, from)?;
    for index in 0..net.count("blocks.") {
        let input = x;
        for part in ["conv1", "conv2.depthwise_conv", "conv2.pointwise_conv"] {
            x = net.active_unit(&format!("blocks.{index}.{part}"), 1, Pointwise::Silu, x)?;
        }
        if adds {
            x = net.sum(&format!("blocks.{index}.add"), x, input)?;
        }
    }
    x = net.concatenate("concatenate", &[x, short])?;
    if net.has("attention.fc.weight") {
        x = net.effective_squeeze("attention", x)?;
    }
    net.active_unit("final_conv", 1, Pointwise::Silu, x)
}
