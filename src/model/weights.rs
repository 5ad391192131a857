//! Named tensors of a weights file.

use super::batch_norm::{self, BatchNorms};
use super::config::Config;
use super::pytorch::{self, Checkpoint};
use super::state_dict::{self, Taken, Wanted};
use super::stored::Stored;
use super::{reparametrised, safetensors, shards};
use crate::error::{Error, Result};
use crate::file::{sha256, sha256_file};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Last extensions of files with weights. What a file is, its content says.
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
    /// Whether a person said where in the file the network is.
    pub placed: bool,
    /// Mean and standard deviation of the [0,1] pixels, where the file holds them.
    pub normalisation: Option<[Vec<f32>; 2]>,
    /// What was done to the tensors on reading them, a sentence each.
    pub notes: Vec<String>,
    /// A choice that was made between several networks of the file.
    pub choice: Option<String>,
    /// What kind of file it was.
    pub format: &'static str,
    /// What its writer noted beside the tensors, by keyword.
    pub metadata: BTreeMap<String, String>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Where the file is.
    pub file: PathBuf,
    /// What the files of a Hugging Face repository beside it say.
    pub config: Option<Config>,
}

impl Weights {
    /// Reads safetensors or a PyTorch checkpoint and names the tensors as the network's modules
    /// do, without the wrappers they were saved in. Nothing a file holds is executed.
    ///
    /// # Errors
    /// When the file can't be read or is cut short, holds weights of a type that is not read, or
    /// NaN or infinite weights.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_wanted(path, &Wanted::default())
    }

    /// As [`Self::read`], the network that a person means.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_wanted(path: &Path, wanted: &Wanted) -> Result<Self> {
        Self::read_unnamed(path, wanted)
            .map_err(|e| Error::new(format!("cannot open weights {}", path.display()), e))
    }

    /// As [`Self::read_wanted`]; errors do not name the file.
    fn read_unnamed(path: &Path, wanted: &Wanted) -> Result<Self> {
        let files = shards::files(path)?;
        let Contents { format, metadata, mut stored } = open_all(&files)?;
        // Counters such as `num_batches_tracked` and indices are integers, and no weights.
        stored.retain(|name, tensor| tensor.float.is_some() || is_parameter(name));
        let (stored, mut notes) = reparametrised::put_together(stored)?;
        if format == pytorch::SCRIPT {
            notes.push("of TorchScript the tensors are used and not the program".into());
        }
        let Taken { tensors: stored, beside, normalisation, choice } =
            state_dict::network(stored, wanted)?;
        if stored.is_empty() {
            return Err(Error::new("no network", "the file holds no tensors of one")
                .hint("save the network's state_dict()"));
        }
        bounded(stored.values().chain(beside.values()), &files)?;
        let read = |(name, tensor): (String, Stored)| Ok((name.clone(), weights(&name, &tensor)?));
        let tensors = stored.into_iter().map(read).collect::<Result<_>>()?;
        let beside = beside.into_iter().map(read).collect::<Result<_>>()?;
        let normalisation = match normalisation {
            Some([mean, std]) => {
                Some([weights("mean", &mean)?.values, weights("std", &std)?.values])
            }
            None => None,
        };
        let sha256 = sha256_of(&files).map_err(|e| Error::new("cannot read it", e))?;
        Ok(Self {
            tensors,
            beside,
            placed: wanted.prefix.is_some(),
            normalisation,
            notes,
            choice,
            format,
            metadata,
            sha256,
            file: path.to_path_buf(),
            config: Config::beside(path)?,
        })
    }

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

/// What a file holds, before its values are read.
struct Contents {
    format: &'static str,
    metadata: BTreeMap<String, String>,
    stored: BTreeMap<String, Stored>,
}

/// The tensors of all files that a network is kept in.
fn open_all(files: &[PathBuf]) -> Result<Contents> {
    let mut contents = files.iter().map(|file| open(file));
    let mut all =
        contents.next().unwrap_or_else(|| Err(Error::new("nothing to read", "no file")))?;
    for more in contents {
        let more = more?;
        all.stored.extend(more.stored);
        all.metadata.extend(more.metadata);
    }
    Ok(all)
}

/// The hash of a file, or of the hashes of several.
fn sha256_of(files: &[PathBuf]) -> io::Result<String> {
    let hashes: Vec<String> =
        files.iter().map(|file| sha256_file(file)).collect::<io::Result<_>>()?;
    Ok(match hashes.as_slice() {
        [hash] => hash.clone(),
        several => sha256(several.concat().as_bytes()),
    })
}

/// A file's tensors, by its content rather than its name.
fn open(path: &Path) -> Result<Contents> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    read.map_err(|e| Error::new("cannot read it", e))?;
    match start.as_slice() {
        [] => {
            Err(Error::new("nothing to read", "the file is empty")
                .hint("download or copy it again"))
        }
        start if safetensors::is_start(start) => {
            let (stored, metadata) = safetensors::read(path)?;
            Ok(Contents { format: "safetensors", metadata, stored })
        }
        start if pytorch::is_start(start) => {
            let Checkpoint { format, tensors: stored } = pytorch::read(path, start)?;
            Ok(Contents { format, metadata: BTreeMap::new(), stored })
        }
        _ => Err(Error::new("not a network", "neither safetensors nor a PyTorch checkpoint")
            .hint("check that it is no web page or Git LFS pointer in the place of the file")),
    }
}

/// Whether a name is that of weights, which a network is no network without.
fn is_parameter(name: &str) -> bool {
    matches!(name.rsplit('.').next(), Some("weight" | "bias"))
}

/// A few bytes can claim to stand for many: a view that repeats its elements, or a file that
/// unpacks to a thousand times its size.
fn bounded<'a>(tensors: impl Iterator<Item = &'a Stored>, files: &[PathBuf]) -> Result<()> {
    let size = |file: &PathBuf| file.metadata().map(|found| found.len());
    let sizes: io::Result<u64> = files.iter().map(size).sum();
    let file = sizes.map_err(|e| Error::new("cannot read it", e))?;
    let claimed = tensors.fold(0u64, |sum, tensor| sum.saturating_add(tensor.bytes()));
    if claimed > file.saturating_mul(8).saturating_add(64 << 20) {
        let why = format!("its tensors would take {claimed} bytes, the file has {file}");
        return Err(Error::new("not a network", why).hint("the file is damaged, or made to harm"));
    }
    Ok(())
}

/// The values of a tensor, all of them finite.
fn weights(name: &str, tensor: &Stored) -> Result<WeightTensor> {
    let shape = tensor.shape.clone();
    let values = tensor.values(name)?;
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        let why = format!("tensor `{name}` holds {} at element {index}", values[index]);
        return Err(Error::new("the weights are no numbers", why)
            .hint("the training that wrote it diverged, or the file is damaged"));
    }
    Ok(WeightTensor { shape, values })
}
