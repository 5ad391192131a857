//! Named tensors read from a weights file.

use crate::error::{Error, Result};
use crate::file::sha256;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::Path;

/// One tensor of a weights file, as f32 whatever the file's type was.
#[derive(Debug, Clone)]
pub struct WeightTensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// All tensors of a file by name.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    pub tensors: BTreeMap<String, WeightTensor>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Weights {
    /// Reads a safetensors file (f32, f16 or bf16).
    ///
    /// # Errors
    /// When the file can't be read, is no safetensors file or cut short, holds tensors of
    /// another type, or holds NaN or infinite weights.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot open weights {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        if bytes.is_empty() {
            return Err(Error::new(what(), "the file is empty").hint("download or copy it again"));
        }
        let file = SafeTensors::deserialize(&bytes).map_err(|e| {
            Error::new(what(), format!("not a whole safetensors file: {e}"))
                .hint("check that it is safetensors and that the download finished")
        })?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let values = to_f32(view.dtype(), view.data()).ok_or_else(|| {
                let why = format!("tensor `{name}` is {:?}", view.dtype());
                Error::new(what(), why).hint("F32, F16 and BF16 weights can be read")
            });
            // Counters such as `num_batches_tracked` are integers, and no weights.
            if is_counter(name) {
                continue;
            }
            let values = values?;
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let why = format!("tensor `{name}` holds {} at element {index}", values[index]);
                return Err(Error::new(what(), why)
                    .hint("the training that wrote it diverged, or the file is damaged"));
            }
            let shape = view.shape().to_vec();
            tensors.insert(name.to_string(), WeightTensor { shape, values });
        }
        Ok(Self { tensors, sha256: sha256(&bytes) })
    }

    /// Shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.shape.as_slice())
    }
}

fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    match dtype {
        Dtype::F32 => Some(
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        ),
        Dtype::F16 => Some(halves().map(|bits| half::f16::from_bits(bits).to_f32()).collect()),
        Dtype::BF16 => Some(halves().map(|bits| half::bf16::from_bits(bits).to_f32()).collect()),
        _ => None,
    }
}
