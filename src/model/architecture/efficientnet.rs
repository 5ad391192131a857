//! EfficientNet (Tan and Le 2019) in the spellings of torchvision, timm and lukemelas, and
//! EfficientNet-lite: without squeeze-and-excitation, with ReLU6 (TensorFlow's model garden).
//!
//! Weights ported from TensorFlow need its padding and its ε in batch norm, which the tensors don't
//! tell. lukemelas has only such; torchvision's own are of neither; timm has both: its own for the
//! sizes that it trained, those of TensorFlow for the rest. A card that names `tf-…` decides.

use super::assembly::Assembly;
use super::inverted::{Layer, Style, block, layer};
use super::tensors::Tensors;
use super::window::window;
use super::{Family, InputDefaults, Variant};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;
use crate::picture::Filter;

const TENSORFLOW_EPSILON: f32 = 1e-3;
/// Of the first block of each stage.
const STRIDES: [usize; 7] = [1, 2, 2, 2, 1, 2, 1];
/// Place in a plan of the channels after the last block, and of 1 for a port from TensorFlow.
const WIDTH: usize = 7;
const PORT: usize = 8;

/// Rows for a network under its own name and as a port from TensorFlow.
macro_rules! variants {
    (
        $($id:literal, $name:literal, [$($plan:literal),*], $size:literal, $crop:literal;)*
        $(also $alone:expr)?
    ) => {
        &[$($alone,)? $(
            Variant::new(
                concat!("efficientnet-", $id), concat!("EfficientNet-", $name), &[$($plan,)* 0],
            ).pictures($size, $crop),
            Variant::new(
                concat!("tf-efficientnet-", $id), concat!("EfficientNet-", $name), &[$($plan,)* 1],
            ).pictures($size, $crop),
        )*]
    };
}

/// Plan: blocks of each stage, channels after the last, 1 for a port from TensorFlow.
pub static EFFICIENTNET: Family = Family {
    id: "efficientnet",
    name: "EfficientNet",
    renames: &[],
    marks: &[
        &[
            "features.0.0.weight",
            "features.1.0.block.1.fc1.weight",
            "features.8.0.weight",
            "classifier.1.weight",
        ],
        &[
            "conv_stem.weight",
            "blocks.0.0.se.conv_reduce.weight",
            "conv_head.weight",
            "classifier.weight",
        ],
        &["_conv_stem.weight", "_blocks.0._se_reduce.weight", "_conv_head.weight", "_fc.weight"],
    ],
    plan: |tensors| plan(tensors, &EFFICIENTNET),
    variants: variants!(
        "b0", "B0", [1, 2, 2, 3, 3, 4, 1, 320], 224, 875;
        "b1", "B1", [2, 3, 3, 4, 4, 5, 2, 320], 240, 882;
        "b2", "B2", [2, 3, 3, 4, 4, 5, 2, 352], 260, 890;
        "b3", "B3", [2, 3, 3, 5, 5, 6, 2, 384], 300, 904;
        "b4", "B4", [2, 4, 4, 6, 6, 8, 2, 448], 380, 922;
        "b5", "B5", [3, 5, 5, 7, 7, 9, 3, 512], 456, 934;
        "b6", "B6", [3, 6, 6, 8, 8, 11, 3, 576], 528, 942;
        "b7", "B7", [4, 7, 7, 10, 10, 13, 4, 640], 600, 949;
    ),
    input: |_, variant| {
        let (size, crop) = variant.map_or((224, 875), |v| (v.size, v.crop));
        InputDefaults::imagenet(size).crop(crop as f32 / 1000.0).resize(Filter::Bicubic)
    },
    leftovers: &[],
    lay: |net, plan, from| {
        // torchvision's three largest have TensorFlow's ε, though not its padding.
        if plan[WIDTH] >= LARGE && Naming::of(net.tensors) == TORCHVISION {
            net.epsilon = TENSORFLOW_EPSILON;
        }
        lay(net, plan, SWISH, from)
    },
};

const SWISH: Style = Style {
    activation: Pointwise::Silu,
    squeeze: Pointwise::Silu,
    gate: Pointwise::Sigmoid,
    same: false,
};
const CLIPPED: Style = Style { activation: Pointwise::RELU6, ..SWISH };

/// Channels of EfficientNet-B5: timm's own are smaller.
const LARGE: usize = 512;

/// Plan: as of [`EFFICIENTNET`].
pub static LITE: Family = Family {
    id: "efficientnet-lite",
    name: "EfficientNet-lite",
    renames: &[],
    marks: &[
        &["conv_stem.weight", "blocks.0.0.conv_dw.weight", "conv_head.weight", "classifier.weight"],
        &[
            "_conv_stem.weight",
            "_blocks.0._depthwise_conv.weight",
            "_conv_head.weight",
            "_fc.weight",
        ],
    ],
    plan: |tensors| {
        let squeezes = ["blocks.0.0.se.conv_reduce.weight", "_blocks.0._se_reduce.weight"];
        (!squeezes.iter().any(|name| tensors.has(name))).then(|| plan(tensors, &LITE))?
    },
    variants: variants!(
        "lite0", "lite0", [1, 2, 2, 3, 3, 4, 1, 320], 224, 875;
        "lite1", "lite1", [1, 3, 3, 4, 4, 5, 1, 320], 240, 882;
        "lite2", "lite2", [1, 3, 3, 4, 4, 5, 1, 352], 260, 890;
        "lite3", "lite3", [1, 3, 3, 5, 5, 6, 1, 384], 280, 904;
        "lite4", "lite4", [1, 4, 4, 6, 6, 8, 1, 448], 300, 920;
        // timm builds its MobileNet-v2 of the same parts.
        also Variant::new("mobilenetv2-100", "MobileNet-v2", &[1, 2, 3, 4, 3, 3, 1, 320, 0])
    ),
    input: |tensors, variant| {
        let pictures = InputDefaults::imagenet(variant.map_or(224, |v| v.size));
        // Published accuracies are of a 0.875 crop; the whole picture is explained here, which on
        // 200 pictures of ILSVRC's validation set is as accurate (152 right against 153).
        let pictures = pictures.crop(1.0).resize(Filter::Bicubic);
        match Naming::of(tensors) == LUKEMELAS {
            true => pictures.normalisation([[127.0 / 255.0; 3], [128.0 / 255.0; 3]], false),
            // timm's own lite0 takes ImageNet's mean and deviation, those of TensorFlow don't.
            false if variant.is_none_or(|v| v.plan[PORT] == 0 && is_of_timm(v.plan, CLIPPED)) => {
                pictures
            }
            false => pictures.normalisation(super::input::SIGNED, true),
        }
    },
    leftovers: &[],
    lay: |net, plan, from| lay(net, plan, CLIPPED, from),
};

