//! SENets as their authors had them (Hu et al. 2018, "Squeeze-and-Excitation Networks"): strides as in
//! Caffe, a pool that reaches over the border.

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::head::Head;
use super::modules;
use super::resnet::depths;
use super::window::window;
use crate::error::Result;
use crate::graph::NodeId;
use crate::graph::op::Pointwise;

/// Dimensions: blocks of each layer.
pub static SENET: Family = Family {
    id: "senet",
    name: "SENet",
    names: &["legacy-se"],
    renames: &[],
    signatures: &[&[
        "layer0.conv1.weight",
        "layer1.0.se_module.fc1.weight",
        "layer4.0.se_module.fc1.weight",
    ]],
    dimensions: |tensors| Some(depths(tensors)),
    variants: &[],
    input: |_, _| InputDefaults::imagenet(224),
    leftovers: &[],
    build: |net, depths, from| {
        let mut x = net.within("layer0", |net| stem(net, from))?;
        x = net.max_pool_ceil("pool0", window(3).stride(2).padding(0), x)?;
        for (layer, &depth) in (1..).zip(depths) {
            for index in 0..depth {
                let stride = if index == 0 && layer > 1 { 2 } else { 1 };
                let name = format!("layer{layer}.{index}");
                x = net.within(&name, |net| block(net, stride, x))?;
            }
        }
        net.pooled_head("avgpool", Head::new(&["last_linear"]), x)
    },
};

fn layer(net: &mut GraphAssembler, index: usize, stride: usize, from: NodeId) -> Result<NodeId> {
    let [name, norm] = [format!("conv{index}"), format!("bn{index}")];
    let window = modules::of_tensor(net, &name, from).stride(stride);
    net.convolution_norm([&name, &norm], window, from)
}

fn stem(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for index in 1..=if net.has("conv3.weight") { 3 } else { 1 } {
        x = layer(net, index, if index == 1 { 2 } else { 1 }, x)?;
        x = net.relu(&format!("relu{index}"), x)?;
    }
    Ok(x)
}

/// The first convolution strides, or the second where that has groups.
fn block(net: &mut GraphAssembler, stride: usize, from: NodeId) -> Result<NodeId> {
    let grouped = net.dim("conv2.weight", 1) < net.dim("conv1.weight", 0);
    let [first, second] = if grouped { [1, stride] } else { [stride, 1] };
    let mut x = layer(net, 1, first, from)?;
    x = net.relu("relu1", x)?;
    x = layer(net, 2, second, x)?;
    x = net.relu("relu2", x)?;
    if net.has("conv3.weight") {
        x = layer(net, 3, 1, x)?;
    }
    x = modules::attention(net, "se_module", Pointwise::Relu, x)?;
    let mut shortcut = from;
    if net.has("downsample.0.weight") {
        let window = modules::of_tensor(net, "downsample.0", from).stride(stride);
        shortcut = net.convolution_norm(["downsample.0", "downsample.1"], window, from)?;
    }
    x = net.sum("add", x, shortcut)?;
    net.relu("relu", x)
}
