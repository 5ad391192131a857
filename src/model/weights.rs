//! Named tensors of a weights file.

use super::{safetensors, state_dict};
use crate::error::{Error, Result};
use crate::file::sha256;
use std::collections::BTreeMap;
use std::path::Path;

/// One tensor of a weights file, as f32 whatever the file's type was.
#[derive(Debug, Clone)]
pub struct WeightTensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// All tensors of a network by name.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    pub tensors: BTreeMap<String, WeightTensor>,
    /// Mean and standard deviation of the [0,1] pixels, where the file holds them.
    pub normalisation: Option<[Vec<f32>; 2]>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// One tensor as a file holds it; none for what is no weight, such as counters.
pub(super) type Read = (String, Vec<usize>, Option<Vec<f32>>);

impl Weights {
    /// Reads safetensors and names the tensors as the network's modules do, without the wrappers
    /// they were saved in.
    ///
    /// # Errors
    /// When the file can't be read or is cut short, holds weights of a type that is not read, or
    /// NaN or infinite weights.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot open weights {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        if bytes.is_empty() {
            return Err(Error::new(what(), "the file is empty").hint("download or copy it again"));
        }
        let tensors = safetensors::read(&bytes).map_err(|e| Error::new(what(), e))?;
        let mut named = BTreeMap::new();
        for (name, shape, values) in tensors {
            // Counters such as `num_batches_tracked` are integers, and no weights.
            if name.ends_with("num_batches_tracked") {
                continue;
            }
            let values = values.ok_or_else(|| {
                Error::new(what(), format!("tensor `{name}` holds no floating-point numbers"))
                    .hint("F64, F32, F16 and BF16 weights can be read")
            })?;
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let why = format!("tensor `{name}` holds {} at element {index}", values[index]);
                return Err(Error::new(what(), why)
                    .hint("the training that wrote it diverged, or the file is damaged"));
            }
            named.insert(name, WeightTensor { shape, values });
        }
        let (tensors, normalisation) = state_dict::unwrapped(named);
        Ok(Self { tensors, normalisation, sha256: sha256(&bytes) })
    }

    /// Shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.shape.as_slice())
    }
}
