//! HRNet (Wang et al. 2020, "Deep High-Resolution Representation Learning"): branches of several
//! resolutions that are added up again and again.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::resnet;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Matrix;

/// Dimensions: modules of each stage after the first.
pub static HRNET: Family = Family {
    id: "hrnet",
    name: "HRNet",
    names: &["hrnet"],
    renames: &[],
    signatures: &[&[
        "conv2.weight",
        "layer1.0.conv1.weight",
        "transition1.0.0.weight",
        "stage4.0.branches.3.0.conv1.weight",
        "incre_modules.0.0.conv1.weight",
        "final_layer.0.weight",
    ]],
    dimensions: |tensors| {
        Some((2..=4).map(|stage| tensors.count(&format!("stage{stage}."))).collect())
    },
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, dimensions, from| {
        let mut x = from;
        for [name, norm, relu] in [["conv1", "bn1", "act1"], ["conv2", "bn2", "act2"]] {
            x = layer(net, [name, norm, relu], 2, x)?;
        }
        x = blocks(net, "layer1.", x)?;
        let mut branches = vec![x];
        for (stage, &modules) in (2..).zip(dimensions) {
            branches = transition(net, stage, &branches)?;
            for module in 0..modules {
                let name = format!("stage{stage}.{module}");
                branches = net.within(&name, |net| fuse_module(net, &branches))?;
            }
        }
        x = head(net, &branches)?;
        net.pooled_head("avgpool", Head::new(&["classifier"]), x)
    },
};

/// A convolution of side 3 with norm and ReLU.
fn layer(
    net: &mut GraphAssembler,
    [name, norm, relu]: [&str; 3],
    stride: usize,
    from: NodeId,
) -> Result<NodeId> {
    let x = net.convolution_norm([name, norm], window(3).stride(stride), from)?;
    net.relu(relu, x)
}

fn blocks(net: &mut GraphAssembler, prefix: &str, from: NodeId) -> Result<NodeId> {
    (0..net.count(prefix)).try_fold(from, |x, index| {
        net.within(&format!("{prefix}{index}"), |net| resnet::plain_block(net, x))
    })
}

/// The branches of a stage: those before, one of them with other channels at most, and one more of
/// half the resolution of the last.
fn transition(net: &mut GraphAssembler, stage: usize, before: &[NodeId]) -> Result<Vec<NodeId>> {
    let count = net.count(&format!("stage{stage}.0.branches."));
    let last = before[before.len() - 1];
    let mut branches = vec![];
    for index in 0..count {
        let name = format!("transition{}.{index}", stage - 1);
        branches.push(net.within(&name, |net| match before.get(index) {
            Some(branch) if !net.has("0.weight") => Ok(*branch),
            Some(_) => layer(net, ["0", "1", "2"], 1, last),
            None => (0..net.count("")).try_fold(last, |x, step| {
                net.within(&step.to_string(), |net| layer(net, ["0", "1", "2"], 2, x))
            }),
        })?);
    }
    Ok(branches)
}

/// Blocks on every branch; then every branch becomes the sum of all, brought to its resolution.
fn fuse_module(net: &mut GraphAssembler, branches: &[NodeId]) -> Result<Vec<NodeId>> {
    let mut values = vec![];
    for (index, branch) in branches.iter().enumerate() {
        values.push(blocks(net, &format!("branches.{index}."), *branch)?);
    }
    let fuse = |to: usize, net: &mut GraphAssembler| {
        let mut sum = brought(net, 0, to, values[0])?;
        for (from, value) in values.iter().enumerate().skip(1) {
            let x = brought(net, from, to, *value)?;
            sum = net.sum(&format!("add{from}"), sum, x)?;
        }
        net.relu("act", sum)
    };
    (0..values.len())
        .map(|to| net.within(&format!("fuse_layers.{to}"), |net| fuse(to, net)))
        .collect()
}

/// The value of a branch at the resolution of another: repeated positions, or strides one by one.
fn brought(net: &mut GraphAssembler, from: usize, to: usize, value: NodeId) -> Result<NodeId> {
    net.within(&from.to_string(), |net| match from.cmp(&to) {
        std::cmp::Ordering::Equal => Ok(value),
        std::cmp::Ordering::Greater => {
            let x = net.convolution_norm(["0", "1"], window(1), value)?;
            let factor = 1 << (from - to);
            let repeated = |n| Some(Matrix::from_choice(n, (0..n * factor).map(|i| i / factor)));
            net.resampled("upsample", repeated, x)
        }
        std::cmp::Ordering::Less => (0..to - from).try_fold(value, |x, step| {
            net.within(&step.to_string(), |net| {
                let x = net.convolution_norm(["0", "1"], window(3).stride(2), x)?;
                if step + 1 < to - from { net.relu("2", x) } else { Ok(x) }
            })
        }),
    })
}

/// Every branch widened and added to the halved sum of those before.
fn head(net: &mut GraphAssembler, branches: &[NodeId]) -> Result<NodeId> {
    let mut sum = blocks(net, "incre_modules.0.", branches[0])?;
    for (index, branch) in branches.iter().enumerate().skip(1) {
        let x = blocks(net, &format!("incre_modules.{index}."), *branch)?;
        sum = net.within(&format!("downsamp_modules.{}", index - 1), |net| {
            let halved = layer(net, ["0", "1", "2"], 2, sum)?;
            net.sum("add", x, halved)
        })?;
    }
    let x = net.convolution_norm(["final_layer.0", "final_layer.1"], window(1), sum)?;
    net.relu("final_layer.2", x)
}
