//! Residual networks for 32-pixel pictures (He et al. 2016, "Deep Residual Learning for Image
//! Recognition", section 4.2), with parameter-free option-A shortcuts.

use super::assembly::{Assembly, Padding, Window};
use super::{Architecture, InputDefaults};
use crate::error::Result;
use crate::graph::op::{Arithmetic, Pad, Slice};
use crate::graph::{NodeId, Op};
use crate::model::weights::Weights;
use crate::picture::{Filter, Preprocessing};

/// An architecture of 6n + 2 layers, n blocks in each of three layers.
macro_rules! depth {
    ($layers:literal) => {
        Architecture {
            id: concat!("cifar-resnet", $layers),
            name: concat!("ResNet-", $layers, " (CIFAR)"),
            recognise: |weights| recognise(weights, ($layers - 2) / 6),
            input,
            lay: |assembly, from| lay(assembly, ($layers - 2) / 6, from),
        }
    };
}

pub const RESNET20: Architecture = depth!(20);
pub const RESNET32: Architecture = depth!(32);
pub const RESNET44: Architecture = depth!(44);
pub const RESNET56: Architecture = depth!(56);
pub const RESNET110: Architecture = depth!(110);

/// The first block that widens has no convolution in its shortcut, and the last layer has so many
/// blocks.
fn recognise(weights: &Weights, blocks: usize) -> bool {
    let has = |block: usize| weights.tensors.contains_key(&format!("layer3.{block}.conv2.weight"));
    weights.shape("conv1.weight") == Some(&[16, 3, 3, 3])
        && weights.shape("layer2.0.shortcut.0.weight").is_none()
        && weights.tensors.contains_key("linear.weight")
        && has(blocks - 1)
        && !has(blocks)
}

const EPSILON: f32 = 1e-5;

fn input(_: &Weights) -> InputDefaults {
    InputDefaults {
        preprocessing: Preprocessing {
            channels: 3,
            size: [32, 32],
            mean: vec![0.485, 0.456, 0.406],
            std: vec![0.229, 0.224, 0.225],
            resize: Filter::Bicubic,
            crop: 1.0,
        },
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
    x = net.add(part("add"), Arithmetic::Add, &[x, shortcut])?;
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
    let slice = Slice::subsample(net.shape(from), stride);
    let x = net.add(format!("{name}.shortcut.subsample"), slice, &[from])?;
    let pad = Pad::channels(missing / 2, missing - missing / 2);
    net.add(format!("{name}.shortcut.pad"), pad, &[x])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WeightTensor;

    #[test]
    fn depths_are_told_apart_by_their_blocks() {
        let all =
            [(20, RESNET20), (32, RESNET32), (44, RESNET44), (56, RESNET56), (110, RESNET110)];
        for (layers, _) in &all {
            let mut weights = Weights::default();
            let mut add = |name: String, shape: &[usize]| {
                let tensor = WeightTensor { shape: shape.to_vec(), values: vec![] };
                weights.tensors.insert(name, tensor);
            };
            add("conv1.weight".into(), &[16, 3, 3, 3]);
            add("linear.weight".into(), &[10, 64]);
            (0..(layers - 2) / 6)
                .for_each(|b| add(format!("layer3.{b}.conv2.weight"), &[64, 64, 3, 3]));
            let found: Vec<_> =
                all.iter().filter(|(_, a)| (a.recognise)(&weights)).map(|(_, a)| a.id).collect();
            assert_eq!(found, [format!("cifar-resnet{layers}")]);
        }
    }
}
