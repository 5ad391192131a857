//! Convolutions whose weights depend on the picture (Yang et al. 2019, "CondConv").

use super::graph_assembler::GraphAssembler;
use super::window::Window;
use crate::error::{Error, Result};
use crate::graph::NodeId;
use crate::graph::op::{Arithmetic, Pointwise};

/// How much each expert counts for a block's input: from its means over all positions.
pub fn gates(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let x = net.global_average_pool("routing_fn.avgpool", from)?;
    let x = net.linear("routing_fn", x)?;
    net.add("routing_fn.sigmoid", Pointwise::Sigmoid, &[x])
}

/// The sum of the experts' convolutions by their gates, and a norm. The tensor has an expert's
/// weights in every row; the window's sides follow from their number.
pub fn convolution(
    net: &mut GraphAssembler,
    [name, norm]: [&str; 2],
    gates: NodeId,
    window: impl Fn(usize) -> Window,
    from: NodeId,
) -> Result<NodeId> {
    let shape = net.tensor_shape(&format!("{name}.weight")).unwrap_or_default();
    let (experts, count) = (net.shape(gates).channels, shape.last().copied().unwrap_or(0));
    let outputs = net.tensor_shape(&format!("{norm}.weight")).map_or(1, |shape| shape[0]);
    let inputs = net.shape(from).channels / window(1).groups;
    let side = (count / (outputs * inputs).max(1)).isqrt();
    if side == 0 || outputs * inputs * side * side != count {
        let why =
            format!("`{name}.weight` is {shape:?}, which is not a window of {inputs} channels");
        return Err(Error::new("the weights do not fit the architecture", why));
    }
    let kernels = net.values(&format!("{name}.weight"), &[experts, count]);
    let mut parts = vec![];
    for (expert, kernel) in kernels.chunks_exact(count).enumerate() {
        let name = format!("{name}.{expert}");
        let x = net.build_convolution(&name, kernel.to_vec(), None, window(side), from)?;
        let gate = net.some_channels(&format!("{name}.gate"), expert..expert + 1, gates)?;
        parts.push(net.add(&format!("{name}.scale"), Arithmetic::Multiply, &[x, gate])?);
    }
    let x = net.total(name, &parts)?;
    net.norm(norm, x)
}