const LITE0: [usize; 8] = [1, 2, 2, 3, 3, 4, 1, 320];
const MOBILENET_V2: [usize; 7] = [1, 2, 3, 4, 3, 3, 1];

/// What the modules outside the blocks are called.
#[derive(PartialEq)]
struct Naming {
    stem: Layer,
    head: Layer,
    pool: &'static str,
    linear: &'static str,
}

const TORCHVISION: Naming = Naming {
    stem: ["features.0.0", "features.0.1", "features.0.2"],
    head: ["features.8.0", "features.8.1", "features.8.2"],
    pool: "avgpool",
    linear: "classifier.1",
};
const TIMM: Naming = Naming {
    stem: ["conv_stem", "bn1", "bn1.act"],
    head: ["conv_head", "bn2", "bn2.act"],
    pool: "global_pool",
    linear: "classifier",
};
const LUKEMELAS: Naming = Naming {
    stem: ["_conv_stem", "_bn0", "_act0"],
    head: ["_conv_head", "_bn1", "_act1"],
    pool: "_avg_pooling",
    linear: "_fc",
};

impl Naming {
    fn of(tensors: &Tensors) -> Self {
        if tensors.has("_conv_stem.weight") {
            return LUKEMELAS;
        }
        if tensors.has("conv_stem.weight") { TIMM } else { TORCHVISION }
    }

    /// The block of a stage; lukemelas numbers those of all stages in one go.
    fn block(&self, stage: usize, index: usize, before: usize) -> String {
        match self {
            naming if *naming == TORCHVISION => format!("features.{}.{index}", stage + 1),
            naming if *naming == TIMM => format!("blocks.{stage}.{index}"),
            _ => format!("_blocks.{}", before + index),
        }
    }

    fn depths(&self, tensors: &Tensors) -> Vec<usize> {
        match self {
            naming if *naming == TORCHVISION => {
                (1..=7).map(|stage| tensors.count(&format!("features.{stage}."))).collect()
            }
            naming if *naming == TIMM => {
                (0..7).map(|stage| tensors.count(&format!("blocks.{stage}."))).collect()
            }
            // Every stage has another number of channels than the one before.
            _ => {
                let out = |index| tensors.side(&format!("_blocks.{index}._project_conv.weight"), 0);
                let out: Vec<_> = (0..tensors.count("_blocks.")).map(out).collect();
                out.chunk_by(|a, b| a == b).map(<[usize]>::len).collect()
            }
        }
    }
}

/// Only depths that are published: timm builds many other networks with names like these.
fn plan(tensors: &Tensors, family: &Family) -> Option<Vec<usize>> {
    let naming = Naming::of(tensors);
    let mut plan = naming.depths(tensors);
    let is_known = family.variants.iter().any(|variant| variant.plan[..WIDTH] == plan);
    plan.push(tensors.side(&format!("{}.weight", naming.head[0]), 1));
    plan.push(0);
    is_known.then_some(plan)
}

fn lay(net: &mut Assembly, plan: &[usize], style: Style, from: NodeId) -> Result<NodeId> {
    let naming = Naming::of(net.tensors);
    let own = naming == TORCHVISION || naming == TIMM && is_of_timm(plan, style);
    let same = plan[PORT] == 1 || !own;
    if same {
        net.epsilon = TENSORFLOW_EPSILON;
    }
    if naming == TIMM && !net.named {
        net.guess(match same {
            true => "padding and epsilon of batch norm are taken to be TensorFlow's",
            false => {
                "padding and epsilon of batch norm are taken to be PyTorch's; \
                      a model card that names tf-efficientnet-… takes TensorFlow's"
            }
        });
    }
    let style = Style { same, ..style };
    let mut x = layer(net, naming.stem, window(3).stride(2), style, from)?;
    let mut before = 0;
    for (stage, &depth) in plan[..WIDTH].iter().enumerate() {
        for index in 0..depth {
            let stride = if index == 0 { STRIDES[stage] } else { 1 };
            let name = naming.block(stage, index, before);
            x = net.within(&name, |net| block(net, style, stride, x))?;
        }
        before += depth;
    }
    x = layer(net, naming.head, window(1), style, x)?;
    x = net.global_average_pool(naming.pool, x)?;
    net.linear(naming.linear, x)
}

/// Whether timm trained this size itself; nobody ported a MobileNet-v2, which is told by its depths.
fn is_of_timm(plan: &[usize], style: Style) -> bool {
    match style.activation {
        Pointwise::RELU6 => plan[..PORT] == LITE0 || plan[..WIDTH] == MOBILENET_V2,
        _ => plan[WIDTH] < LARGE,
    }
}
