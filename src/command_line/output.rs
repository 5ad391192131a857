//! Writing results: whole files or none.

use crate::error::{Error, Result};
use ndarray::Array3;
use ndarray_npy::WriteNpyExt;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// Makes the folder and makes sure that it can be written to.
pub fn prepare(folder: &Path) -> Result<()> {
    let failed = |e: std::io::Error| Error::new(format!("cannot write to {}", folder.display()), e);
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    Ok(())
}

/// Writes a file whole: under another name first, then renamed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| Error::new(format!("cannot write {}", path.display()), e);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = temporary(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// A temporary file that, once it has its name, is as readable as any new file.
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
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
