//! Inception-v4 and Inception-ResNet-v2 (Szegedy et al. 2017), as timm has them.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::SIGNED;
use super::modules;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::{Matrix, PoolAxis};

const EPSILON: f32 = 1e-3;

pub static INCEPTION_V4: Family = Family {
    id: "inception-v4",
    name: "Inception-v4",
    names: &["inception-v4"],
    renames: &[],
    signatures: &[&[
        "features.0.conv.weight",
        "features.5.conv.conv.weight",
        "features.21.branch2_3b.conv.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(299).normalisation(SIGNED, false),
    leftovers: &[],
    build: |net, _, from| {
        net.epsilon = EPSILON;
        let x = net.within("features", |net| features(net, from))?;
        net.pooled_head("avgpool", Head::new(&["last_linear"]), x)
    },
};

pub static INCEPTION_RESNET_V2: Family = Family {
    id: "inception-resnet-v2",
    name: "Inception-ResNet-v2",
    names: &["inception-resnet-v2"],
    renames: &[],
    signatures: &[&[
        "conv2d_1a.conv.weight",
        "mixed_5b.branch0.conv.weight",
        "repeat.0.conv2d.weight",
        "block8.conv2d.weight",
    ]],
    dimensions: |tensors| {
        Some(["repeat.", "repeat_1.", "repeat_2."].map(|name| tensors.count(name)).to_vec())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(299).normalisation(SIGNED, false),
    leftovers: &[],
    build: |net, counts, from| {
        net.epsilon = EPSILON;
        let mut x = convolution(net, "conv2d_1a", Border::Halving, from)?;
        x = convolution(net, "conv2d_2a", Border::Cut, x)?;
        x = convolution(net, "conv2d_2b", Border::Kept, x)?;
        x = halving_pool(net, "maxpool_3a", x)?;
        x = convolution(net, "conv2d_3b", Border::Kept, x)?;
        x = convolution(net, "conv2d_4a", Border::Cut, x)?;
        x = halving_pool(net, "maxpool_5a", x)?;
        x = net.within("mixed_5b", |net| branches(net, Border::Kept, x))?;
        // How much the blocks of each size add.
        let groups =
            [("repeat", "mixed_6a", 0.17), ("repeat_1", "mixed_7a", 0.1), ("repeat_2", "", 0.2)];
        for ((name, after, scale), &count) in groups.into_iter().zip(counts) {
            for index in 0..count {
                x = net.within(&format!("{name}.{index}"), |net| {
                    let sum = residual(net, scale, x)?;
                    net.relu("act", sum)
                })?;
            }
            if !after.is_empty() {
                x = net.within(after, |net| branches(net, Border::Halving, x))?;
            }
        }
        x = net.within("block8", |net| residual(net, 1.0, x))?;
        x = convolution(net, "conv2d_7b", Border::Kept, x)?;
        net.pooled_head("avgpool", Head::new(&["classif"]), x)
    },
};

/// What the last convolution of a branch does at the border.
#[derive(Clone, Copy, PartialEq)]
enum Border {
    /// It is padded, so that the size stays.
    Kept,
    /// It is not padded.
    Cut,
    /// It is not padded and strides.
    Halving,
}

/// A convolution with norm and ReLU.
fn convolution(
    net: &mut GraphAssembler,
    name: &str,
    border: Border,
    from: NodeId,
) -> Result<NodeId> {
    net.within(name, |net| {
        let kept = modules::of_tensor(net, "conv", from);
        let window = match border {
            Border::Kept => kept,
            Border::Cut => kept.padding(0),
            Border::Halving => kept.padding(0).stride(2),
        };
        let x = net.convolution_norm(["conv", "bn"], window, from)?;
        net.relu("act", x)
    })
}

fn halving_pool(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    net.max_pool(name, window(3).stride(2).padding(0), from)
}

/// One convolution, or several in a row, after an average where the first number is left out.
fn branch(net: &mut GraphAssembler, name: &str, border: Border, from: NodeId) -> Result<NodeId> {
    if net.has(&format!("{name}.conv.weight")) {
        return convolution(net, name, border, from);
    }
    let mut x = from;
    let mut index = 0;
    if !net.has(&format!("{name}.0.conv.weight")) {
        x = net.within(&format!("{name}.0"), |net| average(net, x))?;
        index = 1;
    }
    while net.has(&format!("{name}.{index}.conv.weight")) {
        let last = !net.has(&format!("{name}.{}.conv.weight", index + 1));
        let border = if last { border } else { Border::Kept };
        x = convolution(net, &format!("{name}.{index}"), border, x)?;
        index += 1;
    }
    Ok(x)
}

/// Averages of 3×3 positions, fewer at the border.
fn average(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let side = PoolAxis {
        kernel: 3,
        stride: 1,
        dilation: 1,
        padding: (1, 1),
        ceil: false,
        count_padding: false,
    };
    net.resampled("average pool", |inputs| Matrix::average_pool(inputs, side), from)
}

/// All branches side by side, and a pool where they halve.
fn branches(net: &mut GraphAssembler, border: Border, from: NodeId) -> Result<NodeId> {
    let mut all = vec![];
    for index in 0..4 {
        let name = format!("branch{index}");
        let first = [".conv.weight", ".0.conv.weight", ".1.conv.weight"];
        if first.iter().any(|part| net.has(&format!("{name}{part}"))) {
            all.push(branch(net, &name, border, from)?);
        }
    }
    if border == Border::Halving {
        all.push(halving_pool(net, "maxpool", from)?);
    }
    net.concatenate("concatenate", &all)
}

/// The block's input and so much of its branches, brought to its channels.
fn residual(net: &mut GraphAssembler, scale: f32, from: NodeId) -> Result<NodeId> {
    let x = branches(net, Border::Kept, from)?;
    let x = net.convolution("conv2d", window(1), x)?;
    let x = net.constants("scale", [Some(scale), None], x)?;
    net.sum("add", x, from)
}

fn features(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = convolution(net, "0", Border::Halving, from)?;
    x = convolution(net, "1", Border::Cut, x)?;
    x = convolution(net, "2", Border::Kept, x)?;
    for index in 3..=21 {
        x = net.within(&index.to_string(), |net| match index {
            3 => {
                let pool = halving_pool(net, "maxpool", x)?;
                let strided = convolution(net, "conv", Border::Halving, x)?;
                net.concatenate("concatenate", &[pool, strided])
            }
            4 => branches(net, Border::Cut, x),
            5 => {
                let strided = convolution(net, "conv", Border::Halving, x)?;
                let pool = halving_pool(net, "maxpool", x)?;
                net.concatenate("concatenate", &[strided, pool])
            }
            10 | 18 => branches(net, Border::Halving, x),
            19.. => crossed(net, x),
            _ => branches(net, Border::Kept, x),
        })?;
    }
    Ok(x)
}

/// Branches that end in a row beside a column.
fn crossed(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut all = vec![branch(net, "branch0", Border::Kept, from)?];
    for (names, ends) in [
        (&["branch1_0"][..], ["branch1_1a", "branch1_1b"]),
        (&["branch2_0", "branch2_1", "branch2_2"][..], ["branch2_3a", "branch2_3b"]),
    ] {
        let x = names.iter().try_fold(from, |x, name| convolution(net, name, Border::Kept, x))?;
        for end in ends {
            all.push(convolution(net, end, Border::Kept, x)?);
        }
    }
    all.push(branch(net, "branch3", Border::Kept, from)?);
    net.concatenate("concatenate", &all)
}
