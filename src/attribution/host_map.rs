//! Maps that lie on a device, brought to the host.

use crate::error::Result;
use crate::graph::read_back;
use burn::tensor::Tensor;
use ndarray::Array3;

/// A tensor of one sample, 1×C×H×W, as a map on the host.
pub fn to_map(tensor: Tensor<4>) -> Result<Array3<f32>> {
    let [_, channels, height, width] = tensor.dims();
    let values = read_back(tensor)?;
    Ok(Array3::from_shape_vec((channels, height, width), values).expect("a tensor's own shape"))
}
