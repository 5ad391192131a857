//! Xception aligned with strided convolutions instead of pools (Chen et al. 2018, "Encoder-Decoder
//! with Atrous Separable Convolution", section 3), as timm has it; also with norms before
//! convolutions.

use super::InputDefaults;
use super::family::{self, Family};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{self, conv_bn, conv_bn_act};
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

const EPSILON: f32 = 1e-3;

/// Dimensions: number of blocks.
pub static XCEPTION_ALIGNED: Family = Family {
    id: "xception-aligned",
    name: "Xception (aligned)",
    names: &["xception41", "xception65", "xception71"],
    renames: &[],
    signatures: &[
        &["stem.0.conv.weight", "blocks.0.stack.conv1.bn_dw.weight"],
        &["stem.0.conv.weight", "blocks.0.stack.conv2.norm.weight"],
    ],
    dimensions: |tensors| {
        let count = tensors.count("blocks.");
        // Where the published networks halve is known.
        [13, 21, 23].contains(&count).then_some(vec![count])
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(299).normalisation(super::input::SIGNED, true).crop(0.9),
    leftovers: &[],
    build: |net, dimensions, from| {
        let (before, ([count], _)) = (net.has("blocks.0.norm.weight"), family::first(dimensions)?);
        // The smallest network of norms before convolutions alone has PyTorch's own.
        if !(before && count == 13) {
            net.epsilon = EPSILON;
        }
        let mut x = conv_bn_act(net, "stem.0", 2, Pointwise::Relu, from)?;
        x = match before {
            true => net.bare_convolution("stem.1", window(3), x)?,
            false => conv_bn_act(net, "stem.1", 1, Pointwise::Relu, x)?,
        };
        let halving = if count == 23 { [0, 2, 4] } else { [0, 1, 2] };
        for index in 0..count {
            let stride = if halving.contains(&index) || index + 2 == count { 2 } else { 1 };
            let last = index + 1 == count;
            x = net.within(&format!("blocks.{index}"), |net| match before {
                true => preactivated(net, stride, last, x),
                false => block(net, stride, last, x),
            })?;
        }
        if before {
            x = net.relu("act", x)?;
        }
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// A convolution of every channel, then one of all channels.
fn separable(
    net: &mut GraphAssembler,
    name: &str,
    stride: usize,
    activates: bool,
    from: NodeId,
) -> Result<NodeId> {
    net.within(name, |net| {
        let every = modules::of_tensor(net, "conv_dw", from).stride(stride);
        let mut x = net.convolution_norm(["conv_dw", "bn_dw"], every, from)?;
        if activates {
            x = net.relu("act_dw", x)?;
        }
        x = net.convolution_norm(["conv_pw", "bn_pw"], window(1), x)?;
        if activates { net.relu("act_pw", x) } else { Ok(x) }
    })
}

/// Three separable convolutions with ReLUs before them; in the last block after them, and no
/// shortcut.
fn block(net: &mut GraphAssembler, stride: usize, last: bool, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for index in 1..=3 {
        if !last {
            x = net.relu(&format!("stack.act{index}"), x)?;
        }
        let stride = if index == 3 { stride } else { 1 };
        x = separable(net, &format!("stack.conv{index}"), stride, last, x)?;
    }
    if last {
        return Ok(x);
    }
    let shortcut = match net.has("shortcut.conv.weight") {
        true => conv_bn(net, "shortcut", stride, from)?,
        false => from,
    };
    net.sum("add", x, shortcut)
}

fn preactivated(
    net: &mut GraphAssembler,
    stride: usize,
    last: bool,
    from: NodeId,
) -> Result<NodeId> {
    let x = net.norm("norm", from)?;
    let first = net.relu("norm.act", x)?;
    let mut x = first;
    for index in 1..=3 {
        let stride = if index == 3 { stride } else { 1 };
        x = net.within(&format!("stack.conv{index}"), |net| {
            let mut x = x;
            if index > 1 {
                x = net.norm("norm", x)?;
                x = net.relu("norm.act", x)?;
            }
            let every = modules::of_tensor(net, "conv_dw", x).stride(stride);
            x = net.bare_convolution("conv_dw", every, x)?;
            net.bare_convolution("conv_pw", window(1), x)
        })?;
    }
    if last {
        return Ok(x);
    }
    let shortcut = match net.has("shortcut.weight") {
        true => net.bare_convolution("shortcut", window(1).stride(stride), first)?,
        false => first,
    };
    net.sum("add", x, shortcut)
}

/// Xception as published (Chollet 2017), in the names of its port to PyTorch.
pub static XCEPTION: Family = Family {
    id: "xception",
    name: "Xception",
    names: &["legacy-xception"],
    renames: &[("last_linear.", "fc.")],
    signatures: &[&[
        "conv1.weight",
        "block1.rep.0.conv1.weight",
        "block12.skip.weight",
        "conv4.pointwise.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(299).normalisation(super::input::SIGNED, false),
    leftovers: &[],
    build: |net, _, from| {
        let mut x = from;
        for (index, stride) in [(1, 2), (2, 1)] {
            let [name, norm] = [format!("conv{index}"), format!("bn{index}")];
            let window = window(3).stride(stride).padding(0);
            x = net.convolution_norm([&name, &norm], window, x)?;
            x = net.relu(&format!("act{index}"), x)?;
        }
        for index in 1..=12 {
            let strides = [1, 2, 3, 12].contains(&index);
            x = net.within(&format!("block{index}"), |net| published_block(net, strides, x))?;
        }
        for index in [3, 4] {
            let [name, norm] = [format!("conv{index}"), format!("bn{index}")];
            x = published_separable(net, &name, &norm, x)?;
            x = net.relu(&format!("act{index}"), x)?;
        }
        net.pooled_head("avgpool", Head::new(&["fc"]), x)
    },
};

fn published_separable(
    net: &mut GraphAssembler,
    name: &str,
    norm: &str,
    from: NodeId,
) -> Result<NodeId> {
    let [every, all] = [format!("{name}.conv1"), format!("{name}.pointwise")];
    let window_of_every = modules::of_tensor(net, &every, from);
    let x = net.bare_convolution(&every, window_of_every, from)?;
    net.convolution_norm([&all, norm], window(1), x)
}

/// ReLUs and separable convolutions, numbered as they come, then a pool.
fn published_block(net: &mut GraphAssembler, strides: bool, from: NodeId) -> Result<NodeId> {
    let first = usize::from(!net.has("rep.0.conv1.weight"));
    let mut x = from;
    let mut index = first;
    while net.has(&format!("rep.{index}.conv1.weight")) {
        if index > 0 {
            x = net.relu(&format!("rep.{}", index - 1), x)?;
        }
        x = published_separable(net, &format!("rep.{index}"), &format!("rep.{}", index + 1), x)?;
        index += 3;
    }
    let mut skipped = from;
    if strides {
        x = net.max_pool("pool", window(3).stride(2), x)?;
        skipped = net.convolution_norm(["skip", "skipbn"], window(1).stride(2), from)?;
    }
    net.sum("add", x, skipped)
}
