//! Which processes are at work on a store. A process holds an operating system's lock on a file of
//! its own; the lock goes with the process, however that ends.

use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// This process as others see it.
#[derive(Debug)]
pub struct Worker {
    pub name: String,
    path: PathBuf,
    /// Locked.
    _file: File,
}

fn folder(store: &Path) -> PathBuf {
    store.join("workers")
}

impl Worker {
    /// Enters this process into a store.
    ///
    /// # Errors
    /// When its file can't be made or locked.
    pub fn enter(store: &Path) -> Result<Self> {
        let folder = folder(store);
        let failed = |e: &dyn std::fmt::Display| {
            Error::new(format!("cannot begin to work in {}", store.display()), e)
        };
        std::fs::create_dir_all(&folder).map_err(|e| failed(&e))?;
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix("").suffix(".lock").rand_bytes(16).tempfile_in(&folder);
        let (file, path) = file.and_then(|file| Ok(file.keep()?)).map_err(|e| failed(&e))?;
        file.lock().map_err(|e| failed(&e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, path, _file: file })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether any process works on a store.
pub fn is_any_alive(store: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder(store)) else { return false };
    entries.flatten().any(|entry| is_alive(store, &entry.file_name().to_string_lossy()))
}

/// Whether a process still works on a store; the file of one that doesn't is removed.
pub fn is_alive(store: &Path, name: &str) -> bool {
    let path = folder(store).join(name);
    let Ok(file) = File::open(&path) else { return false };
    let is_alive = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    if !is_alive {
        let _ = std::fs::remove_file(&path);
    }
    is_alive
}
