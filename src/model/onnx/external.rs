//! Weights that an ONNX file keeps in other files.

use super::proto::{Graph, Tensor};
use crate::error::{Error, Result};
use crate::file::{beside, file_name};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Where a tensor's bytes lie in another file.
pub struct External<'a> {
    location: &'a Path,
    offset: u64,
    /// The rest of the file without.
    length: Option<u64>,
}

impl<'a> External<'a> {
    /// None for a tensor whose bytes are in the network's own file.
    ///
    /// # Errors
    /// When the other file has no name, lies outside the network's folder, or a number is none.
    pub fn of(tensor: &'a Tensor) -> Result<Option<Self>, String> {
        if tensor.data_location == 0 && tensor.external_data.is_empty() {
            return Ok(None);
        }
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            entries.find(|entry| entry.key == key).map(|entry| entry.value.as_str())
        };
        let number = |key: &str| {
            let number = entry(key).map(|text| text.trim().parse::<u64>()).transpose();
            number.map_err(|e| format!("the {key} of its data: {e}"))
        };
        let location = entry("location").ok_or("its data lies in a file without a name")?;
        let location = Path::new(location);
        let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !location.components().all(is_below) {
            let location = location.display();
            return Err(format!("its data lies in {location}, outside the folder of the network"));
        }
        let offset = number("offset")?.unwrap_or(0);
        Ok(Some(Self { location, offset, length: number("length")? }))
    }

    /// The bytes, from beside the network's file.
    ///
    /// # Errors
    /// When the other file is missing, too short, or can't be read.
    pub fn read(&self, network: &Path) -> Result<Vec<u8>, String> {
        let path = beside(network, self.location);
        let failed = |why: String| format!("its data in {}: {why}", path.display());
        let mut file = File::open(&path).map_err(|e| failed(e.to_string()))?;
        let size = file.metadata().map_err(|e| failed(e.to_string()))?.len();
        let rest = size.checked_sub(self.offset).ok_or_else(|| failed("it is too short".into()))?;
        let length = self.length.unwrap_or(rest);
        if length > rest {
            return Err(failed("it is too short".into()));
        }
        let mut bytes = vec![0; length as usize];
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|e| failed(e.to_string()))?;
        Ok(bytes)
    }

    fn end(&self) -> u64 {
        self.offset.saturating_add(self.length.unwrap_or(0))
    }
}

/// Whether every file with weights is there whole.
///
/// # Errors
/// With the first that is missing or too short, and what may be it under another name.
pub fn check(graph: &Graph, network: &Path) -> Result<()> {
    let mut files: BTreeMap<&Path, u64> = BTreeMap::new();
    for external in graph.initializer.iter().filter_map(|tensor| External::of(tensor).ok()?) {
        let end = files.entry(external.location).or_default();
        *end = external.end().max(*end);
    }
    for (location, end) in files {
        let path = beside(network, location);
        match path.metadata() {
            Ok(data) if data.len() >= end => {}
            Ok(data) => {
                let why = format!("{} has {} of {end} bytes", path.display(), data.len());
                return Err(Error::new("its weights are cut short", why)
                    .hint("copy or download that file again"));
            }
            Err(_) => return Err(missing(network, &path, end)),
        }
    }
    Ok(())
}

fn missing(network: &Path, path: &Path, size: u64) -> Error {
    let wanted = file_name(path);
    let error = Error::new("its weights are missing", format!("{} is not there", path.display()));
    error.hint(match of_size(path.parent(), network, size) {
        Some(other) => format!("{} has its size: rename it to {wanted}", other.display()),
        None => format!("{} needs the file {wanted} beside it", file_name(network)),
    })
}

/// Another file of a folder that has a size to the byte.
fn of_size(folder: Option<&Path>, network: &Path, size: u64) -> Option<PathBuf> {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut files = folder.read_dir().ok()?.flatten().map(|entry| entry.path());
    files.find(|path| {
        path != network && path.metadata().is_ok_and(|data| data.is_file() && data.len() == size)
    })
}
