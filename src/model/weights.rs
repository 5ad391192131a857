//! Named tensors of a network.

use super::batch_norm::{self, BatchNorms};
use super::config::Config;
use super::safetensors;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Last extensions of files with weights. A file's kind follows from its content.
pub const EXTENSIONS: [&str; 9] =
    ["safetensors", "pth", "pt", "th", "ckpt", "model", "bin", "pkl", "tar"];

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
    /// Layers beside the network, of which its classifier may be one.
    pub beside: BTreeMap<String, WeightTensor>,
    /// Whether a card says where in the file the network is.
    pub placed: bool,
    /// Mean and standard deviation of the [0,1] pixels, where the file holds them.
    pub normalisation: Option<[Vec<f32>; 2]>,
    /// What was done to the tensors on reading, a sentence each.
    pub notes: Vec<String>,
    /// A note on a choice between several networks of the file.
    pub choice: Option<String>,
    /// What kind of file it was.
    pub format: &'static str,
    /// The file's metadata, by keyword.
    pub metadata: BTreeMap<String, String>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Where the file is.
    pub file: PathBuf,
    /// What the files of a Hugging Face repository beside it say.
    pub config: Option<Config>,
}

impl Weights {
    /// A safetensors file of them, of 16-bit numbers if `half`, with notes by keyword. A statistic
    /// that 16 bits can't hold becomes infinite, so that reading refuses it.
    pub fn safetensors(&self, notes: BTreeMap<String, String>, half: bool) -> Vec<u8> {
        let tensors = self.tensors.iter();
        let tensors =
            tensors.map(|(name, t)| (name.clone(), t.shape.as_slice(), t.values.as_slice()));
        safetensors::written(tensors, notes, half)
    }

    /// Keeps one of the two sets of batch norms of a network trained with AdvProp. False where
    /// there is one only.
    pub fn choose_batch_norms(&mut self, chosen: BatchNorms) -> bool {
        batch_norm::choose(&mut self.tensors, chosen)
    }

    /// Shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.shape.as_slice())
    }
}
