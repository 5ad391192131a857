//! Deep layer aggregation (Yu et al. 2018): trees of blocks whose roots join all of their children.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules;
use super::split;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;

/// Dimensions: none, every number is in the names.
pub static DLA: Family = Family {
    id: "dla",
    name: "DLA",
    names: &["dla"],
    renames: &[],
    signatures: &[&["base_layer.0.weight", "level0.0.weight", "level5.root.conv.weight"]],
    dimensions: |_| Some(vec![]),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, _, from| {
        // The deeper networks alone have trees of three levels there, and shortcuts in roots.
        let residual = net.has("level3.tree1.tree1.tree1.conv1.weight");
        let mut x = net.within("base_layer", |net| row(net, 1, from))?;
        x = net.within("level0", |net| row(net, 1, x))?;
        x = net.within("level1", |net| row(net, 2, x))?;
        for level in 2..=5 {
            let tree = Tree { stride: 2, keeps_input: level > 2, residual };
            x = net.within(&format!("level{level}"), |net| build(net, tree, x, vec![]))?;
        }
        net.pooled_head("avgpool", Head::new(&["fc"]), x)
    },
};

/// Convolutions with norm and ReLU, numbered by threes; the first strides.
fn row(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let (mut x, mut index) = (from, 0);
    while net.has(&format!("{index}.weight")) {
        let [name, norm, relu] = [0, 1, 2].map(|part| (index + part).to_string());
        let window = modules::of_tensor(net, &name, x).stride(if index == 0 { stride } else { 1 });
        x = net.convolution_norm([&name, &norm], window, x)?;
        x = net.relu(&relu, x)?;
        index += 3;
    }
    Ok(x)
}

#[derive(Clone, Copy)]
struct Tree {
    stride: usize,
    /// Whether the root sees the tree's input.
    keeps_input: bool,
    /// Whether roots add their last child.
    residual: bool,
}

/// Two trees, or two blocks and the root that joins them with all `children` from above.
fn build(
    net: &mut GraphAssembler,
    tree: Tree,
    from: NodeId,
    mut children: Vec<NodeId>,
) -> Result<NodeId> {
    let leaf = net.has("root.conv.weight");
    let mut bottom = from;
    if tree.stride > 1 && (leaf || tree.keeps_input) {
        bottom = net.max_pool("downsample", Window::tiles(tree.stride), from)?;
    }
    if tree.keeps_input {
        children.push(bottom);
    }
    let inner = Tree { keeps_input: false, ..tree };
    if !leaf {
        let first = net.within("tree1", |net| build(net, inner, from, vec![]))?;
        children.push(first);
        let inner = Tree { stride: 1, ..inner };
        return net.within("tree2", |net| build(net, inner, first, children));
    }
    let mut shortcut = bottom;
    if net.has("project.0.weight") {
        shortcut = net.convolution_norm(["project.0", "project.1"], window(1), bottom)?;
    }
    let first = net.within("tree1", |net| block(net, tree.stride, from, shortcut))?;
    let second = net.within("tree2", |net| block(net, 1, first, first))?;
    let all = [vec![second, first], children].concat();
    let mut x = net.concatenate("root.concatenate", &all)?;
    x = net.convolution_norm(["root.conv", "root.bn"], window(1), x)?;
    if tree.residual {
        x = net.sum("root.add", x, second)?;
    }
    net.relu("root.relu", x)
}

/// A residual block with its shortcut from outside; the first window of side 3 strides.
fn block(
    net: &mut GraphAssembler,
    stride: usize,
    from: NodeId,
    shortcut: NodeId,
) -> Result<NodeId> {
    let deep = net.has("conv3.weight");
    let mut x = layer(net, 1, if deep { 1 } else { stride }, from)?;
    x = net.relu("relu1", x)?;
    x = match split::block(net, "conv2", stride, x)? {
        Some(split) => split,
        None => layer(net, 2, if deep { stride } else { 1 }, x)?,
    };
    if deep {
        if net.has("conv2.weight") {
            x = net.relu("relu2", x)?;
        }
        x = layer(net, 3, 1, x)?;
    }
    x = net.sum("add", x, shortcut)?;
    net.relu("relu", x)
}

fn layer(net: &mut GraphAssembler, index: usize, stride: usize, from: NodeId) -> Result<NodeId> {
    let [name, norm] = [format!("conv{index}"), format!("bn{index}")];
    let window = modules::of_tensor(net, &name, from).stride(stride);
    net.convolution_norm([&name, &norm], window, from)
}
