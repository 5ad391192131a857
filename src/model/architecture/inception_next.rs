//! InceptionNeXt (Yu et al. 2024): depthwise windows that are square, wide and tall, each for a part
//! of the channels.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: channels of the first stage, then blocks of each.
pub static INCEPTION_NEXT: Family = Family {
    id: "inception-next",
    name: "InceptionNeXt",
    names: &[],
    renames: &[],
    signatures: &[&[
        "stem.0.weight",
        "stages.0.blocks.0.token_mixer.dwconv_hw.weight",
        "stages.3.downsample.1.weight",
    ]],
    dimensions: |tensors| {
        let blocks = |stage| tensors.count(&format!("stages.{stage}.blocks."));
        Some([tensors.dim("stem.0.weight", 0)].into_iter().chain((0..4).map(blocks)).collect())
    },
    variants: &[
        Variant::new("inception-next-atto", "InceptionNeXt-Atto", &[40, 2, 2, 6, 2]),
        Variant::new("inception-next-tiny", "InceptionNeXt-T", &[96, 3, 3, 9, 3]),
        Variant::new("inception-next-small", "InceptionNeXt-S", &[96, 3, 3, 27, 3]),
        Variant::new("inception-next-base", "InceptionNeXt-B", &[128, 3, 3, 27, 3]),
    ],
    input: |_, _| InputDefaults::imagenet(224).resize(Filter::Bicubic),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = net.convolution_norm(["stem.0", "stem.1"], Window::tiles(4), from)?;
        for stage in 0..4 {
            x = net.within(&format!("stages.{stage}"), |net| self::stage(net, x))?;
        }
        x = net.global_average_pool("head.global_pool", x)?;
        x = net.linear("head.fc1", x)?;
        x = net.add("head.act", Pointwise::Gelu, &[x])?;
        x = net.layer_norm("head.norm", 1e-6, x)?;
        net.head(Head::new(&["head.fc2"]), x)
    },
};

fn stage(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    if net.has("downsample.1.weight") {
        x = net.norm("downsample.0", x)?;
        x = net.convolution("downsample.1", Window::tiles(2), x)?;
    }
    for index in 0..net.count("blocks.") {
        x = net.within(&format!("blocks.{index}"), |net| block(net, x))?;
    }
    Ok(x)
}

fn block(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.within("token_mixer", |net| mix(net, from))?;
    x = net.norm("norm", x)?;
    x = net.convolution("mlp.fc1", window(1), x)?;
    x = net.add("mlp.act", Pointwise::Gelu, &[x])?;
    x = net.convolution("mlp.fc2", window(1), x)?;
    x = net.channel_scale("gamma", x)?;
    net.sum("add", x, from)
}

/// The last channels each under their windows; the first pass by.
fn mix(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    const NAMES: [&str; 3] = ["dwconv_hw", "dwconv_w", "dwconv_h"];
    let channels = net.shape(from).channels;
    let width = net.tensor_shape("dwconv_hw.weight").map_or(1, |shape| shape[0]);
    let first = channels.saturating_sub(3 * width);
    let mut parts = vec![net.some_channels("pass", 0..first, from)?];
    for (index, name) in NAMES.into_iter().enumerate() {
        let start = first + index * width;
        let part = net.some_channels(&format!("{name}.channels"), start..start + width, from)?;
        parts.push(net.unit_of([name, ""], 1, part)?);
    }
    net.concatenate("concatenate", &parts)
}
