//! Pictures of a measurement, batch by batch.

use super::data::Pictures;
use crate::graph::Graph;
use burn::tensor::{Tensor, TensorData};

/// Pictures to classify at once; attacks use a new random stream for each batch.
const BATCH: usize = 128;

/// Indices of `count` pictures, in batches.
pub fn batches(count: usize) -> Vec<Vec<usize>> {
    let starts = (0..count).step_by(BATCH);
    starts.map(|start| (start..(start + BATCH).min(count)).collect()).collect()
}

/// Some pictures as a network's input, N×C×H×W in [0,1].
pub fn tensor(graph: &Graph, pictures: &Pictures, indices: &[usize]) -> Tensor<4> {
    let [channels, height, width] = pictures.shape;
    let data = TensorData::new(pictures.plain(indices), [indices.len(), channels, height, width]);
    Tensor::from_data(data, graph.device())
}
