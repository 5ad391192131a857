//! SelecSLS (Mehta et al. 2020, "XNect"): long shortcuts from the first block of every size.

use super::InputDefaults;
use super::family::{self, Family};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules;
use crate::error::Result;
use crate::graph::NodeId;

/// Dimensions: number of blocks.
pub static SELECSLS: Family = Family {
    id: "selecsls",
    name: "SelecSLS",
    names: &["selecsls"],
    renames: &[],
    signatures: &[&[
        "stem.0.weight",
        "features.0.conv6.0.weight",
        "head.0.0.weight",
        "head.3.0.weight",
    ]],
    dimensions: |tensors| Some(vec![tensors.count("features.")]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, dimensions, from| {
        let ([blocks], _) = family::first(dimensions)?;
        let mut x = layer(net, "stem", 2, from)?;
        let mut skipped = x;
        for index in 0..blocks {
            let name = format!("features.{index}");
            let first = net.within(&name, |net| is_first(net));
            x = net.within(&name, |net| block(net, (!first).then_some(skipped), x))?;
            if first {
                skipped = x;
            }
        }
        for (index, stride) in [2, 1, 2, 1].into_iter().enumerate() {
            x = layer(net, &format!("head.{index}"), stride, x)?;
        }
        net.pooled_head("avgpool", Head::new(&["fc"]), x)
    },
};

/// A convolution with norm and ReLU.
fn layer(net: &mut GraphAssembler, name: &str, stride: usize, from: NodeId) -> Result<NodeId> {
    net.within(name, |net| {
        let window = modules::of_tensor(net, "0", from).stride(stride);
        let x = net.convolution_norm(["0", "1"], window, from)?;
        net.relu("2", x)
    })
}

/// Whether the block joins its own layers alone, and so halves.
fn is_first(net: &GraphAssembler) -> bool {
    let [whole, half] = ["conv1", "conv3"].map(|name| net.dim(&format!("{name}.0.weight"), 0));
    net.dim("conv6.0.weight", 1) == whole + 2 * half
}

fn block(net: &mut GraphAssembler, skipped: Option<NodeId>, from: NodeId) -> Result<NodeId> {
    let first = layer(net, "conv1", if skipped.is_none() { 2 } else { 1 }, from)?;
    let mut x = layer(net, "conv2", 1, first)?;
    let second = layer(net, "conv3", 1, x)?;
    x = layer(net, "conv4", 1, second)?;
    let third = layer(net, "conv5", 1, x)?;
    let all: Vec<_> = [first, second, third].into_iter().chain(skipped).collect();
    x = net.concatenate("concatenate", &all)?;
    layer(net, "conv6", 1, x)
}
