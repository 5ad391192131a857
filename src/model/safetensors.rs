//! Reading safetensors.

use super::weights::Read;
use crate::error::{Error, Result};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

/// All tensors of a file.
///
/// # Errors
/// When the bytes are no whole safetensors file.
pub fn read(bytes: &[u8]) -> Result<Vec<Read>> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| {
        Error::new("not a whole safetensors file", e)
            .hint("check that it is safetensors and that the download finished")
    })?;
    let read = |(name, view): (&str, safetensors::tensor::TensorView)| {
        (name.to_string(), view.shape().to_vec(), to_f32(view.dtype(), view.data()))
    };
    Ok(file.iter().map(read).collect())
}

fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::F64 => Some(values(bytes, |b| f64::from_le_bytes(b) as f32)),
        Dtype::F32 => Some(values(bytes, f32::from_le_bytes)),
        Dtype::F16 => Some(values(bytes, |b| f16::from_le_bytes(b).to_f32())),
        Dtype::BF16 => Some(values(bytes, |b| bf16::from_le_bytes(b).to_f32())),
        _ => None,
    }
}

/// Values of `N` bytes each.
fn values<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect()
}
