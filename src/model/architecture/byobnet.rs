//! Residual networks of configurable blocks, as timm builds them: GPU-efficient networks (Lin et
//! al. 2020), RepVGG (Ding et al. 2021), MobileOne (Vasu et al. 2023), CLIP's ResNets with an
//! average instead of their attention (Radford et al. 2021), and timm's own ResNets with tiered
//! stems.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{self, attention, conv_bn, conv_bn_act};
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Channels of a group of EvoNorm, and what it adds to variances.
const EVO_WIDTH: usize = 16;
const EVO_EPSILON: f32 = 1e-3;

/// Dimensions: blocks of each stage.
pub static BYOBNET: Family = Family {
    id: "byobnet",
    name: "Configurable residual network",
    names: &[
        "gernet",
        "repvgg",
        "mobileone",
        "resnet51q",
        "resnet61q",
        "resnext26ts",
        "gcresnet",
        "gcresnext",
        "seresnext26ts",
        "eca-resn",
        "resnet32ts",
        "resnet33ts",
        "seresnet33ts",
        "regnetz-",
        "resnet50-clip",
        "resnet101-clip",
        "resnet50x",
        "test-byobnet",
    ],
    renames: &[],
    signatures: &[
        &["stages.0.0.conv1_1x1.conv.weight"],
        &["stages.0.0.conv1_kxk.conv.weight"],
        &["stages.0.0.conv_kxk.conv.weight"],
        &["stages.0.0.conv_kxk.0.conv.weight"],
        &["stages.0.0.reparam_conv.weight"],
    ],
    dimensions: |tensors| {
        let stages = tensors.count("stages.");
        // Attention between positions: bottleneck, halo, lambda, bilinear.
        let strange = ["self_attn.", ".conv_spatial", "pos_embed", "attn.conv_block"];
        let plain = !tensors.names().any(|name| strange.iter().any(|part| name.contains(part)));
        plain.then(|| (0..stages).map(|i| tensors.count(&format!("stages.{i}."))).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let style = Style::of(net, depths);
        if net.has("final_conv.bn.v") {
            net.epsilon = EVO_EPSILON;
            net.width_of_evo_groups = Some(EVO_WIDTH);
        }
        let mut x = stem(net, &style, from)?;
        for (stage, &depth) in depths.iter().enumerate() {
            for index in 0..depth {
                let stride = if index == 0 { style.stride(stage) } else { 1 };
                let name = format!("stages.{stage}.{index}");
                x = net.within(&name, |net| block(net, &style, stride, x))?;
            }
        }
        if net.has("final_conv.conv.weight") {
            x = conv_bn_act(net, "final_conv", 1, style.activation, x)?;
        }
        net.pooled_head("avgpool", Head::new(&["head.fc"]), x)
    },
};

struct Style {
    activation: Pointwise,
    /// Whether blocks end in their sum, and what changes size or width has no shortcut.
    linear: bool,
    /// Whether the stem leaves the first stage to halve.
    halving: bool,
    /// Whether what strides are averages, in CLIP's networks.
    averages: bool,
}

impl Style {
    /// What published networks have; tensors distinguish them but for the activation behind a
    /// tiered stem, which follows from the name or else from depths.
    fn of(net: &mut GraphAssembler, depths: &[usize]) -> Self {
        let linear = !net.tensors.names().any(|name| {
            [".shortcut.", ".identity.", "reparam_conv", "conv_1x1.", "conv_scale."]
                .iter()
                .any(|part| name.contains(part))
        });
        let tiered =
            net.has("stem.conv3.conv.weight") && !net.has("stages.0.0.shortcut.conv.conv.weight");
        let smooth = match net.called.is_empty() {
            true => depths != [3, 4, 6, 3] || has_groups(net.tensors),
            false => !net.is_called("gcresnet50t"),
        };
        if tiered && !linear && net.called.is_empty() {
            net.guess("the activation is taken to be that of timm's network of these depths");
        }
        let activation = if linear || tiered && smooth { Pointwise::Silu } else { Pointwise::Relu };
        let halving = !net.has("stem.conv1.conv.weight") && !net.has("stem.conv1.weight");
        let averages = !halving && net.has("stages.0.0.shortcut.conv.conv.weight");
        Self { activation, linear, halving, averages }
    }

    fn stride(&self, stage: usize) -> usize {
        match stage {
            0 if !self.halving => 1,
            // GPU-efficient networks have a fifth stage of the fourth's size.
            4.. => 1,
            _ => 2,
        }
    }
}

/// Whether the first block's convolution of side 3 has groups.
fn has_groups(tensors: &Tensors) -> bool {
    let inputs = tensors.dim("stages.0.0.conv1_1x1.conv.weight", 0);
    tensors.dim("stages.0.0.conv2_kxk.conv.weight", 1) < inputs
}

/// One convolution, or several of which the last strides where no pool does.
fn stem(net: &mut GraphAssembler, style: &Style, from: NodeId) -> Result<NodeId> {
    if style.halving {
        return match net.has("stem.conv.weight") {
            true => conv_bn_act(net, "stem", 2, style.activation, from),
            false => net.within("stem", |net| branches(net, style.activation, 2, from)),
        };
    }
    let count = net.tensors.count_from(1, "stem.conv");
    let pools = style.averages || count == 3 && !style.linear && has_groups(net.tensors);
    let mut x = from;
    for index in 1..=count {
        let stride = if index == 1 || index == count && !pools { 2 } else { 1 };
        let name = format!("stem.conv{index}");
        x = match net.has(&format!("{name}.conv.weight")) {
            true => conv_bn_act(net, &name, stride, style.activation, x)?,
            false => net.bare_convolution(&name, window(3).stride(stride), x)?,
        };
    }
    match pools {
        true if style.averages => net.average_pool("stem.pool", Window::tiles(2), x),
        true => net.max_pool("stem.pool", window(3).stride(2), x),
        false => Ok(x),
    }
}

/// Names of the layers of a residual block in order: those of side 3, or one of them alone, stride.
const LAYERS: [&str; 6] =
    ["conv1_1x1", "conv1_kxk", "conv2_1x1", "conv2_kxk", "conv2b_kxk", "conv3_1x1"];

fn block(net: &mut GraphAssembler, style: &Style, stride: usize, from: NodeId) -> Result<NodeId> {
    if net.has("conv_kxk.conv.weight")
        || net.has("conv_kxk.0.conv.weight")
        || net.has("reparam_conv.weight")
    {
        return branches(net, style.activation, stride, from);
    }
    let layers = LAYERS.into_iter().filter(|name| net.has(&format!("{name}.conv.weight")));
    let layers: Vec<_> = layers.collect();
    let (mut x, mut left) = (from, stride);
    for (index, name) in layers.iter().enumerate() {
        if index + 1 == layers.len() {
            x = attention(net, "attn", Pointwise::Relu, x)?;
            x = conv_bn(net, name, if name.ends_with("kxk") { left } else { 1 }, x)?;
        } else if name.ends_with("kxk") {
            x = strided(net, style, name, std::mem::replace(&mut left, 1), x)?;
        } else {
            x = conv_bn_act(net, name, 1, style.activation, x)?;
        }
    }
    x = attention(net, "attn_last", Pointwise::Relu, x)?;
    if let Some(shortcut) = shortcut(net, stride, from, x)? {
        x = net.sum("add", x, shortcut)?;
    }
    if style.linear { Ok(x) } else { net.add("act", style.activation, &[x]) }
}

/// CLIP's networks average where others' convolutions stride.
fn strided(
    net: &mut GraphAssembler,
    style: &Style,
    name: &str,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    if !style.averages || stride == 1 {
        return conv_bn_act(net, name, stride, style.activation, from);
    }
    let x = conv_bn_act(net, name, 1, style.activation, from)?;
    net.average_pool(&format!("{name}.aa"), Window::tiles(stride), x)
}

/// A convolution of the block's input or of its averages, or the input itself where it fits.
fn shortcut(
    net: &mut GraphAssembler,
    stride: usize,
    from: NodeId,
    to: NodeId,
) -> Result<Option<NodeId>> {
    match () {
        () if net.has("shortcut.conv.conv.weight") => net.within("shortcut", |net| {
            let x = if stride > 1 { modules::halve(net, "pool", from)? } else { from };
            conv_bn(net, "conv", 1, x).map(Some)
        }),
        () if net.has("shortcut.conv.weight") => conv_bn(net, "shortcut", stride, from).map(Some),
        () => Ok((net.shape(from) == net.shape(to)).then_some(from)),
    }
}

/// RepVGG's and MobileOne's block: a sum of convolutions of several sides and a norm of the input,
/// or the one convolution that they were merged into.
fn branches(
    net: &mut GraphAssembler,
    activation: Pointwise,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let mut sum = match net.has("reparam_conv.weight") {
        true => {
            let window = modules::of_tensor(net, "reparam_conv", from).stride(stride);
            net.convolution("reparam_conv", window, from)?
        }
        false => parallel(net, stride, from)?,
    };
    sum = attention(net, "attn", Pointwise::Relu, sum)?;
    net.add("act", activation, &[sum])
}

fn parallel(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let several = (0..net.count("conv_kxk.")).map(|index| format!("conv_kxk.{index}"));
    let names = ["conv_kxk", "conv_1x1", "conv_scale"].map(String::from).into_iter().chain(several);
    let mut sum = None;
    for name in names {
        if net.has(&format!("{name}.conv.weight")) {
            let x = conv_bn(net, &name, stride, from)?;
            sum = Some(join(net, &name, sum, x)?);
        }
    }
    if net.has("identity.weight") {
        let x = net.norm("identity", from)?;
        sum = Some(join(net, "identity", sum, x)?);
    }
    Ok(sum.unwrap_or(from))
}

fn join(net: &mut GraphAssembler, name: &str, sum: Option<NodeId>, x: NodeId) -> Result<NodeId> {
    match sum {
        Some(sum) => net.sum(&format!("{name}.add"), sum, x),
        None => Ok(x),
    }
}
