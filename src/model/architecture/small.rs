//! Small plain networks that the robustness literature trains as vanilla and robust twins.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::input::CIFAR10;
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::{NodeId, Op};

/// LeNet5 as adversarial training on MNIST uses it: two padded 3×3 convolutions, two linear
/// layers.
pub static LENET5: Family = Family {
    id: "lenet5",
    name: "LeNet5",
    names: &[],
    renames: &[],
    signatures: &[&["conv1.weight", "conv2.weight", "linear1.weight", "linear2.weight"]],
    dimensions: |tensors| {
        (tensors.names().count() == 8 && tensors.dim("conv2.weight", 2) == 3).then(Vec::new)
    },
    variants: &[],
    input: |tensors, _| input(tensors, ["conv1", "conv2", "linear1"], false),
    leftovers: &[],
    build: |net, _, from| lenet5(net, from),
};

/// CNN-A of the verification literature (Wong and Kolter 2018, "Provable defenses"): two strided
/// 4×4 convolutions, two linear layers.
pub static CNN_A: Family = Family {
    id: "cnn-a",
    name: "CNN-A",
    names: &[],
    renames: &[],
    signatures: &[&["0.weight", "2.weight", "5.weight", "7.weight"]],
    dimensions: |tensors| {
        let sides = [tensors.dim("0.weight", 2), tensors.dim("2.weight", 2)];
        (tensors.names().count() == 8 && sides == [4, 4]).then(Vec::new)
    },
    variants: &[],
    input: |tensors, _| input(tensors, ["0", "2", "5"], true),
    leftovers: &[],
    build: |net, _, from| cnn_a(net, from),
};

/// ConvNet as studies of robust training use it beside ResNets: two padded 3×3 convolutions, a
/// pool, two more, a pool, two linear layers.
pub static CONVNET: Family = Family {
    id: "convnet",
    name: "ConvNet",
    names: &[],
    renames: &[],
    signatures: &[&["0.weight", "2.weight", "5.weight", "7.weight", "11.weight", "13.weight"]],
    dimensions: |tensors| {
        let sides = ["0", "2", "5", "7"].map(|name| tensors.dim(&format!("{name}.weight"), 2));
        (tensors.names().count() == 12 && sides == [3; 4]).then(Vec::new)
    },
    variants: &[],
    input: |tensors, _| input(tensors, ["0", "7", "11"], true),
    leftovers: &[],
    build: |net, _, from| convnet(net, from),
};

/// These networks quarter their picture, whose side is known from the inputs of the first linear
/// layer. Grey pictures are taken as they are, colour pictures by CIFAR-10's mean and deviation.
fn input(tensors: &Tensors, [first, last, linear]: [&str; 3], guessed: bool) -> InputDefaults {
    let side = |layer: &str, side: usize| tensors.dim(&format!("{layer}.weight"), side);
    let size = 4 * (side(linear, 1) / side(last, 0).max(1)).isqrt().max(1);
    match side(first, 1) {
        1 => InputDefaults::grey(size),
        _ => InputDefaults::cifar10(CIFAR10).size(size).normalisation(CIFAR10, guessed),
    }
}

fn lenet5(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = net.convolution("conv1", window(3), from)?;
    x = net.relu("relu1", x)?;
    x = net.max_pool("maxpool1", Window::tiles(2), x)?;
    x = net.convolution("conv2", window(3), x)?;
    x = net.relu("relu2", x)?;
    x = net.max_pool("maxpool2", Window::tiles(2), x)?;
    x = net.add("flatten", Op::Flatten, &[x])?;
    x = net.linear("linear1", x)?;
    x = net.relu("relu3", x)?;
    net.linear("linear2", x)
}

fn cnn_a(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let halving = window(4).stride(2).padding(1);
    let mut x = net.convolution("0", halving, from)?;
    x = net.relu("1", x)?;
    x = net.convolution("2", halving, x)?;
    x = net.relu("3", x)?;
    x = net.add("4", Op::Flatten, &[x])?;
    x = net.linear("5", x)?;
    x = net.relu("6", x)?;
    net.linear("7", x)
}

fn convnet(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for [first, relu, second, relu2, pool] in [["0", "1", "2", "3", "4"], ["5", "6", "7", "8", "9"]]
    {
        x = net.convolution(first, window(3), x)?;
        x = net.relu(relu, x)?;
        x = net.convolution(second, window(3), x)?;
        x = net.relu(relu2, x)?;
        x = net.max_pool(pool, Window::tiles(2), x)?;
    }
    x = net.add("10", Op::Flatten, &[x])?;
    x = net.linear("11", x)?;
    x = net.relu("12", x)?;
    net.linear("13", x)
}
