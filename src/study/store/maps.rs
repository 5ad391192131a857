//! Raw maps as files: `maps/AB/ABCD….npy`, named by the SHA-256 of their own content.

use crate::error::{Error, Result};
use crate::file::sha256;
use ndarray::{Array3, ArrayView3};
use ndarray_npy::{ViewNpyExt, WriteNpyExt};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The file of a map.
pub fn path(folder: &Path, sha256: &str) -> PathBuf {
    let start = sha256.get(..2).unwrap_or(sha256);
    folder.join("maps").join(start).join(format!("{sha256}.npy"))
}

/// Writes a map whole or not at all and gives its hash. What is there already stays.
///
/// # Errors
/// When it can't be written.
pub fn write(folder: &Path, map: &Array3<f32>) -> Result<String> {
    let mut bytes = Vec::new();
    let failed = |e: &dyn std::fmt::Display| Error::new("cannot write a map", e);
    map.write_npy(&mut bytes).map_err(|e| failed(&e))?;
    let hash = sha256(&bytes);
    let path = path(folder, &hash);
    // A file of another length was cut off by a power cut; nothing refers to it yet.
    let there = path.metadata().is_ok_and(|file| file.len() == bytes.len() as u64);
    if !there {
        crate::file::write(&path, &bytes)?;
        // On the disk before the database says so.
        let file = File::options().append(true).open(&path);
        file.and_then(|file| file.sync_all()).map_err(|e| failed(&e))?;
    }
    Ok(hash)
}

/// Reads a map back.
///
/// # Errors
/// When it is not there, or its content is not what its name says.
pub fn read(folder: &Path, hash: &str) -> Result<Array3<f32>> {
    let path = path(folder, hash);
    let failed = |why: &dyn std::fmt::Display| {
        Error::new(format!("cannot read map {}", path.display()), why)
    };
    let bytes = std::fs::read(&path).map_err(|e| failed(&e))?;
    if sha256(&bytes) != hash {
        return Err(failed(&"it is damaged: its content is not that of its name"));
    }
    let map = ArrayView3::<f32>::view_npy(&bytes).map_err(|e| failed(&e))?;
    Ok(map.to_owned())
}
