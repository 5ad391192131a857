//! A file's bytes and its text.

use super::Annotations;
use crate::encoding::{Encoding, decoded};
use std::fs;
use std::path::Path;

/// Files above this many bytes are refused before they are read.
pub const MAX_BYTES: u64 = 1 << 29;

/// The whole file, unless it is too large.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let about = fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("it is neither a file nor a folder".into());
    }
    let size = about.len();
    if size > MAX_BYTES {
        let [size, limit] = [size, MAX_BYTES].map(|bytes| bytes >> 20);
        return Err(format!("it holds {size} MiB, the limit is {limit} MiB; split it first"));
    }
    fs::read(path).map_err(|e| e.to_string())
}

/// A file's text; an encoding that is assumed is noted.
pub(super) fn read_text(bytes: Vec<u8>, found: &mut Annotations) -> Result<String, String> {
    let decoded = decoded(bytes)?;
    if decoded.encoding == Encoding::Windows1252 {
        found.tally.note("text that is not UTF-8 is read as Windows-1252 (Latin-1): names with accents may be wrong");
    }
    Ok(decoded.text)
}
