//! StarNet (Ma et al. 2024, "Rewrite the Stars"): blocks multiply two linear maps of their input.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};
use crate::picture::Filter;

/// Dimensions: channels of the first stage, then modules of each.
pub static STARNET: Family = Family {
    id: "starnet",
    name: "StarNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.0.conv.weight",
        "stages.0.1.f1.conv.weight",
        "stages.0.1.dwconv2.conv.weight",
        "norm.running_var",
    ]],
    dimensions: |tensors| {
        let modules = |stage| tensors.count(&format!("stages.{stage}."));
        let width = tensors.dim("stages.0.0.conv.weight", 0);
        Some([width].into_iter().chain((0..4).map(modules)).collect())
    },
    variants: &[
        Variant::new("starnet-s1", "StarNet-S1", &[24, 3, 3, 9, 4]),
        Variant::new("starnet-s2", "StarNet-S2", &[32, 2, 3, 7, 3]),
        Variant::new("starnet-s3", "StarNet-S3", &[32, 3, 3, 9, 5]),
        Variant::new("starnet-s4", "StarNet-S4", &[32, 4, 4, 13, 6]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.unit("stem.0", 2, from)?;
        x = net.add("stem.1", Pointwise::RELU6, &[x])?;
        for stage in 0..4 {
            x = net.unit(&format!("stages.{stage}.0"), 2, x)?;
            for index in 1..net.count(&format!("stages.{stage}.")) {
                x = net.within(&format!("stages.{stage}.{index}"), |net| block(net, x))?;
            }
        }
        x = net.norm("norm", x)?;
        x = net.global_average_pool("global_pool", x)?;
        net.head(Head::new(&["head"]), x)
    },
};

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.unit("dwconv", 1, from)?;
    let first = net.unit("f1", 1, x)?;
    let second = net.unit("f2", 1, x)?;
    x = net.add("act", Pointwise::RELU6, &[first])?;
    x = net.add("multiply", Arithmetic::Multiply, &[x, second])?;
    x = net.unit("g", 1, x)?;
    x = net.unit("dwconv2", 1, x)?;
    net.sum("add", from, x)
}
