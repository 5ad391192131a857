//! RegNets (Radosavovic et al. 2020, "Designing Network Design Spaces") X, Y and Z as timm and
//! torchvision have them, and timm's V, with norms before convolutions.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules::{self, attention, conv_bn, conv_bn_act};
use super::tensors::Tensors;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Dimensions: blocks of each stage.
pub static REGNET: Family = Family {
    id: "regnet",
    name: "RegNet",
    names: &["regnet"],
    // torchvision's names, as timm spells them.
    renames: &[
        ("stem.0.", "stem.conv."),
        ("stem.1.", "stem.bn."),
        ("trunk_output.block1.block1-", "s1.b"),
        ("trunk_output.block2.block2-", "s2.b"),
        ("trunk_output.block3.block3-", "s3.b"),
        ("trunk_output.block4.block4-", "s4.b"),
        (".proj.0.", ".downsample.conv."),
        (".proj.1.", ".downsample.bn."),
        (".f.a.0.", ".conv1.conv."),
        (".f.a.1.", ".conv1.bn."),
        (".f.b.0.", ".conv2.conv."),
        (".f.b.1.", ".conv2.bn."),
        (".f.se.", ".se."),
        (".f.c.0.", ".conv3.conv."),
        (".f.c.1.", ".conv3.bn."),
    ],
    signatures: &[
        &["stem.conv.weight", "s1.b1.conv2.conv.weight", "s4.b1.conv3.conv.weight"],
        &["stem.conv.weight", "s1.b0.conv2.conv.weight", "s4.b0.conv3.conv.weight"],
        &["stem.weight", "s1.b1.norm1.weight", "s4.b1.conv3.weight"],
    ],
    dimensions: |tensors| {
        let first = first(tensors);
        Some((1..=4).map(|stage| tensors.count_from(first, &format!("s{stage}.b"))).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let before = net.has("s1.b1.norm1.weight");
        // RegNet-Z alone has no shortcuts with weights, and no activation after its sums.
        let linear = !before && !net.tensors.names().any(|name| name.contains(".downsample."));
        let activation = if before || linear { Pointwise::Silu } else { Pointwise::Relu };
        let style = Style { activation, linear };
        let mut x = match before {
            true => net.bare_convolution("stem", window(3).stride(2), from)?,
            false => conv_bn_act(net, "stem", 2, activation, from)?,
        };
        let first = first(net.tensors);
        for (stage, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 { 2 } else { 1 };
                x = net.within(&format!("s{stage}.b{}", index + first), |net| match before {
                    true => preactivated(net, activation, stride, x),
                    false => block(net, style, stride, x),
                })?;
            }
        }
        if net.has("final_conv.conv.weight") {
            x = conv_bn_act(net, "final_conv", 1, activation, x)?;
        } else if before || linear {
            x = net.add("final_conv", activation, &[x])?;
        }
        net.pooled_head("avgpool", Head::new(&["head.fc", "fc"]), x)
    },
};

#[derive(Clone, Copy)]
struct Style {
    activation: Pointwise,
    /// Whether blocks end in their sum.
    linear: bool,
}

/// The number of a stage's first block: 1 in timm, 0 in torchvision.
fn first(tensors: &Tensors) -> usize {
    usize::from(!tensors.has("s1.b0.conv2.conv.weight"))
}

fn block(net: &mut GraphAssembler, style: Style, stride: usize, from: NodeId) -> Result<NodeId> {
    let Style { activation, linear } = style;
    let mut x = conv_bn_act(net, "conv1", 1, activation, from)?;
    x = conv_bn_act(net, "conv2", stride, activation, x)?;
    x = attention(net, "se", activation, x)?;
    x = conv_bn(net, "conv3", 1, x)?;
    if net.has("downsample.conv.weight") {
        let shortcut = conv_bn(net, "downsample", stride, from)?;
        x = net.sum("add", x, shortcut)?;
    } else if net.shape(x) == net.shape(from) {
        x = net.sum("add", x, from)?;
    }
    if linear { Ok(x) } else { net.add("act3", activation, &[x]) }
}

/// Norms and activations before convolutions; the shortcut starts after the first.
fn preactivated(
    net: &mut GraphAssembler,
    activation: Pointwise,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let first = norm_act(net, "norm1", activation, from)?;
    let mut x = net.bare_convolution("conv1", window(1), first)?;
    x = norm_act(net, "norm2", activation, x)?;
    let grouped = modules::of_tensor(net, "conv2", x).stride(stride);
    x = net.bare_convolution("conv2", grouped, x)?;
    x = attention(net, "se", activation, x)?;
    x = norm_act(net, "norm3", activation, x)?;
    x = net.bare_convolution("conv3", window(1), x)?;
    let shortcut = match () {
        () if net.has("downsample.weight") => {
            net.bare_convolution("downsample", window(1).stride(stride), first)?
        }
        () if net.has("downsample.1.weight") => {
            let pooled =
                if stride > 1 { modules::halve(net, "downsample.0", first)? } else { first };
            net.bare_convolution("downsample.1", window(1), pooled)?
        }
        () => first,
    };
    net.sum("add", x, shortcut)
}

fn norm_act(
    net: &mut GraphAssembler,
    name: &str,
    activation: Pointwise,
    from: NodeId,
) -> Result<NodeId> {
    let x = net.norm(name, from)?;
    net.add(&format!("{name}.act"), activation, &[x])
}
