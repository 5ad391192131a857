//! Writing results: whole files or none.

pub use crate::file::write;

use crate::error::{Error, Result};
use ndarray::Array3;
use ndarray_npy::WriteNpyExt;
use serde::Serialize;
use std::path::Path;

/// Makes the folder and makes sure that it can be written to.
pub fn prepare(folder: &Path) -> Result<()> {
    let failed = |e: std::io::Error| Error::new(format!("cannot write to {}", folder.display()), e);
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    Ok(())
}

/// Writes a map as a float32 .npy array.
pub fn write_npy(path: &Path, map: &Array3<f32>) -> Result<()> {
    let mut bytes = Vec::new();
    map.write_npy(&mut bytes)
        .map_err(|e| Error::new(format!("cannot write {}", path.display()), e))?;
    write(path, &bytes)
}

/// Writes indented JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::new(format!("cannot write {}", path.display()), e))?;
    text.push(b'\n');
    write(path, &text)
}
