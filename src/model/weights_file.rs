//! Reading weights files.

use super::config::Config;
use super::pytorch::{self, Checkpoint};
use super::state_dict::{self, NetworkRequest, Taken};
use super::stored::Stored;
use super::weights::{WeightTensor, Weights};
use super::{reparametrised, safetensors, shards};
use crate::error::{Error, Result};
use crate::file::{sha256, sha256_file};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

impl Weights {
    /// Reads safetensors or a PyTorch checkpoint and names the tensors as the network's modules
    /// do, without the wrappers they were saved in. Nothing a file holds is executed.
    ///
    /// # Errors
    /// When the file can't be read or is cut short, holds weights of a type that is not read, or
    /// NaN or infinite weights.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_requested(path, &NetworkRequest::default())
    }

    /// As [`Self::read`], the network that a person means.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_requested(path: &Path, request: &NetworkRequest) -> Result<Self> {
        Self::read_unnamed(path, request)
            .map_err(|e| Error::new(format!("cannot open weights {}", path.display()), e))
    }

    /// As [`Self::read_requested`]; errors do not name the file.
    fn read_unnamed(path: &Path, request: &NetworkRequest) -> Result<Self> {
        let files = shards::files(path)?;
        let Contents { format, metadata, mut stored } = open_all(&files)?;
        // Counters such as `num_batches_tracked` and indices are integers, and no weights.
        stored.retain(|name, tensor| tensor.float.is_some() || is_parameter(name));
        let (stored, mut notes) = reparametrised::put_together(stored)?;
        if format == pytorch::SCRIPT {
            notes.push("of TorchScript the tensors are used and not the program".into());
        }
        let Taken { tensors: stored, beside, normalisation, choice } =
            state_dict::network(stored, request)?;
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
            placed: request.prefix.is_some(),
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
            .hint("check that it is not a web page or Git LFS pointer instead of the file")),
    }
}

/// Whether a name is that of weights, which a network needs.
fn is_parameter(name: &str) -> bool {
    matches!(name.rsplit('.').next(), Some("weight" | "bias"))
}

/// A few bytes can claim to be many: a view that repeats its elements, or a file that
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
        return Err(Error::new("the weights contain NaN or infinity", why)
            .hint("the training that wrote it diverged, or the file is damaged"));
    }
    Ok(WeightTensor { shape, values })
}
