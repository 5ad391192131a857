//! Networks whose layers forgot what they learned, for the sanity check.

use super::description::{Better, Description, Measure, OverPictures};
use crate::error::Result;
use crate::graph::{Graph, read_back};
use crate::model::Model;
use crate::parameter::{Kind, Parameter};
use crate::random::RandomStream;
use burn::tensor::{Tensor, TensorData};
use rand_distr::{Distribution, Normal};

pub(super) static DESCRIPTION: Description = Description {
    id: "randomisation",
    name: "Parameter randomisation",
    better: Better::Lower,
    range: "−1 to 1, 1 for a map that the layers' weights do not change",
    over_pictures: OverPictures::Mean,
    paper: "Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, Sanity Checks for Saliency Maps, section 3; weights are drawn normally with the deviation of each layer's own, where the paper draws all alike",
    formula: "similarity of the map to itself after the layers from the output down lost their weights (cascading), or one did (independent); mean over the steps, and after the last",
    passes: "a map for every layer",
    parameters: &[
        Parameter {
            id: "order",
            help: "whether layers stay randomised from the output down, or are randomised one by one",
            unit: "",
            kind: Kind::Choice { default: "cascading", options: &["cascading", "independent"] },
            source: "Adebayo et al. 2018",
        },
        Parameter {
            id: "layers",
            help: "steps, evenly over all layers; 0 for every layer",
            unit: "layers",
            kind: Kind::Integer { default: 0, min: 0, max: 10_000 },
            source: "Adebayo et al. 2018: every layer",
        },
    ],
    measure: Measure::Randomisation,
};

/// Names of the nodes with weights, from the output down.
pub fn weighted_layers(graph: &Graph) -> Vec<String> {
    let weighted = graph.ids().rev().map(|id| graph.node(id));
    weighted.filter(|node| node.op.has_weights()).map(|node| node.name.clone()).collect()
}

/// The network with some layers' weights randomised: each value is sampled normally, with mean zero
/// and the deviation of that layer's own, so that activations keep their size. A layer's draw does
/// not depend on which others are drawn.
///
/// # Errors
/// When the device failed.
pub fn randomised(model: &Model, layers: &[String], seed: u64) -> Result<Model> {
    let failed = std::cell::RefCell::new(None);
    let graph = model.graph.with_operations(|node| {
        let stream = |part: &str| RandomStream::new(seed, part, &model.sha256, &node.name);
        let keep = |drawn: Result<Vec<f32>>| drawn.map_err(|e| failed.replace(Some(e))).ok();
        layers.contains(&node.name).then(|| {
            node.op.with_weights(
                |weight| match keep(drawn(weight.clone(), stream("weight"))) {
                    Some(values) => tensor(values, weight.dims(), &weight),
                    None => weight,
                },
                |bias| match keep(drawn(bias.clone(), stream("bias"))) {
                    Some(values) => tensor(values, bias.dims(), &bias),
                    None => bias,
                },
            )
        })
    });
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(model.with_graph(graph)),
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], like: &Tensor<D>) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &like.device())
}

/// As many values, with the deviation of these from zero.
fn drawn<const D: usize>(weights: Tensor<D>, stream: RandomStream) -> Result<Vec<f32>> {
    let values = read_back(weights)?;
    let square: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
    let deviation = (square / values.len() as f64).sqrt() as f32;
    let normal = Normal::new(0.0, deviation).expect("a root is a deviation");
    Ok(normal.sample_iter(stream.generator()).take(values.len()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{Convolution, Linear, Pointwise};
    use crate::graph::{GraphBuilder, Op, Shape};
    use burn::tensor::Device;
    use burn::tensor::ops::ConvOptions;

    #[test]
    fn layers_are_listed_from_the_output_down() {
        let device = Device::flex();
        let mut graph = GraphBuilder::new(Shape::new(1, 4, 4), &device);
        let weight = Tensor::ones([2, 1, 3, 3], &device);
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let convolution = Convolution::new(weight, None, options);
        let x = graph.add("first", convolution, &[Graph::INPUT]).unwrap();
        let x = graph.add("relu", Pointwise::Relu, &[x]).unwrap();
        let x = graph.add("flat", Op::Flatten, &[x]).unwrap();
        graph.add("last", Linear::new(Tensor::ones([3, 32], &device), None), &[x]).unwrap();
        assert_eq!(weighted_layers(&graph.finish().unwrap()), ["last", "first"]);
    }

    #[test]
    fn draws_keep_the_deviation_and_repeat() {
        let device = Device::flex();
        let weights = Tensor::<1>::ones([10_000], &device) * 0.2;
        let stream = RandomStream::new(1, "weight", "", "layer");
        let values = drawn(weights.clone(), stream).unwrap();
        let deviation = (values.iter().map(|v| v * v).sum::<f32>() / 1e4).sqrt();
        assert!((deviation - 0.2).abs() < 0.01, "{deviation}");
        assert_eq!(values, drawn(weights, stream).unwrap());
    }
}
