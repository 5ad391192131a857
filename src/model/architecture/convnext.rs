//! ConvNeXt (Liu et al. 2022): large depthwise windows, layer norm, GELU; and ConvNeXt V2 (Woo et
//! al. 2023), with a response norm over the whole picture.
//!
//! Stem, windows, response norm and head are read from the tensors. The ε of layer norm and the
//! activation are not told by them; the few networks with others are rows of their own.

use super::InputDefaults;
use super::family::{self, Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

/// Dimensions: number of the functions, 1 with response norm, side of the last windows, channels of
/// the first stage, then blocks of each.
pub static CONVNEXT: Family = Family {
    id: "convnext",
    name: "ConvNeXt",
    // The authors' names, as timm spells them. timm keeps a norm before the last layer in its head.
    names: &[],
    renames: &[
        ("downsample_layers.0.", "stem."),
        ("downsample_layers.1.", "stages.1.downsample."),
        ("downsample_layers.2.", "stages.2.downsample."),
        ("downsample_layers.3.", "stages.3.downsample."),
        // Those of Hugging Face's transformers.
        ("embeddings.patch_embeddings.", "stem.0."),
        ("embeddings.layernorm.", "stem.1."),
        ("encoder.stages.0.layers.", "stages.0."),
        ("encoder.stages.1.layers.", "stages.1."),
        ("encoder.stages.2.layers.", "stages.2."),
        ("encoder.stages.3.layers.", "stages.3."),
        ("encoder.stages.", "stages."),
        (".downsampling_layer.", ".downsample."),
        (".layernorm.", ".norm."),
        (".layer_scale_parameter", ".gamma"),
        (".dwconv.", ".conv_dw."),
        (".pwconv1.", ".mlp.fc1."),
        (".pwconv2.", ".mlp.fc2."),
        (".grn.gamma", ".mlp.grn.weight"),
        (".grn.beta", ".mlp.grn.bias"),
    ],
    signatures: &[
        &["features.0.0.weight", "features.1.0.block.0.weight", "features.6.1.weight"],
        &["stem.0.weight", "stages.0.blocks.0.conv_dw.weight", "stages.3.downsample.1.weight"],
        &["stem.0.weight", "stages.0.0.conv_dw.weight", "stages.3.downsample.1.weight"],
    ],
    dimensions: |tensors| {
        let measured = measured(tensors)?;
        let known = CONVNEXT.variants.iter().find(|variant| variant.dimensions[1..] == measured);
        let functions = known.map_or(USUAL, |variant| variant.dimensions[0]);
        Some([vec![functions], measured].concat())
    },
    variants: &[
        Variant::new("convnext-tiny", "ConvNeXt-T", &[USUAL, 0, 7, 96, 3, 3, 9, 3]),
        Variant::new("convnext-small", "ConvNeXt-S", &[USUAL, 0, 7, 96, 3, 3, 27, 3]),
        Variant::new("convnext-base", "ConvNeXt-B", &[USUAL, 0, 7, 128, 3, 3, 27, 3]),
        Variant::new("convnext-large", "ConvNeXt-L", &[USUAL, 0, 7, 192, 3, 3, 27, 3]),
        Variant::new("convnext-xlarge", "ConvNeXt-XL", &[USUAL, 0, 7, 256, 3, 3, 27, 3]),
        Variant::new("convnext-xxlarge", "ConvNeXt-XXL", &[WIDER, 0, 7, 384, 3, 4, 30, 3])
            .pictures(256, 1000),
        Variant::new("convnext-zepto-rms", "ConvNeXt-Zepto", &[USUAL, 0, 7, 32, 2, 2, 4, 2]),
        Variant::new("convnext-zepto-rms-ols", "ConvNeXt-Zepto", &[USUAL, 0, 7, 32, 2, 2, 4, 2]),
        Variant::new("convnext-atto", "ConvNeXt-Atto", &[USUAL, 0, 7, 40, 2, 2, 6, 2]),
        Variant::new("convnext-atto-ols", "ConvNeXt-Atto", &[USUAL, 0, 7, 40, 2, 2, 6, 2]),
        Variant::new("convnext-femto", "ConvNeXt-Femto", &[USUAL, 0, 7, 48, 2, 2, 6, 2]),
        Variant::new("convnext-femto-ols", "ConvNeXt-Femto", &[USUAL, 0, 7, 48, 2, 2, 6, 2]),
        Variant::new("convnext-pico", "ConvNeXt-Pico", &[USUAL, 0, 7, 64, 2, 2, 6, 2]),
        Variant::new("convnext-pico-ols", "ConvNeXt-Pico", &[USUAL, 0, 7, 64, 2, 2, 6, 2]),
        Variant::new("convnext-nano", "ConvNeXt-Nano", &[USUAL, 0, 7, 80, 2, 2, 8, 2]),
        Variant::new("convnext-nano-ols", "ConvNeXt-Nano", &[USUAL, 0, 7, 80, 2, 2, 8, 2]),
        Variant::new("convnext-tiny-hnf", "ConvNeXt-T", &[USUAL, 0, 7, 96, 3, 3, 9, 3]),
        Variant::new("convnext-large-mlp", "ConvNeXt-L", &[USUAL, 0, 7, 192, 3, 3, 27, 3]),
        Variant::new("convnextv2-atto", "ConvNeXt V2-Atto", &[USUAL, 1, 7, 40, 2, 2, 6, 2]),
        Variant::new("convnextv2-femto", "ConvNeXt V2-Femto", &[USUAL, 1, 7, 48, 2, 2, 6, 2]),
        Variant::new("convnextv2-pico", "ConvNeXt V2-Pico", &[USUAL, 1, 7, 64, 2, 2, 6, 2]),
        Variant::new("convnextv2-nano", "ConvNeXt V2-Nano", &[USUAL, 1, 7, 80, 2, 2, 8, 2]),
        Variant::new("convnextv2-tiny", "ConvNeXt V2-T", &[USUAL, 1, 7, 96, 3, 3, 9, 3]),
        Variant::new("convnextv2-base", "ConvNeXt V2-B", &[USUAL, 1, 7, 128, 3, 3, 27, 3]),
        Variant::new("convnextv2-large", "ConvNeXt V2-L", &[USUAL, 1, 7, 192, 3, 3, 27, 3]),
        Variant::new("convnextv2-huge", "ConvNeXt V2-H", &[USUAL, 1, 7, 352, 3, 3, 27, 3]),
        Variant::new("test-convnext", "ConvNeXt (test)", &[TANH, 0, 7, 24, 1, 2, 4, 2])
            .pictures(160, 950),
        Variant::new("test-convnext2", "ConvNeXt (test)", &[TANH, 0, 7, 32, 1, 1, 1, 1])
            .pictures(160, 950),
        Variant::new("test-convnext3", "ConvNeXt (test)", &[SILU, 0, 3, 32, 1, 1, 1, 1])
            .pictures(160, 950),
    ],
    input: |_, variant| {
        let (size, crop) = variant.map_or((224, 875), |v| (v.size, v.crop));
        InputDefaults::imagenet(size).crop(crop as f32 / 1000.0).resize(Filter::Bicubic)
    },
    leftovers: &[],
    build,
};

/// The usual functions, and those that some networks of timm have instead.
const USUAL: usize = 0;
const WIDER: usize = 1;
const TANH: usize = 2;
const SILU: usize = 3;

/// What the tensors don't determine.
#[derive(Clone, Copy)]
struct Functions {
    /// Of layer norm.
    epsilon: f32,
    activation: Pointwise,
}

impl Functions {
    fn of(number: usize) -> Self {
        let epsilon = if number == USUAL { 1e-6 } else { 1e-5 };
        let activation = match number {
            TANH => Pointwise::GeluTanh,
            SILU => Pointwise::Silu,
            _ => Pointwise::Gelu,
        };
        Self { epsilon, activation }
    }
}

/// What the modules are called.
struct Naming {
    stem: &'static str,
    /// Depthwise convolution, norm, linear layer, activation, linear layer, scale.
    block: [&'static str; 6],
    /// Norm outside the classifier, if there is one.
    norm: Option<&'static str>,
    head: Head,
    /// Before and after the number of a stage's blocks.
    torchvision: bool,
}

const TORCHVISION: Naming = Naming {
    stem: "features.0",
    block: ["block.0", "block.2", "block.3", "block.4", "block.5", "layer_scale"],
    norm: None,
    head: Head::new(&["classifier"]).epsilon(1e-6),
    torchvision: true,
};
const TIMM: Naming = Naming {
    stem: "stem",
    block: ["conv_dw", "norm", "mlp.fc1", "mlp.act", "mlp.fc2", "gamma"],
    norm: Some("head.norm"),
    head: Head::new(&["head.fc"]),
    torchvision: false,
};
const AUTHORS: Naming = Naming { norm: Some("norm"), head: Head::new(&["head"]), ..TIMM };
const TRANSFORMERS: Naming =
    Naming { norm: Some(LAST_NORM), head: Head::new(&["classifier"]), ..TIMM };
/// In transformers, with another ε than the others there.
const LAST_NORM: &str = "layernorm";

impl Naming {
    fn of(tensors: &Tensors) -> Option<&'static Self> {
        [&TORCHVISION, &TIMM, &AUTHORS, &TRANSFORMERS].into_iter().find(|naming| {
            let first = format!("{}0.{}.weight", naming.stage(0), naming.block[0]);
            let is_there = |norm: &str| tensors.has(&format!("{norm}.weight"));
            let told =
                naming.torchvision || naming.has_blocks() || naming.norm.is_some_and(is_there);
            tensors.dim(&first, 2) == 7 && told
        })
    }

    fn stage(&self, stage: usize) -> String {
        match self.torchvision {
            true => format!("features.{}.", 2 * stage + 1),
            false if self.has_blocks() => format!("stages.{stage}.blocks."),
            false => format!("stages.{stage}."),
        }
    }

    /// Whether the blocks of a stage are in a module of their own.
    fn has_blocks(&self) -> bool {
        self.norm == TIMM.norm
    }

    fn downsample(&self, stage: usize) -> String {
        match self.torchvision {
            true => format!("features.{}", 2 * stage),
            false => format!("stages.{stage}.downsample"),
        }
    }
}

/// All dimensions but the functions.
fn measured(tensors: &Tensors) -> Option<Vec<usize>> {
    let naming = Naming::of(tensors)?;
    let first = |stage| format!("{}0.{}.weight", naming.stage(stage), naming.block[0]);
    let response = format!("{}0.mlp.grn.weight", naming.stage(0));
    let blocks = |stage| tensors.count(&naming.stage(stage));
    let mut dimensions = vec![usize::from(tensors.has(&response)), tensors.dim(&first(3), 2)];
    dimensions.push(tensors.dim(&first(0), 0));
    dimensions.extend((0..4).map(blocks));
    (!dimensions[1..].contains(&0)).then_some(dimensions)
}

fn build(net: &mut GraphAssembler, dimensions: &[usize], from: NodeId) -> Result<NodeId> {
    let naming = Naming::of(net.tensors).unwrap_or(&TORCHVISION);
    let ([functions, _norm, _kernel, _width], depths) = family::first(dimensions)?;
    let functions = Functions::of(functions);
    let mut x = net.within(naming.stem, |net| stem(net, functions, from))?;
    for (stage, &blocks) in depths.iter().enumerate() {
        if stage > 0 {
            x = net.within(&naming.downsample(stage), |net| downsample(net, functions, x))?;
        }
        for index in 0..blocks {
            let name = format!("{}{index}", naming.stage(stage));
            x = net.within(&name, |net| block(net, &naming.block, functions, x))?;
        }
    }
    head(net, naming, functions, x)
}

/// One convolution of tiles, or two that overlap, with an activation between where the numbers of
/// the modules leave room; then a norm.
fn stem(net: &mut GraphAssembler, functions: Functions, from: NodeId) -> Result<NodeId> {
    let convolutions: Vec<_> = (0..4)
        .map(|index| index.to_string())
        .filter(|name| net.tensor_shape(&format!("{name}.weight")).is_some_and(|s| s.len() == 4))
        .collect();
    let [first, second] = convolutions.as_slice() else {
        let side = net.tensor_shape("0.weight").map_or(4, |shape| shape[shape.len() - 1]).max(1);
        let x = net.convolution("0", Window::tiles(side), from)?;
        return layer_norm(net, "1", functions, x);
    };
    let mut x = net.convolution(first, window(3).stride(2), from)?;
    let norm = if second == "2" { "3" } else { "2" };
    if second == "2" {
        x = net.add("1", functions.activation, &[x])?;
    }
    x = net.convolution(second, window(3).stride(2), x)?;
    layer_norm(net, norm, functions, x)
}

fn layer_norm(
    net: &mut GraphAssembler,
    name: &str,
    functions: Functions,
    from: NodeId,
) -> Result<NodeId> {
    match net.has(&format!("{name}.weight")) && !net.has(&format!("{name}.bias")) {
        true => net.simple_norm(name, functions.epsilon, from),
        false => net.layer_norm(name, functions.epsilon, from),
    }
}

fn downsample(net: &mut GraphAssembler, functions: Functions, from: NodeId) -> Result<NodeId> {
    let x = layer_norm(net, "0", functions, from)?;
    net.convolution("1", Window::tiles(2), x)
}

fn block(
    net: &mut GraphAssembler,
    names: &[&str; 6],
    functions: Functions,
    from: NodeId,
) -> Result<NodeId> {
    let [depthwise, norm, widen, activation, narrow, scale] = *names;
    let usual = window(7).groups(net.shape(from).channels);
    let window = net.window_of(depthwise, from).unwrap_or(usual);
    let mut x = net.convolution(depthwise, window, from)?;
    x = layer_norm(net, norm, functions, x)?;
    x = net.linear_of_channels(widen, x)?;
    x = net.add(activation, functions.activation, &[x])?;
    if net.has("mlp.grn.weight") {
        x = net.response_norm("mlp.grn", x)?;
    }
    x = net.linear_of_channels(narrow, x)?;
    if net.has(scale) || !net.has("mlp.grn.weight") {
        x = net.channel_scale(scale, x)?;
    }
    net.sum("add", from, x)
}

/// The norm comes after the average, or before it where the file has it there; a hidden layer
/// may follow.
fn head(
    net: &mut GraphAssembler,
    naming: &Naming,
    functions: Functions,
    from: NodeId,
) -> Result<NodeId> {
    let mut x = from;
    let is_first = net.has("norm_pre.weight");
    if is_first {
        x = layer_norm(net, "norm_pre", functions, x)?;
    }
    x = net.global_average_pool("avgpool", x)?;
    if let Some(norm) = naming.norm.filter(|_| !is_first) {
        let epsilon = if norm == LAST_NORM { 1e-12 } else { functions.epsilon };
        x = layer_norm(net, norm, Functions { epsilon, ..functions }, x)?;
    }
    if net.has("head.pre_logits.fc.weight") {
        x = net.linear("head.pre_logits.fc", x)?;
        x = net.add("head.pre_logits.act", Pointwise::Gelu, &[x])?;
    }
    net.head(naming.head, x)
}
