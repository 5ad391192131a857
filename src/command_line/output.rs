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
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    allow_reading(file.as_file()).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Temporary files are private; results should be as readable as any other file.
#[cfg(unix)]
fn allow_reading(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_: &std::fs::File) -> std::io::Result<()> {
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
