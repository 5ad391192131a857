//! Reading PyTorch's checkpoints: zip archives, the pickles before them, and the tars before those.
//!
//! A pickle is a program. Nothing here runs it: tensors, dictionaries and lists are rebuilt, and
//! any other object a pickle would make by calling something stays a name.

use super::stored::{Float, Stored};
use crate::error::{Error, Result};
use pytorch_reader::{DType, PytorchReader, Tensor};
use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

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

/// All tensors of a file, under the names of the dictionaries and lists they are in.
///
/// # Errors
/// When it is no whole checkpoint.
pub fn read(path: &Path) -> Result<BTreeMap<String, Stored>> {
    let wrong = |why: &dyn std::fmt::Display| Error::new("not a whole PyTorch checkpoint", why);
    let reader = contained(|| PytorchReader::new(path).map_err(io::Error::other))
        .map_err(|e| wrong(&e).hint(HINT))?;
    Ok(reader.into_tensors().into_iter().map(|(name, tensor)| (name, stored(tensor))).collect())
}

fn stored(tensor: Tensor) -> Stored {
    let float = match tensor.dtype() {
        DType::F64 => Some(Float::F64),
        DType::F32 => Some(Float::F32),
        DType::F16 => Some(Float::F16),
        DType::BF16 => Some(Float::BF16),
        _ => None,
    };
    Stored::new(tensor.shape().to_vec(), float, move || contained(|| tensor.read()))
}

/// A damaged file is an error, also where a library it goes through panics over it.
fn contained<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(io::Error::other("the file is damaged")))
}
