//! The mobile networks of timm, which builds them all of the same parts: EfficientNets, MobileNets
//! 1 to 4, MnasNets, MixNets, FBNets, LCNets, TinyNets and HardCoRe-NAS.
//!
//! Kinds of blocks, sides of windows and widths are read from the tensors. A recipe says what these
//! don't determine, and a network's name says which recipe; a file without a name may fit several.

mod networks;
mod recipe;

use super::InputDefaults;
use super::family::{self, Family};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::inverted::{Style, block, layer};
use super::tensors::{Tensors, is_buffer};
use super::window::window;
use crate::error::{Error, Result};
use crate::graph::NodeId;
use crate::picture::Filter;
use networks::NETWORKS;
use recipe::recipe;

/// Dimensions: number of the recipe, 1 for a port from TensorFlow, then what a file's network is
/// known by: channels after the first convolution and before the last, tensors of the blocks, and
/// the sum of their windows' sides.
pub static MOBILE: Family = Family {
    id: "timm-mobile",
    name: "mobile network (timm)",
    names: &[],
    renames: &[],
    signatures: &[&["conv_stem.weight", "bn1.weight"]],
    dimensions,
    variants: NETWORKS,
    input: |_, variant| {
        let (size, crop) = variant.map_or((224, 875), |v| (v.size, v.crop));
        let input = InputDefaults::imagenet(size).crop(crop as f32 / 1000.0);
        // Weights of one architecture differ.
        input.resize(Filter::Bicubic).normalisation(super::input::IMAGENET, true)
    },
    leftovers: &[],
    build,
};

/// Only networks that are published: the tensors of others don't determine enough.
fn dimensions(tensors: &Tensors) -> Option<Vec<usize>> {
    let known_by = known_by(tensors);
    let network = NETWORKS.iter().find(|network| network.dimensions[2..] == known_by);
    network.map(|network| network.dimensions.to_vec())
}

fn known_by(tensors: &Tensors) -> [usize; 4] {
    let of_blocks = |name: &&str| name.starts_with("blocks.") && !is_buffer(name);
    let blocks: Vec<_> = tensors.names().filter(of_blocks).collect();
    let sides = blocks.iter().map(|name| tensors.dim(name, 2)).sum();
    let [stem, head] = [("conv_stem.weight", 0), ("conv_head.weight", 1)];
    [tensors.dim(stem.0, stem.1), tensors.dim(head.0, head.1), blocks.len(), sides]
}

fn build(net: &mut GraphAssembler, dimensions: &[usize], from: NodeId) -> Result<NodeId> {
    tell(net, dimensions);
    let ([kind, variant], _) = family::first(dimensions)?;
    let mut recipe = recipe(kind);
    if variant == 1 {
        recipe = recipe.ported();
    }
    net.epsilon = recipe.epsilon;
    let stages = net.tensors.count("blocks.");
    if stages != recipe.strides.len() {
        let why = format!("the file has {stages} stages of blocks, not {}", recipe.strides.len());
        return Err(Error::new("the weights do not fit the architecture", why)
            .hint("check `architecture` in the model card"));
    }
    let outer = Style { activation: recipe.outer, ..recipe.style };
    let stem = net.window_of("conv_stem", from).unwrap_or(window(3)).stride(2);
    let mut x = layer(net, ["conv_stem", "bn1", "bn1.act"], stem, outer, from)?;
    for (stage, &first) in recipe.strides.iter().enumerate() {
        for index in 0..net.tensors.count(&format!("blocks.{stage}.")) {
            let stride = if index == 0 { first } else { 1 };
            let style = recipe.style(stage);
            let name = format!("blocks.{stage}.{index}");
            x = net.within(&name, |net| block(net, style, stride, x))?;
        }
    }
    x = head(net, outer, x)?;
    net.head(Head::new(&["classifier"]), x)
}

/// The last convolution: before the average with a norm, after it with a norm or without, or none.
fn head(net: &mut GraphAssembler, style: Style, from: NodeId) -> Result<NodeId> {
    if net.has("bn2.weight") {
        let x = layer(net, ["conv_head", "bn2", "bn2.act"], window(1), style, from)?;
        return net.global_average_pool("global_pool", x);
    }
    let x = net.global_average_pool("global_pool", from)?;
    if net.has("norm_head.weight") {
        return layer(net, ["conv_head", "norm_head", "norm_head.act"], window(1), style, x);
    }
    if !net.has("conv_head.weight") {
        return Ok(x);
    }
    let x = net.bare_convolution("conv_head", window(1), x)?;
    net.add("act2", style.activation, &[x])
}

/// Says what the name of the network was guessed from, or that the file is of another one.
fn tell(net: &mut GraphAssembler, dimensions: &[usize]) {
    let (known_by, id) = (known_by(net.tensors), net.architecture());
    if net.named {
        if known_by != dimensions[2..] {
            net.guess(format!("its blocks are built by what the file has; {id} has others"));
        }
        return;
    }
    let alike = NETWORKS.iter().filter(|network| network.dimensions[2..] == known_by);
    let others: Vec<_> =
        alike.filter(|other| other.dimensions[..2] != dimensions[..2]).map(|o| o.id).collect();
    if !others.is_empty() {
        net.guess(format!(
            "padding, epsilon of batch norm and activations are taken to be those of {id}; {} has \
             the same tensors: a model card that names it decides",
            others.join(" or ")
        ));
    }
}
