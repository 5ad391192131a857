//! PP-LCNetV2 (PaddleClas): separable convolutions, some with filters side by side.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: channels of the stem, blocks of all stages.
pub static LCNET_V2: Family = Family {
    id: "lcnetv2",
    name: "PP-LCNetV2",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.1.dw_conv.conv.weight",
        "stages.2.1.dw_conv_list.0.conv.weight",
        "conv_head.weight",
    ]],
    dimensions: |tensors| {
        let blocks = (0..4).map(|stage| tensors.count(&format!("stages.{stage}."))).sum();
        Some(vec![tensors.dim("stem.0.conv.weight", 0), blocks])
    },
    variants: &[
        Variant::new("lcnetv2-small", "PP-LCNetV2-small", &[24, 10]),
        Variant::new("lcnetv2-base", "PP-LCNetV2-base", &[32, 12]),
        Variant::new("lcnetv2-large", "PP-LCNetV2-large", &[40, 14]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.active_unit("stem.0", 2, Pointwise::Relu, from)?;
        x = net.within("stem.1", |net| block(net, 1, false, x))?;
        for stage in 0..4 {
            for index in 0..net.count(&format!("stages.{stage}.")) {
                let stride = if index == 0 { 2 } else { 1 };
                let name = format!("stages.{stage}.{index}");
                x = net.within(&name, |net| block(net, stride, stage == 3, x))?;
            }
        }
        x = net.global_average_pool("global_pool", x)?;
        x = net.bare_convolution("conv_head", window(1), x)?;
        x = net.relu("act2", x)?;
        net.head(Head::new(&["classifier"]), x)
    },
};

fn block(net: &mut GraphAssembler, stride: usize, adds: bool, from: NodeId) -> Result<NodeId> {
    let mut x = match net.count("dw_conv_list.") {
        0 => net.unit("dw_conv", stride, from)?,
        filters => {
            let filters: Result<Vec<_>> = (0..filters)
                .map(|index| net.unit(&format!("dw_conv_list.{index}"), stride, from))
                .collect();
            net.total("dw_conv_list", &filters?)?
        }
    };
    x = net.relu("dw_act", x)?;
    if net.has("se.fc1.weight") {
        x = net.squeeze("se", x)?;
    }
    let is_split = net.has("pw_conv.0.conv.weight");
    for name in if is_split { &["pw_conv.0", "pw_conv.1"][..] } else { &["pw_conv"] } {
        x = net.active_unit(name, 1, Pointwise::Relu, x)?;
    }
    match adds && stride == 1 && net.shape(from) == net.shape(x) {
        true => net.sum("add", x, from),
        false => Ok(x),
    }
}
