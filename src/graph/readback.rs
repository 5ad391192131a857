//! Reading values back from the device that computes them: the only place where the program waits
//! for a device.

use crate::error::{Error, Result};
use burn::tensor::Tensor;

/// Values of a tensor, on the host, in row-major order.
///
/// # Errors
/// When the device failed while computing them.
pub fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.try_into_vec_as::<f32>().map_err(|e| Error::device(format!("{e:?}")))
}
