//! Reading values back from the device that computes them: the only place where the program waits
//! for a device, and never without an end.

use super::liveness;
use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor};

/// Values of a tensor, on the host, in row-major order.
///
/// # Errors
/// When the device failed while computing them, or does not answer.
pub fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let read = |tensor: Tensor<D>| tensor.try_into_vec_as::<f32>().map_err(failed);
    match liveness::of(&tensor.device()) {
        None => read(tensor),
        Some(device) => device.wait(move || read(tensor)),
    }
}

/// Waits until a device has done all that this thread handed to it.
///
/// # Errors
/// When the device failed, or does not answer.
pub fn settle(device: &Device) -> Result<()> {
    // The CPU computes on submission.
    let Some(liveness) = liveness::of(device) else { return Ok(()) };
    let device = device.clone();
    liveness.wait(move || device.sync().map_err(failed))
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::device(why)
}
