//! Reading PyTorch's checkpoints: zip archives, the pickles before them, and the tars before those.
//!
//! A pickle is a program. Nothing here runs it: tensors, dictionaries and lists are rebuilt, and
//! any other object a pickle would make by calling something stays a name.

mod container;
mod pickle;

use super::stored::{Float, Stored};
use crate::error::{Error, Result};
use pytorch_reader::{DType, PytorchReader, Tensor};
use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use tempfile::NamedTempFile;

/// Where a tar's header says that it is one.
const TAR: std::ops::Range<usize> = 257..262;
const HINT: &str = "check that the download finished; what PyTorch can load can be saved again with \
    torch.save(model.state_dict(), …)";

/// Whether a file that starts with these bytes may be a checkpoint.
pub fn is_start(start: &[u8]) -> bool {
    // A binary pickle, and the first operations of a textual one.
    let pickle = matches!(start.first(), Some(0x80 | b'(' | b'}' | b']' | b'c' | b'L'));
    pickle || start.starts_with(b"PK") || start.get(TAR) == Some(b"ustar")
}

/// The format of exported programs.
pub const SCRIPT: &str = "TorchScript";

/// The tensors of a checkpoint, and what kind it is of.
pub struct Checkpoint {
    pub format: &'static str,
    pub tensors: BTreeMap<String, Stored>,
}

/// All tensors of a file, under the names of the dictionaries and lists they are in.
///
/// # Errors
/// When it is not a complete checkpoint.
pub fn read(path: &Path, start: &[u8]) -> Result<Checkpoint> {
    let wrong = |e: io::Error| Error::new("not a whole PyTorch checkpoint", e).hint(HINT);
    if start.starts_with(b"PK") {
        return contained(|| read_archive(path)).map_err(wrong);
    }
    let checkpoint = |tensors| Checkpoint { format: "PyTorch checkpoint", tensors };
    contained(|| tensors(path, &Rc::new(None)))
        .or_else(|error| {
            // Whole modules refer to their classes in a way of their own.
            let plain = contained(|| container::with_plain_classes(path));
            plain.and_then(tensors_of).map_err(|_| error)
        })
        .map(checkpoint)
        .map_err(wrong)
}

fn read_archive(path: &Path) -> io::Result<Checkpoint> {
    let mended = Rc::new(container::without_second_end(path).ok().flatten());
    let file = mended.as_ref().as_ref().map_or(path, NamedTempFile::path);
    if let Some(script) = container::of_script(file)? {
        return Ok(Checkpoint { format: SCRIPT, tensors: tensors_of(script)? });
    }
    let tensors = tensors(file, &mended).or_else(|error| {
        // A list, or something else that is no dictionary.
        container::in_dictionary(file).and_then(tensors_of).map_err(|_| error)
    })?;
    Ok(Checkpoint { format: "PyTorch checkpoint", tensors })
}

fn tensors_of(file: NamedTempFile) -> io::Result<BTreeMap<String, Stored>> {
    let path = file.path().to_path_buf();
    tensors(&path, &Rc::new(Some(file)))
}

/// The tensors of a file; a temporary one stays as long as they do.
fn tensors(
    path: &Path,
    temporary: &Rc<Option<NamedTempFile>>,
) -> io::Result<BTreeMap<String, Stored>> {
    let reader = contained(|| PytorchReader::new(path).map_err(io::Error::other))?;
    let tensors = reader.into_tensors().into_iter();
    Ok(tensors.map(|(name, tensor)| (name, stored(tensor, temporary))).collect())
}

fn stored(tensor: Tensor, temporary: &Rc<Option<NamedTempFile>>) -> Stored {
    let float = match tensor.dtype() {
        DType::F64 => Some(Float::F64),
        DType::F32 => Some(Float::F32),
        DType::F16 => Some(Float::F16),
        DType::BF16 => Some(Float::BF16),
        _ => None,
    };
    let temporary = Rc::clone(temporary);
    Stored::new(tensor.shape().to_vec(), float, move || {
        let _stays = &temporary;
        contained(|| tensor.read())
    })
}

/// A damaged file is an error, even where a library panics.
fn contained<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(io::Error::other("the file is damaged")))
}
