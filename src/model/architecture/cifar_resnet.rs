//! Residual networks for 32-pixel pictures (He et al. 2016, "Deep Residual Learning for Image
//! Recognition", section 4.2), with parameter-free option-A shortcuts.

use super::assembly::{Assembly, Padding, Window};
use super::{Architecture, InputDefaults, has_all};
use crate::error::Result;
use crate::graph::op::{PadChannels, Subsample};
use crate::graph::{NodeId, Op};
use crate::model::weights::Weights;
use crate::picture::Filter;

pub const RESNET20: Architecture = Architecture {
    id: "cifar-resnet20",
    name: "ResNet-20 (CIFAR)",
    recognise: |weights| {
        weights.shape("conv1.weight") == Some(&[16, 3, 3, 3])
            && has_all(weights, &["layer3.2.conv2.weight", "linear.weight"])
            && !has_all(weights, &["layer3.3.conv2.weight"])
    },
    input,
    lay: |assembly, from| lay(assembly, 3, from),
};

const EPSILON: f32 = 1e-5;

fn input(_: &Weights) -> InputDefaults {
    InputDefaults {
        channels: 3,
        size: [32, 32],
        mean: vec![0.485, 0.456, 0.406],
        std: vec![0.229, 0.224, 0.225],
        resize: Filter::Bicubic,
        crop: 1.0,
        labels: Some("cifar10"),
        normalisation_guessed: true,
    }
}

fn three(stride: usize) -> Window {
    Window { kernel: 3, stride, padding: Padding::Each(1) }
}

fn lay(net: &mut Assembly, blocks: usize, from: NodeId) -> Result<NodeId> {
    let mut x = net.convolution_norm(["conv1", "bn1"], 16, 1, three(1), EPSILON, from)?;
    x = net.relu("relu", x)?;
    for (layer, out) in [(1, 16), (2, 32), (3, 64)] {
        for index in 0..blocks {
            let stride = if index == 0 && layer > 1 { 2 } else { 1 };
            x = block(net, &format!("layer{layer}.{index}"), out, stride, x)?;
        }
    }
    x = net.add("avgpool", Op::GlobalAveragePool, &[x])?;
    let classes = net.outputs("linear.weight")?;
    net.linear("linear", classes, x)
}

fn block(
    net: &mut Assembly,
    name: &str,
    out: usize,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let part = |part: &str| format!("{name}.{part}");
    let names = [&*part("conv1"), &*part("bn1")];
    let mut x = net.convolution_norm(names, out, 1, three(stride), EPSILON, from)?;
    x = net.relu(part("relu1"), x)?;
    let names = [&*part("conv2"), &*part("bn2")];
    x = net.convolution_norm(names, out, 1, three(1), EPSILON, x)?;
    let shortcut = shortcut(net, name, out, stride, from)?;
    x = net.add(part("add"), Op::Add, &[x, shortcut])?;
    net.relu(part("relu2"), x)
}

/// Option A: every other pixel, and channels of zeros on both sides.
fn shortcut(
    net: &mut Assembly,
    name: &str,
    out: usize,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let missing = out - net.shape(from).channels;
    if stride == 1 && missing == 0 {
        return Ok(from);
    }
    let x = net.add(
        format!("{name}.shortcut.subsample"),
        Op::Subsample(Subsample { stride }),
        &[from],
    )?;
    let pad = PadChannels { before: missing / 2, after: missing - missing / 2 };
    net.add(format!("{name}.shortcut.pad"), Op::PadChannels(pad), &[x])
}
