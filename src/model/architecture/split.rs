//! What stands in for the convolution of side 3 in residual blocks that split their channels:
//! Res2Net (Gao et al. 2019), ResNeSt's split attention (Zhang et al. 2020) and selective kernels
//! (Li et al. 2019), in timm's naming.

use super::graph_assembler::GraphAssembler;
use super::modules;
use super::window::window;
use crate::error::Result;
use crate::graph::op::{Arithmetic, Axes, Pointwise, Rearrange};
use crate::graph::{NodeId, Op, Shape};

/// The layer with its activation, if the file has one that splits at `name`.
pub fn block(
    net: &mut GraphAssembler,
    name: &str,
    stride: usize,
    from: NodeId,
) -> Result<Option<NodeId>> {
    match () {
        () if net.has("convs.0.weight") => hierarchy(net, stride, from),
        () if net.has(&format!("{name}.attn.fc_reduce.weight")) => {
            net.within(name, |net| selective_kernel(net, stride, from))
        }
        () if net.has(&format!("{name}.fc1.weight")) => split_attention(net, name, stride, from),
        () => return Ok(None),
    }
    .map(Some)
}

/// Some of the channels, `part` of as many equal parts as there are.
pub fn part(
    net: &mut GraphAssembler,
    name: &str,
    part: usize,
    width: usize,
    from: NodeId,
) -> Result<NodeId> {
    net.some_channels(name, part * width..(part + 1) * width, from)
}

/// Res2Net: every part sees the output of the one before, but for blocks that change the size or
/// the width; the last part is passed on, or averaged there.
fn hierarchy(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let first = stride > 1 || net.has("downsample.0.weight") || net.has("downsample.1.weight");
    let width = net.dim("convs.0.weight", 0).max(1);
    let count = net.shape(from).channels / width;
    let (mut parts, mut before) = (vec![], None);
    for index in 0..count.saturating_sub(1).max(1) {
        let mut x = part(net, &format!("split.{index}"), index, width, from)?;
        if let Some(before) = before.filter(|_| !first) {
            x = net.sum(&format!("join.{index}"), before, x)?;
        }
        let name = format!("convs.{index}");
        let window = modules::of_tensor(net, &name, x).stride(stride);
        x = modules::convolution_norm(net, [&name, &format!("bns.{index}")], window, x)?;
        x = net.relu(&format!("relus.{index}"), x)?;
        parts.push(x);
        before = Some(x);
    }
    if count > 1 {
        let mut last = part(net, &format!("split.{}", count - 1), count - 1, width, from)?;
        if first {
            last = net.average_pool("pool", window(3).stride(stride), last)?;
        }
        parts.push(last);
    }
    net.concatenate("concatenate", &parts)
}

/// ResNeSt: as many copies of the channels as its radix, weighed by a softmax among copies. Strides
/// are averages, before the layer where it has groups.
fn split_attention(
    net: &mut GraphAssembler,
    name: &str,
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let channels = net.shape(from).channels;
    let radix = (net.dim(&format!("{name}.conv.weight"), 0) / channels.max(1)).max(1);
    let groups = (channels / net.dim(&format!("{name}.fc1.weight"), 1).max(1)).max(1);
    let mut x = from;
    if stride > 1 && groups > 1 {
        x = net.average_pool("avd_first", window(3).stride(stride), x)?;
    }
    x = net.within(name, |net| attend(net, radix, groups, x))?;
    match stride > 1 && groups == 1 {
        true => net.average_pool("avd_last", window(3).stride(stride), x),
        false => Ok(x),
    }
}

fn attend(net: &mut GraphAssembler, radix: usize, groups: usize, from: NodeId) -> Result<NodeId> {
    let channels = net.shape(from).channels;
    let window_of_conv = modules::of_tensor(net, "conv", from);
    let x = net.convolution_norm(["conv", "bn0"], window_of_conv, from)?;
    let copies = net.relu("act0", x)?;
    let mut sum = copies;
    for copy in 0..radix {
        let one = part(net, &format!("copy.{copy}"), copy, channels, copies)?;
        sum = if copy == 0 { one } else { net.sum(&format!("sum.{copy}"), sum, one)? };
    }
    let narrow = window(1).groups(groups);
    let mut gate = net.global_average_pool("avgpool", sum)?;
    gate = net.convolution_norm(["fc1", "bn1"], narrow, gate)?;
    gate = net.relu("act1", gate)?;
    gate = net.convolution("fc2", narrow, gate)?;
    if radix == 1 {
        gate = net.add("gate", Pointwise::Sigmoid, &[gate])?;
        return net.add("scale", Arithmetic::Multiply, &[copies, gate]);
    }
    // The layer gives the channels of a group for every copy; the softmax is among the copies.
    let each = channels / groups;
    let by_copy = Shape::new(radix, channels, 1);
    let turn = Rearrange::new(&[groups, radix, each], &[1, 0, 2], by_copy);
    gate = net.add("copies", turn.unwrap_or(Rearrange::reshape(by_copy)), &[gate])?;
    gate = net.add("softmax", Op::Softmax(Axes::CHANNELS), &[gate])?;
    weighed(net, radix, copies, gate)
}

/// The sum of copies of the channels, each times its part of a gate of copies × channels.
fn weighed(net: &mut GraphAssembler, count: usize, copies: NodeId, gate: NodeId) -> Result<NodeId> {
    let Shape { channels: all, height, width } = net.shape(copies);
    let gate = net.add("gate", Rearrange::reshape(Shape::new(all, 1, 1)), &[gate])?;
    let x = net.add("scale", Arithmetic::Multiply, &[copies, gate])?;
    let channels = all / count;
    let stacked = Rearrange::reshape(Shape::new(count, channels * height, width));
    let x = net.add("stack", stacked, &[x])?;
    let x = net.add("sum", Op::Sum(Axes::CHANNELS), &[x])?;
    net.add("channels", Rearrange::reshape(Shape::new(channels, height, width)), &[x])
}

/// Selective kernels: the channels, or half of them each, through windows of 3 and of 5 (3,
/// dilated), weighed by a softmax between the two.
fn selective_kernel(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let paths = net.count("paths.").max(1);
    let whole = net.shape(from).channels;
    let splits = paths * net.dim("paths.0.conv.weight", 1) == whole;
    let mut out = vec![];
    for path in 0..paths {
        let x = match splits {
            true => part(net, &format!("split.{path}"), path, whole / paths, from)?,
            false => from,
        };
        let groups = modules::of_tensor(net, &format!("paths.{path}.conv"), x).groups;
        let window = window(3).dilated(path + 1).stride(stride).groups(groups);
        let x = net.within(&format!("paths.{path}"), |net| {
            let x = net.convolution_norm(["conv", "bn"], window, x)?;
            net.relu("act", x)
        })?;
        out.push(x);
    }
    let copies = net.concatenate("concatenate", &out)?;
    let mut sum = out[0];
    for (path, x) in out.iter().enumerate().skip(1) {
        sum = net.sum(&format!("sum.{path}"), sum, *x)?;
    }
    let gate = net.within("attn", |net| {
        let x = net.global_average_pool("avgpool", sum)?;
        let x = net.convolution_norm(["fc_reduce", "bn"], window(1), x)?;
        let x = net.relu("act", x)?;
        let x = net.bare_convolution("fc_select", window(1), x)?;
        let channels = net.shape(x).channels / paths;
        let x = net.add("paths", Rearrange::reshape(Shape::new(paths, channels, 1)), &[x])?;
        net.add("softmax", Op::Softmax(Axes::CHANNELS), &[x])
    })?;
    weighed(net, paths, copies, gate)
}
