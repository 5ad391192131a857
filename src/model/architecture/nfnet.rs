//! Networks without norms (Brock et al. 2021, "High-Performance Large-Scale Image Recognition
//! Without Normalization"): standardised kernels, and activations that keep the variance.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{self, attention};
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// What a block adds counts by.
const ALPHA: f32 = 0.2;
/// What attention's gate counts by.
const ATTENTION_GAIN: f32 = 2.0;
/// What is added to variances of kernels.
const EPSILON: f32 = 1e-5;

/// Dimensions: blocks of each stage.
pub static NFNET: Family = Family {
    id: "nfnet",
    name: "NFNet",
    names: &["dm-nfnet", "nfnet", "eca-nfnet", "nf-", "test-nfnet"],
    renames: &[],
    signatures: &[
        &["stem.conv4.gain", "stages.0.0.conv3.gain", "final_conv.gain"],
        &["stem.conv.gain", "stages.0.0.conv3.gain"],
    ],
    dimensions: |tensors| {
        let stages = tensors.count("stages.");
        Some((0..stages).map(|stage| tensors.count(&format!("stages.{stage}."))).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let style = Style::of(net);
        net.gain = if style.gain_in_activation { 1.0 } else { style.gain };
        net.standardised = Some(EPSILON);
        let (mut x, mut halves) = stem(net, &style, from)?;
        let mut variance = 1.0f32;
        for (stage, &depth) in depths.iter().enumerate() {
            for index in 0..depth {
                let stride = if index == 0 && halves { 2 } else { 1 };
                let beta = variance.sqrt().recip();
                let name = format!("stages.{stage}.{index}");
                x = net.within(&name, |net| block(net, &style, stride, beta, x))?;
                variance = if index == 0 { 1.0 } else { variance } + ALPHA * ALPHA;
            }
            halves = true;
        }
        if net.has("final_conv.weight") {
            x = convolution(net, &style, "final_conv", 1, x)?;
        }
        x = style.activate(net, "final_act", x)?;
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

/// What published networks have; stems and blocks distinguish them.
struct Style {
    activation: Pointwise,
    /// The factor that gives the activation's output variance 1.
    gain: f32,
    /// Whether activations have the factor, or kernels.
    gain_in_activation: bool,
    /// Whether padding is TensorFlow's.
    same: bool,
}

const GELU: (Pointwise, f32) = (Pointwise::Gelu, 1.701_504_3);
const SILU: (Pointwise, f32) = (Pointwise::Silu, 1.788_129_3);
const RELU: (Pointwise, f32) = (Pointwise::Relu, 1.713_958_9);

impl Style {
    fn of(net: &mut GraphAssembler) -> Self {
        let of_deepmind = net.has("stages.0.0.skipinit_gain");
        let is_large = is_large(net.tensors);
        let (activation, gain) = match net.dim("stem.conv.weight", 2) {
            7 => RELU,
            0 if of_deepmind || is_large => GELU,
            _ => SILU,
        };
        if net.called.is_empty() {
            net.guess("activation and padding are those of timm's networks of these shapes");
        }
        Self { activation, gain, gain_in_activation: of_deepmind, same: of_deepmind }
    }

    fn activate(&self, net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
        let x = net.add(name, self.activation, &[from])?;
        match self.gain_in_activation {
            true => net.constants(&format!("{name}.gain"), [Some(self.gain), None], x),
            false => Ok(x),
        }
    }
}

/// Whether groups are as wide as in the largest networks.
fn is_large(tensors: &Tensors) -> bool {
    tensors.dim("stages.0.0.conv2.weight", 1) == 128
}

fn convolution(
    net: &mut GraphAssembler,
    style: &Style,
    name: &str,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let window: Window = modules::of_tensor(net, name, from).stride(stride);
    net.convolution(name, if style.same { window.same() } else { window }, from)
}

/// The stem, and whether it leaves the first stage to halve.
fn stem(net: &mut GraphAssembler, style: &Style, from: NodeId) -> Result<(NodeId, bool)> {
    let side = net.dim("stem.conv.weight", 2);
    if side > 0 {
        let x = convolution(net, style, "stem.conv", 2, from)?;
        return match side {
            7 => Ok((net.max_pool("stem.pool", window(3).stride(2), x)?, false)),
            _ => Ok((x, true)),
        };
    }
    let mut x = convolution(net, style, "stem.conv1", 2, from)?;
    for (index, stride) in [(2, 1), (3, 1), (4, 2)] {
        x = style.activate(net, &format!("stem.act{index}"), x)?;
        x = convolution(net, style, &format!("stem.conv{index}"), stride, x)?;
    }
    Ok((x, false))
}

/// `beta` brings the block's input to variance 1.
fn block(
    net: &mut GraphAssembler,
    style: &Style,
    stride: usize,
    beta: f32,
    from: NodeId,
) -> Result<NodeId> {
    let x = style.activate(net, "act1", from)?;
    let first = net.constants("beta", [Some(beta), None], x)?;
    let mut shortcut = from;
    if net.has("downsample.conv.weight") {
        let pooled =
            if stride > 1 { modules::halve(net, "downsample.pool", first)? } else { first };
        shortcut = convolution(net, style, "downsample.conv", 1, pooled)?;
    }
    let mut x = convolution(net, style, "conv1", 1, first)?;
    x = style.activate(net, "act2", x)?;
    x = convolution(net, style, "conv2", stride, x)?;
    if net.has("conv2b.weight") {
        x = style.activate(net, "act2b", x)?;
        x = convolution(net, style, "conv2b", 1, x)?;
    }
    x = gained_attention(net, "attn", x)?;
    x = style.activate(net, "act3", x)?;
    x = convolution(net, style, "conv3", 1, x)?;
    x = gained_attention(net, "attn_last", x)?;
    let skipinit = net.constant("skipinit_gain").unwrap_or(1.0);
    x = net.constants("alpha", [Some(ALPHA * skipinit), None], x)?;
    net.sum("add", x, shortcut)
}

fn gained_attention(net: &mut GraphAssembler, name: &str, from: NodeId) -> Result<NodeId> {
    // Attention's own layers are plain.
    let standardised = net.standardised.take();
    let x = attention(net, name, Pointwise::Relu, from)?;
    net.standardised = standardised;
    match x == from {
        true => Ok(x),
        false => net.constants(&format!("{name}.gain"), [Some(ATTENTION_GAIN), None], x),
    }
}
