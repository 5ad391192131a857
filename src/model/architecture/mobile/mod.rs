//! The mobile networks of timm, which builds them all of the same parts: EfficientNets, MobileNets 1
//! to 4, MnasNets, MixNets, FBNets, LCNets, TinyNets and HardCoRe-NAS.
//!
//! Kinds of blocks, sides of windows and widths are read from the tensors. A recipe says what these
//! don't tell, and a network's name says which recipe; a file without a name may fit several.

mod networks;

use super::InputDefaults;
use super::family::{self, Family};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::inverted::{Halving, Skip, Style, block, layer};
use super::tensors::{Tensors, is_buffer};
use super::window::window;
use crate::error::{Error, Result};
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;
use networks::NETWORKS;
use std::ops::Range;

/// Dimensions: number of the recipe, 1 for a port from TensorFlow, then what a file's network is known
/// by: channels after the first convolution and before the last, tensors of the blocks, and the
/// sum of their windows' sides.
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

/// What a network's tensors don't tell.
#[derive(Clone)]
struct Recipe {
    /// Of the first block of each stage.
    strides: &'static [usize],
    style: Style,
    /// After the first convolution and the last.
    outer: Pointwise,
    /// Stages with ReLU in place of the activation of the others.
    plain: Range<usize>,
    /// How many stages, from the first, never add their inputs.
    alone: usize,
    epsilon: f32,
}

const SWISH: usize = 0;
const CLIPPED: usize = 1;
const PLAIN: usize = 2;
const SIX: usize = 3;
const EDGE: usize = 4;
const SPACE: usize = 5;
const MIXED: usize = 6;
const FBNET_V3: usize = 7;
const MOBILE_V3: usize = 8;
const MOBILE_V3_SMALL: usize = 9;
const MOBILE_V3_RW: usize = 10;
const MINIMAL: usize = 11;
const MINIMAL_SMALL: usize = 12;
const LCNET: usize = 13;
const MOBILE_V1: usize = 14;
const MOBILE_V4: usize = 15;
const MOBILE_V4_AVERAGE: usize = 16;
const MOBILE_V4_BLUR: usize = 17;
const FIVE: usize = 18;

const SEVEN_STAGES: &[usize] = &[1, 2, 2, 2, 1, 2, 1];
const SIX_STAGES: &[usize] = &[1, 2, 2, 2, 1, 2];
const SMALL_STAGES: &[usize] = &[2, 2, 2, 1, 2, 1];

/// The recipe of a number.
fn recipe(number: usize) -> Recipe {
    let silu = Recipe::of(SEVEN_STAGES, Style::of(Pointwise::Silu));
    let relu = Recipe::of(SEVEN_STAGES, Style::of(Pointwise::Relu));
    let hard = Style {
        gate: Pointwise::HARD_SIGMOID,
        skip: Skip::Blocks,
        ..Style::of(Pointwise::HardSwish)
    };
    let swish = Recipe::of(SEVEN_STAGES, hard);
    let v3 = Recipe { plain: 0..3, ..swish.styled(|style| style.squeeze = Pointwise::Relu) };
    let unskipped = |style: &mut Style| (style.skip, style.active_end) = (Skip::None, true);
    let blocks = |style: &mut Style| style.skip = Skip::Blocks;
    let v4 = Recipe { strides: &[2, 2, 2, 2, 1], ..relu.styled(blocks) };
    match number {
        CLIPPED => Recipe::of(SEVEN_STAGES, Style::of(Pointwise::RELU6)),
        PLAIN => relu,
        SIX => Recipe { strides: SIX_STAGES, ..silu },
        EDGE => Recipe { strides: SIX_STAGES, alone: 1, ..relu },
        SPACE => Recipe { strides: &[1, 1, 2, 2, 1, 2, 1], plain: 1..3, ..silu },
        MIXED => Recipe { strides: SIX_STAGES, outer: Pointwise::Relu, plain: 0..2, ..silu },
        FBNET_V3 => swish,
        MOBILE_V3 => v3,
        MOBILE_V3_SMALL => Recipe { strides: SMALL_STAGES, plain: 0..2, ..v3 },
        MOBILE_V3_RW => Recipe { plain: 0..3, alone: 1, epsilon: TENSORFLOW_EPSILON, ..swish },
        MINIMAL => relu.styled(blocks),
        MINIMAL_SMALL => Recipe { strides: SMALL_STAGES, ..relu.styled(blocks) },
        LCNET => Recipe { strides: SIX_STAGES, plain: 0..0, ..v3.styled(unskipped) },
        MOBILE_V1 => Recipe::of(&[1, 2, 2, 2, 2], Style::of(Pointwise::RELU6)).styled(unskipped),
        MOBILE_V4 => v4,
        MOBILE_V4_AVERAGE => v4.styled(|style| style.halving = Halving::Average),
        MOBILE_V4_BLUR => v4.styled(|style| style.halving = Halving::Blur),
        FIVE => Recipe { strides: &[1, 2, 2, 2, 2], ..silu },
        _ => silu,
    }
}

const TENSORFLOW_EPSILON: f32 = 1e-3;

impl Recipe {
    fn of(strides: &'static [usize], style: Style) -> Self {
        Self { strides, style, outer: style.activation, plain: 0..0, alone: 0, epsilon: 1e-5 }
    }

    fn styled(&self, change: impl Fn(&mut Style)) -> Self {
        let mut recipe = self.clone();
        change(&mut recipe.style);
        recipe
    }

    /// With TensorFlow's padding and ε.
    fn ported(mut self) -> Self {
        self.style.same = true;
        self.epsilon = TENSORFLOW_EPSILON;
        self
    }

    fn style(&self, stage: usize) -> Style {
        let mut style = self.style;
        if self.plain.contains(&stage) {
            (style.activation, style.squeeze) = (Pointwise::Relu, Pointwise::Relu);
        }
        if stage < self.alone {
            style.skip = Skip::None;
        }
        style
    }
}

/// Only networks that are published: the tensors of others don't tell enough.
fn dimensions(tensors: &Tensors) -> Option<Vec<usize>> {
    let known_by = known_by(tensors);
    let network = NETWORKS.iter().find(|network| network.dimensions[2..] == known_by);
    network.map(|network| network.dimensions.to_vec())
}

fn known_by(tensors: &Tensors) -> [usize; 4] {
    let of_blocks = |name: &&str| name.starts_with("blocks.") && !is_buffer(name);
    let blocks: Vec<_> = tensors.names().filter(of_blocks).collect();
    let sides = blocks.iter().map(|name| tensors.side(name, 2)).sum();
    let [stem, head] = [("conv_stem.weight", 0), ("conv_head.weight", 1)];
    [tensors.side(stem.0, stem.1), tensors.side(head.0, head.1), blocks.len(), sides]
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
