//! EfficientNet-lite: inverted residual blocks without squeeze-and-excitation, ReLU6, TensorFlow
//! padding (Tan and Le 2019, "EfficientNet"; the lite variant of TensorFlow's model garden).

use super::assembly::{Assembly, Padding, Window};
use super::{Architecture, InputDefaults, has_all};
use crate::error::Result;
use crate::graph::op::Arithmetic;
use crate::graph::{NodeId, Op};
use crate::model::weights::Weights;
use crate::picture::{Filter, Preprocessing};

pub const LITE0: Architecture = Architecture {
    id: "efficientnet-lite0",
    name: "EfficientNet-lite0",
    recognise: |weights| {
        has_all(
            weights,
            &[
                "_conv_stem.weight",
                "_blocks.15._project_conv.weight",
                "_conv_head.weight",
                "_fc.weight",
            ],
        ) && !has_all(weights, &["_blocks.16._project_conv.weight"])
    },
    input,
    lay: |assembly, from| lay(assembly, &[1, 2, 2, 3, 3, 4, 1], from),
};

/// A stage of blocks of one width; only its first block strides.
struct Stage {
    /// Widening inside a block.
    expansion: usize,
    out: usize,
    kernel: usize,
    stride: usize,
}

const STAGES: [Stage; 7] = [
    Stage { expansion: 1, out: 16, kernel: 3, stride: 1 },
    Stage { expansion: 6, out: 24, kernel: 3, stride: 2 },
    Stage { expansion: 6, out: 40, kernel: 5, stride: 2 },
    Stage { expansion: 6, out: 80, kernel: 3, stride: 2 },
    Stage { expansion: 6, out: 112, kernel: 5, stride: 1 },
    Stage { expansion: 6, out: 192, kernel: 5, stride: 2 },
    Stage { expansion: 6, out: 320, kernel: 3, stride: 1 },
];

const EPSILON: f32 = 1e-3;

fn input(_: &Weights) -> InputDefaults {
    InputDefaults {
        preprocessing: Preprocessing {
            channels: 3,
            size: [224, 224],
            mean: vec![127.0 / 255.0; 3],
            std: vec![128.0 / 255.0; 3],
            resize: Filter::Bicubic,
            // Published accuracies are of a 0.875 crop; the whole picture is explained here, which on
            // 200 pictures of ILSVRC's validation set is as accurate (152 right against 153).
            crop: 1.0,
        },
        labels: Some("imagenet"),
        normalisation_guessed: false,
    }
}

fn window(kernel: usize, stride: usize) -> Window {
    Window { kernel, stride, padding: Padding::Same }
}

fn lay(net: &mut Assembly, depths: &[usize; 7], from: NodeId) -> Result<NodeId> {
    let mut x = net.convolution_norm(["_conv_stem", "_bn0"], 32, 1, window(3, 2), EPSILON, from)?;
    x = net.relu6("_act0", x)?;
    let mut index = 0;
    for (stage, &depth) in STAGES.iter().zip(depths) {
        for repeat in 0..depth {
            let stride = if repeat == 0 { stage.stride } else { 1 };
            x = block(net, &format!("_blocks.{index}"), stage, stride, x)?;
            index += 1;
        }
    }
    x = net.convolution_norm(["_conv_head", "_bn1"], 1280, 1, window(1, 1), EPSILON, x)?;
    x = net.relu6("_act1", x)?;
    x = net.add("_avg_pooling", Op::GlobalAveragePool, &[x])?;
    let classes = net.outputs("_fc.weight")?;
    net.linear("_fc", classes, x)
}

fn block(
    net: &mut Assembly,
    name: &str,
    stage: &Stage,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let part = |part: &str| format!("{name}.{part}");
    let inputs = net.shape(from).channels;
    let wide = inputs * stage.expansion;
    let mut x = from;
    if stage.expansion != 1 {
        let names = [&*part("_expand_conv"), &*part("_bn0")];
        x = net.convolution_norm(names, wide, 1, window(1, 1), EPSILON, x)?;
        x = net.relu6(part("_act0"), x)?;
    }
    let names = [&*part("_depthwise_conv"), &*part("_bn1")];
    x = net.convolution_norm(names, wide, wide, window(stage.kernel, stride), EPSILON, x)?;
    x = net.relu6(part("_act1"), x)?;
    let names = [&*part("_project_conv"), &*part("_bn2")];
    x = net.convolution_norm(names, stage.out, 1, window(1, 1), EPSILON, x)?;
    match stride == 1 && inputs == stage.out {
        true => net.add(part("_add"), Arithmetic::Add, &[from, x]),
        false => Ok(x),
    }
}
