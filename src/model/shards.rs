//! Networks that are kept in several files, and the index that lists them, as Hugging Face's
//! repositories have them.

use super::config::json;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const INDEX: &str = ".index.json";

/// Whether a file is named as an index of several.
pub fn is_index(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(INDEX))
}

/// The index that a shard's name belongs to: `model-00001-of-00002.safetensors` has
/// `model.safetensors.index.json`.
fn index_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (stem, extension) = name.rsplit_once('.')?;
    let (before, last) = stem.rsplit_once("-of-")?;
    let (base, first) = before.rsplit_once('-')?;
    let is_number = |text: &str| text.len() >= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let numbered = is_number(first) && is_number(last);
    numbered.then(|| path.with_file_name(format!("{base}.{extension}{INDEX}")))
}

/// All files that hold the network: itself, or those of the index that it is or belongs to.
///
/// # Errors
/// When the index is missing, damaged or names files that are not there.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let index = match is_index(path) {
        true => path.to_path_buf(),
        false => match index_of(path) {
            Some(index) => index,
            None => return Ok(vec![path.to_path_buf()]),
        },
    };
    let what = || format!("cannot read the index {}", index.display());
    let Some(content) = json(&index)? else {
        return Err(Error::new(what(), "it is not there, and the file is one of several")
            .hint("keep the index and all of its files in one folder"));
    };
    let map = content.get("weight_map").and_then(|map| map.as_object());
    let named = map.map(|map| map.values().filter_map(|file| file.as_str()));
    let names: BTreeSet<&str> = named.into_iter().flatten().collect();
    if names.is_empty() {
        return Err(Error::new(what(), "it has no `weight_map` with names of files"));
    }
    names.into_iter().map(|name| beside(&index, name)).collect()
}

/// A file that an index names, which lies beside it.
fn beside(index: &Path, name: &str) -> Result<PathBuf> {
    let file = index.with_file_name(name);
    let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name);
    if !is_plain || !file.is_file() {
        return Err(Error::new(
            "a part of the network is missing",
            format!("`{name}` is not there"),
        )
        .hint("keep the index and all of its files in one folder"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_belong_to_their_index() {
        let index = |name: &str| index_of(Path::new(name)).map(|path| path.display().to_string());
        assert_eq!(
            index("a/model-00001-of-00002.safetensors").unwrap(),
            "a/model.safetensors.index.json"
        );
        assert_eq!(
            index("pytorch_model-00003-of-00003.bin").unwrap(),
            "pytorch_model.bin.index.json"
        );
        assert_eq!(index("best-of-all.pth"), None);
        assert_eq!(index("model.safetensors"), None);
        assert_eq!(files(Path::new("model.safetensors")).unwrap().len(), 1);
    }
}
