//! What Hyaline brings along: a vanilla and an adversarially robust network of one architecture,
//! and pictures, so that a first start has something to show.

use crate::error::Result;
use crate::file;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

macro_rules! example {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../assets/example/", $name)) as &[u8])),*]
    };
}

/// The files by their paths from the example's folder.
const FILES: [(&str, &[u8]); 14] = example![
    "vanilla.toml",
    "vanilla.safetensors",
    "robust.toml",
    "robust.safetensors",
    "ship.png",
    "automobile.png",
    "airplane.png",
    "truck.png",
    "cat.png",
    "recipes/vanilla.toml",
    "recipes/robust.toml",
    "logs/vanilla.csv",
    "logs/robust.csv",
    "README.md",
];

/// What a window opens of them, in order.
const OPENED: [&str; 7] = [
    "vanilla.toml",
    "robust.toml",
    "airplane.png",
    "automobile.png",
    "ship.png",
    "truck.png",
    "cat.png",
];

/// Where the example is unpacked to for the window: in the user's cache, or, where there is none,
/// with temporary files.
pub fn user_folder() -> PathBuf {
    file::user_cache().unwrap_or_else(|| std::env::temp_dir().join("hyaline")).join("example")
}

static WEIGHTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let weights = FILES.iter().filter(|(name, _)| name.ends_with(".safetensors"));
    weights.map(|(_, bytes)| file::sha256(bytes)).collect()
});

/// Whether a network is one of the example's, by the hash of its weights.
pub fn has_weights(sha256: &str) -> bool {
    WEIGHTS.iter().any(|own| own == sha256)
}

/// Writes the example's files into a folder, those that are not there already as they are, and
/// gives the paths of what to open: networks, then pictures.
///
/// # Errors
/// When a file can't be written.
pub fn unpack(folder: &Path) -> Result<Vec<PathBuf>> {
    for (name, bytes) in FILES {
        let path = folder.join(name);
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        file::write(&path, bytes)?;
    }
    Ok(OPENED.iter().map(|name| folder.join(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_unpacked_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let opened = unpack(folder.path()).unwrap();
        assert!(opened.iter().all(|path| path.is_file()));
        let (card, weights) = (folder.path().join("vanilla.toml"), &opened[1]);
        let whole = std::fs::read(&card).unwrap();
        let written = std::fs::metadata(weights).unwrap().modified().unwrap();
        std::fs::write(&card, "damaged").unwrap();
        unpack(folder.path()).unwrap();
        assert_eq!(std::fs::read(&card).unwrap(), whole);
        let kept = std::fs::metadata(weights).unwrap().modified().unwrap();
        assert_eq!(kept, written, "what is there is not written again");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = unpack(&file).unwrap_err().to_string();
        assert!(error.contains("cannot write"), "{error}");
    }
}
