//! GoogLeNet (Szegedy et al. 2015) and Inception-v3 (Szegedy et al. 2016), as torchvision has
//! them.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::SIGNED;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;

const EPSILON: f32 = 1e-3;

/// The published weights take pixels of −1 … 1 (`transform_input` undoes ImageNet's
/// normalisation first); networks trained anew don't. The weights don't say which.
fn input(size: usize) -> InputDefaults {
    InputDefaults::imagenet(size).normalisation(SIGNED, true)
}

pub static GOOGLENET: Family = Family {
    id: "googlenet",
    name: "GoogLeNet",
    names: &[],
    renames: &[],
    signatures: &[&[
        "conv1.conv.weight",
        "conv3.conv.weight",
        "inception3a.branch1.conv.weight",
        "inception5b.branch4.1.conv.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| input(224),
    leftovers: &["aux1.", "aux2."],
    build: |net, _, from| googlenet(net, from),
};

pub static INCEPTION_V3: Family = Family {
    id: "inception-v3",
    name: "Inception-v3",
    names: &["inception-v3"],
    renames: &[],
    signatures: &[&[
        "Conv2d_1a_3x3.conv.weight",
        "Conv2d_4a_3x3.conv.weight",
        "Mixed_5b.branch1x1.conv.weight",
        "Mixed_6e.branch7x7_3.conv.weight",
        "Mixed_7c.branch_pool.conv.weight",
    ]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| input(299),
    leftovers: &["AuxLogits."],
    build: |net, _, from| inception_v3(net, from),
};

/// A convolution without padding that halves.
const HALF: Window = window(3).stride(2).padding(0);

/// A convolution with its norm and ReLU.
fn basic(net: &mut GraphAssembler, name: &str, window: Window, from: NodeId) -> Result<NodeId> {
    net.within(name, |net| {
        let x = net.convolution_norm(["conv", "bn"], window, from)?;
        net.relu("relu", x)
    })
}

/// Several in a row, each with a window that keeps the size.
fn row(net: &mut GraphAssembler, layers: &[(&str, [usize; 2])], from: NodeId) -> Result<NodeId> {
    layers
        .iter()
        .try_fold(from, |x, (name, kernel)| basic(net, name, Window::rectangle(*kernel), x))
}

fn googlenet(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    net.epsilon = EPSILON;
    let mut x = basic(net, "conv1", window(7).stride(2), from)?;
    x = net.max_pool_ceil("maxpool1", HALF, x)?;
    x = row(net, &[("conv2", [1, 1]), ("conv3", [3, 3])], x)?;
    x = net.max_pool_ceil("maxpool2", HALF, x)?;
    for module in ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"] {
        x = match module {
            "4a" => net.max_pool_ceil("maxpool3", HALF, x)?,
            "5a" => net.max_pool_ceil("maxpool4", Window::tiles(2), x)?,
            _ => x,
        };
        x = net.within(&format!("inception{module}"), |net| inception(net, x))?;
    }
    net.pooled_head("avgpool", Head::new(&["fc"]), x)
}

fn inception(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let one = basic(net, "branch1", window(1), from)?;
    let two = row(net, &[("branch2.0", [1, 1]), ("branch2.1", [3, 3])], from)?;
    // The paper's third branch has windows of 5; the published weights, trained after a slip of
    // the code, have 3.
    let side = net.tensor_shape("branch3.1.conv.weight").map_or(3, |shape| shape[2]);
    let three = row(net, &[("branch3.0", [1, 1]), ("branch3.1", [side, side])], from)?;
    let four = net.max_pool_ceil("branch4.0", window(3), from)?;
    let four = basic(net, "branch4.1", window(1), four)?;
    net.concatenate("concatenate", &[one, two, three, four])
}

fn inception_v3(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    net.epsilon = EPSILON;
    let mut x = basic(net, "Conv2d_1a_3x3", HALF, from)?;
    x = basic(net, "Conv2d_2a_3x3", window(3).padding(0), x)?;
    x = basic(net, "Conv2d_2b_3x3", window(3), x)?;
    x = net.max_pool("maxpool1", HALF, x)?;
    x = basic(net, "Conv2d_3b_1x1", window(1), x)?;
    x = basic(net, "Conv2d_4a_3x3", window(3).padding(0), x)?;
    x = net.max_pool("maxpool2", HALF, x)?;
    for (module, build) in MODULES {
        x = net.within(module, |net| build(net, x))?;
    }
    net.pooled_head("avgpool", Head::new(&["fc"]), x)
}

type Module = fn(&mut GraphAssembler, NodeId) -> Result<NodeId>;

const MODULES: [(&str, Module); 11] = [
    ("Mixed_5b", wide),
    ("Mixed_5c", wide),
    ("Mixed_5d", wide),
    ("Mixed_6a", halving),
    ("Mixed_6b", factored),
    ("Mixed_6c", factored),
    ("Mixed_6d", factored),
    ("Mixed_6e", factored),
    ("Mixed_7a", factored_halving),
    ("Mixed_7b", split),
    ("Mixed_7c", split),
];

fn wide(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let one = basic(net, "branch1x1", window(1), from)?;
    let five = row(net, &[("branch5x5_1", [1, 1]), ("branch5x5_2", [5, 5])], from)?;
    let three = row(
        net,
        &[("branch3x3dbl_1", [1, 1]), ("branch3x3dbl_2", [3, 3]), ("branch3x3dbl_3", [3, 3])],
        from,
    )?;
    let pool = pool_branch(net, from)?;
    net.concatenate("concatenate", &[one, five, three, pool])
}

fn halving(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let three = basic(net, "branch3x3", HALF, from)?;
    let double = row(net, &[("branch3x3dbl_1", [1, 1]), ("branch3x3dbl_2", [3, 3])], from)?;
    let double = basic(net, "branch3x3dbl_3", HALF, double)?;
    let pool = net.max_pool("branch_pool", HALF, from)?;
    net.concatenate("concatenate", &[three, double, pool])
}

/// Windows of 7 as a row and a column.
fn factored(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let one = basic(net, "branch1x1", window(1), from)?;
    let seven = row(
        net,
        &[("branch7x7_1", [1, 1]), ("branch7x7_2", [1, 7]), ("branch7x7_3", [7, 1])],
        from,
    )?;
    let double = row(
        net,
        &[
            ("branch7x7dbl_1", [1, 1]),
            ("branch7x7dbl_2", [7, 1]),
            ("branch7x7dbl_3", [1, 7]),
            ("branch7x7dbl_4", [7, 1]),
            ("branch7x7dbl_5", [1, 7]),
        ],
        from,
    )?;
    let pool = pool_branch(net, from)?;
    net.concatenate("concatenate", &[one, seven, double, pool])
}

fn factored_halving(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let three = basic(net, "branch3x3_1", window(1), from)?;
    let three = basic(net, "branch3x3_2", HALF, three)?;
    let seven = row(
        net,
        &[("branch7x7x3_1", [1, 1]), ("branch7x7x3_2", [1, 7]), ("branch7x7x3_3", [7, 1])],
        from,
    )?;
    let seven = basic(net, "branch7x7x3_4", HALF, seven)?;
    let pool = net.max_pool("branch_pool", HALF, from)?;
    net.concatenate("concatenate", &[three, seven, pool])
}

/// Windows of 3 as a row beside a column.
fn split(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let one = basic(net, "branch1x1", window(1), from)?;
    let three = basic(net, "branch3x3_1", window(1), from)?;
    let [row_of_three, column] = cross(net, ["branch3x3_2a", "branch3x3_2b"], three)?;
    let double = row(net, &[("branch3x3dbl_1", [1, 1]), ("branch3x3dbl_2", [3, 3])], from)?;
    let [double_row, double_column] = cross(net, ["branch3x3dbl_3a", "branch3x3dbl_3b"], double)?;
    let pool = pool_branch(net, from)?;
    let all = [one, row_of_three, column, double_row, double_column, pool];
    net.concatenate("concatenate", &all)
}

fn cross(net: &mut GraphAssembler, [a, b]: [&str; 2], from: NodeId) -> Result<[NodeId; 2]> {
    let a = basic(net, a, Window::rectangle([1, 3]), from)?;
    Ok([a, basic(net, b, Window::rectangle([3, 1]), from)?])
}

fn pool_branch(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.average_pool("avg_pool", window(3), from)?;
    basic(net, "branch_pool", window(1), x)
}
