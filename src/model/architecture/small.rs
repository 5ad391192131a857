//! Small plain networks that the robustness literature trains as vanilla and robust twins.

use super::assembly::{Assembly, Padding, Window};
use super::{Architecture, InputDefaults, has_all};
use crate::error::Result;
use crate::graph::{NodeId, Op};
use crate::model::weights::Weights;
use crate::picture::{Filter, Preprocessing};

/// LeNet5 as adversarial training on MNIST uses it: two padded 3×3 convolutions, two linear
/// layers.
pub const LENET5: Architecture = Architecture {
    id: "lenet5",
    name: "LeNet5",
    recognise: |weights| {
        weights.tensors.len() == 8
            && has_all(
                weights,
                &["conv1.weight", "conv2.weight", "linear1.weight", "linear2.weight"],
            )
    },
    input: |weights| {
        plain_input(channels(weights, "conv1.weight"), side(weights, "linear1.weight", 64), false)
    },
    lay: lenet5,
};

/// CNN-A of the verification literature (Wong and Kolter 2018, "Provable defenses"): two strided
/// 4×4 convolutions, two linear layers.
pub const CNN_A: Architecture = Architecture {
    id: "cnn-a",
    name: "CNN-A",
    recognise: |weights| {
        weights.tensors.len() == 8
            && has_all(weights, &["0.weight", "2.weight", "5.weight", "7.weight"])
    },
    input: |weights| {
        plain_input(channels(weights, "0.weight"), side(weights, "5.weight", 32), true)
    },
    lay: cnn_a,
};

fn channels(weights: &Weights, first: &str) -> usize {
    match weights.shape(first) {
        Some([_, channels, _, _]) => *channels,
        _ => 3,
    }
}

/// Side of the picture, from the inputs of the first linear layer: both networks quarter it.
fn side(weights: &Weights, linear: &str, features: usize) -> usize {
    let inputs = match weights.shape(linear) {
        Some([_, inputs]) => *inputs,
        _ => 0,
    };
    4 * (inputs / features).isqrt().max(1)
}

/// Grey pictures of digits as they are; colour pictures by CIFAR-10's own mean and deviation.
fn plain_input(channels: usize, side: usize, coloured_differ: bool) -> InputDefaults {
    let grey = channels == 1;
    InputDefaults {
        preprocessing: Preprocessing {
            channels,
            size: [side, side],
            mean: if grey { vec![0.0] } else { vec![0.4914, 0.4822, 0.4465] },
            std: if grey { vec![1.0] } else { vec![0.2023, 0.1994, 0.2010] },
            resize: Filter::Bicubic,
            crop: 1.0,
        },
        labels: Some(if grey { "mnist" } else { "cifar10" }),
        normalisation_guessed: coloured_differ && !grey,
    }
}

fn lenet5(net: &mut Assembly, from: NodeId) -> Result<NodeId> {
    let window = Window { kernel: 3, stride: 1, padding: Padding::Each(1) };
    let mut x = net.convolution("conv1", 32, window, from)?;
    x = net.relu("relu1", x)?;
    x = net.max_pool("maxpool1", 2, x)?;
    x = net.convolution("conv2", 64, window, x)?;
    x = net.relu("relu2", x)?;
    x = net.max_pool("maxpool2", 2, x)?;
    x = net.add("flatten", Op::Flatten, &[x])?;
    x = net.linear("linear1", 200, x)?;
    x = net.relu("relu3", x)?;
    let classes = net.outputs("linear2.weight")?;
    net.linear("linear2", classes, x)
}

fn cnn_a(net: &mut Assembly, from: NodeId) -> Result<NodeId> {
    let window = Window { kernel: 4, stride: 2, padding: Padding::Each(1) };
    let mut x = net.convolution("0", 16, window, from)?;
    x = net.relu("1", x)?;
    x = net.convolution("2", 32, window, x)?;
    x = net.relu("3", x)?;
    x = net.add("4", Op::Flatten, &[x])?;
    x = net.linear("5", 100, x)?;
    x = net.relu("6", x)?;
    let classes = net.outputs("7.weight")?;
    net.linear("7", classes, x)
}
