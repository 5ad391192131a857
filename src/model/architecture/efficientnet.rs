//! EfficientNet (Tan and Le 2019; Tan and Le 2021, "EfficientNetV2") in the spellings of torchvision
//! and lukemelas, and EfficientNet-lite: without squeeze-and-excitation, with ReLU6 (TensorFlow's
//! model garden). timm's are in `mobile`.
//!
//! lukemelas' weights are ported from TensorFlow and need its padding and its ε in batch norm.

use super::InputDefaults;
use super::family::{Family, Variant};
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::input::SIGNED;
use super::inverted::{Layer, Style, block, layer};
use super::tensors::Tensors;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

const TENSORFLOW_EPSILON: f32 = 1e-3;
/// Of the first block of each stage.
const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];
/// Index in the dimensions of the channels after the last block.
const WIDTH: usize = 7;

/// Dimensions: blocks of each stage, channels after the last.
pub static EFFICIENTNET: Family = Family {
    id: "efficientnet",
    name: "EfficientNet",
    names: &[],
    renames: &[],
    signatures: &[
        &["features.0.0.weight", "features.1.0.block.1.fc1.weight", "features.8.0.weight"],
        &["_conv_stem.weight", "_blocks.0._se_reduce.weight", "_conv_head.weight"],
    ],
    dimensions: |tensors| dimensions(tensors, &EFFICIENTNET),
    variants: &[
        Variant::new("efficientnet-b0", "EfficientNet-B0", &[1, 2, 2, 3, 3, 4, 1, 320]),
        Variant::new("efficientnet-b1", "EfficientNet-B1", &[2, 3, 3, 4, 4, 5, 2, 320])
            .pictures(240, 882),
        Variant::new("efficientnet-b2", "EfficientNet-B2", &[2, 3, 3, 4, 4, 5, 2, 352])
            .pictures(260, 890),
        Variant::new("efficientnet-b3", "EfficientNet-B3", &[2, 3, 3, 5, 5, 6, 2, 384])
            .pictures(300, 904),
        Variant::new("efficientnet-b4", "EfficientNet-B4", &[2, 4, 4, 6, 6, 8, 2, 448])
            .pictures(380, 922),
        Variant::new("efficientnet-b5", "EfficientNet-B5", &[3, 5, 5, 7, 7, 9, 3, 512])
            .pictures(456, 934),
        Variant::new("efficientnet-b6", "EfficientNet-B6", &[3, 6, 6, 8, 8, 11, 3, 576])
            .pictures(528, 942),
        Variant::new("efficientnet-b7", "EfficientNet-B7", &[4, 7, 7, 10, 10, 13, 4, 640])
            .pictures(600, 949),
    ],
    input: |_, variant| {
        let (size, crop) = variant.map_or((224, 875), |v| (v.size, v.crop));
        InputDefaults::imagenet(size).crop(crop as f32 / 1000.0).resize(Filter::Bicubic)
    },
    leftovers: &[],
    build: |net, dimensions, from| {
        // torchvision's three largest have TensorFlow's ε, though not its padding.
        if dimensions.get(WIDTH).is_some_and(|width| *width >= LARGE)
            && Naming::of(net.tensors) != LUKEMELAS
        {
            net.epsilon = TENSORFLOW_EPSILON;
        }
        build(net, &dimensions[..WIDTH], &STRIDES, SWISH, from)
    },
};

const SWISH: Style = Style::of(Pointwise::Silu);
const CLIPPED: Style = Style::of(Pointwise::RELU6);

/// Channels of EfficientNet-B5.
const LARGE: usize = 512;

/// torchvision's EfficientNetV2: its first stages widen and filter in one. Dimensions: blocks of each
/// stage.
pub static EFFICIENTNET_V2: Family = Family {
    id: "efficientnet-v2",
    name: "EfficientNetV2",
    names: &[],
    renames: &[],
    signatures: &[&[
        "features.0.0.weight",
        "features.1.0.block.0.0.weight",
        "features.2.0.block.1.0.weight",
        "features.4.0.block.2.fc1.weight",
        "features.6.0.block.2.fc1.weight",
        "classifier.1.weight",
    ]],
    dimensions: |tensors| {
        let depths = TORCHVISION.depths(tensors);
        let is_known = EFFICIENTNET_V2.variants.iter().any(|variant| variant.dimensions == depths);
        is_known.then_some(depths)
    },
    variants: &[
        Variant::new("efficientnet-v2-s", "EfficientNetV2-S", &[2, 4, 4, 6, 9, 15])
            .pictures(384, 1000),
        Variant::new("efficientnet-v2-m", "EfficientNetV2-M", &[3, 5, 5, 7, 14, 18, 5])
            .pictures(480, 1000),
        Variant::new("efficientnet-v2-l", "EfficientNetV2-L", &[4, 7, 7, 10, 19, 25, 7])
            .pictures(480, 1000),
    ],
    input: |_, variant| {
        let pictures = InputDefaults::imagenet(variant.map_or(384, |v| v.size)).crop(1.0);
        match variant {
            // The largest one's weights take pixels to −1 … 1, the others' ImageNet's statistics.
            Some(variant) if variant.id.ends_with('l') => {
                pictures.resize(Filter::Bicubic).normalisation(SIGNED, false)
            }
            _ => pictures,
        }
    },
    leftovers: &[],
    build: |net, depths, from| {
        net.epsilon = TENSORFLOW_EPSILON;
        let strides = if depths.len() == 6 { [1, 2, 2, 2, 1, 2, 0] } else { STRIDES };
        build(net, depths, &strides, SWISH, from)
    },
};

/// Dimensions: as of [`EFFICIENTNET`].
pub static LITE: Family = Family {
    id: "efficientnet-lite",
    name: "EfficientNet-lite",
    names: &[],
    renames: &[],
    signatures: &[&["_conv_stem.weight", "_blocks.0._depthwise_conv.weight", "_conv_head.weight"]],
    dimensions: |tensors| {
        (!tensors.has("_blocks.0._se_reduce.weight")).then(|| dimensions(tensors, &LITE))?
    },
    variants: &[
        Variant::new("efficientnet-lite0", "EfficientNet-lite0", &[1, 2, 2, 3, 3, 4, 1, 320]),
        Variant::new("efficientnet-lite1", "EfficientNet-lite1", &[1, 3, 3, 4, 4, 5, 1, 320])
            .pictures(240, 882),
        Variant::new("efficientnet-lite2", "EfficientNet-lite2", &[1, 3, 3, 4, 4, 5, 1, 352])
            .pictures(260, 890),
        Variant::new("efficientnet-lite3", "EfficientNet-lite3", &[1, 3, 3, 5, 5, 6, 1, 384])
            .pictures(280, 904),
        Variant::new("efficientnet-lite4", "EfficientNet-lite4", &[1, 4, 4, 6, 6, 8, 1, 448])
            .pictures(300, 920),
    ],
    input: |_, variant| {
        // Published accuracies are of a 0.875 crop; the whole picture is explained here, which on
        // 200 pictures of ILSVRC's validation set is as accurate (152 right against 153).
        InputDefaults::imagenet(variant.map_or(224, |v| v.size))
            .crop(1.0)
            .resize(Filter::Bicubic)
            .normalisation([[127.0 / 255.0; 3], [128.0 / 255.0; 3]], false)
    },
    leftovers: &[],
    build: |net, dimensions, from| build(net, &dimensions[..WIDTH], &STRIDES, CLIPPED, from),
};

/// What the modules outside the blocks are called.
#[derive(PartialEq)]
struct Naming {
    stem: Layer,
    /// Relative to the module that comes after the stages.
    head: Layer,
    pool: &'static str,
    classifier: &'static [&'static str],
}

const TORCHVISION: Naming = Naming {
    stem: ["features.0.0", "features.0.1", "features.0.2"],
    head: ["0", "1", "2"],
    pool: "avgpool",
    classifier: &["classifier"],
};
const LUKEMELAS: Naming = Naming {
    stem: ["_conv_stem", "_bn0", "_act0"],
    head: ["_conv_head", "_bn1", "_act1"],
    pool: "_avg_pooling",
    classifier: &["_fc"],
};

impl Naming {
    fn of(tensors: &Tensors) -> Self {
        if tensors.has("_conv_stem.weight") { LUKEMELAS } else { TORCHVISION }
    }

    /// The block of a stage; lukemelas numbers those of all stages in one go.
    fn block(&self, stage: usize, index: usize, before: usize) -> String {
        match *self == TORCHVISION {
            true => format!("features.{}.{index}", stage + 1),
            false => format!("_blocks.{}", before + index),
        }
    }

    fn depths(&self, tensors: &Tensors) -> Vec<usize> {
        if *self == TORCHVISION {
            let is_stage = |stage: &usize| tensors.has_module(&format!("features.{stage}.0.block"));
            let stages = (1..).take_while(is_stage);
            return stages.map(|stage| tensors.count(&format!("features.{stage}."))).collect();
        }
        // Every stage has another number of channels than the one before.
        let out = |index| tensors.dim(&format!("_blocks.{index}._project_conv.weight"), 0);
        let out: Vec<_> = (0..tensors.count("_blocks.")).map(out).collect();
        out.chunk_by(|a, b| a == b).map(<[usize]>::len).collect()
    }
}

/// Only depths that are published: other networks have names like these.
fn dimensions(tensors: &Tensors, family: &Family) -> Option<Vec<usize>> {
    let naming = Naming::of(tensors);
    let mut dimensions = naming.depths(tensors);
    let is_known = family.variants.iter().any(|variant| variant.dimensions[..WIDTH] == dimensions);
    let head = if naming == TORCHVISION { "features.8.0" } else { "_conv_head" };
    dimensions.push(tensors.dim(&format!("{head}.weight"), 1));
    is_known.then_some(dimensions)
}

fn build(
    net: &mut GraphAssembler,
    depths: &[usize],
    strides: &[usize],
    style: Style,
    from: NodeId,
) -> Result<NodeId> {
    let naming = Naming::of(net.tensors);
    let same = naming == LUKEMELAS;
    if same {
        net.epsilon = TENSORFLOW_EPSILON;
    }
    let style = Style { same, ..style };
    let mut x = layer(net, naming.stem, window(3).stride(2), style, from)?;
    let mut before = 0;
    for (stage, (&depth, &first)) in depths.iter().zip(strides).enumerate() {
        for index in 0..depth {
            let stride = if index == 0 { first } else { 1 };
            let name = naming.block(stage, index, before);
            x = net.within(&name, |net| block(net, style, stride, x))?;
        }
        before += depth;
    }
    x = match same {
        true => layer(net, naming.head, window(1), style, x)?,
        false => net.within(&format!("features.{}", depths.len() + 1), |net| {
            layer(net, naming.head, window(1), style, x)
        })?,
    };
    net.pooled_head(naming.pool, Head::new(naming.classifier), x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_lies_in_stages_that_every_variant_has() {
        for variant in EFFICIENTNET_V2.variants {
            for name in EFFICIENTNET_V2.signatures[0] {
                let stage = name.strip_prefix("features.").and_then(|rest| rest.split('.').next());
                let stage: usize = stage.map_or(0, |stage| stage.parse().unwrap());
                assert!(stage <= variant.dimensions.len(), "{name} of {}", variant.id);
            }
        }
    }
}
