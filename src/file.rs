//! What networks and pictures have in common as files.

use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file's name without its last extension.
pub fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// The name without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The last extension in lower case, without its dot.
pub fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_lowercase()
}

/// A path from a folder where that holds it, or else the whole path.
pub fn from_folder(path: &Path, folder: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.strip_prefix(folder).map(Path::to_path_buf).unwrap_or(path)
}

/// Links from one file to the next at most, as Linux has it.
const MOST_LINKS: usize = 40;

/// A file that another names: from the other's folder, or, where the other is a link and its folder
/// lacks the file, from the folder of what it links to, link by link.
pub fn beside(path: &Path, name: &Path) -> PathBuf {
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_path_buf();
    let target = |path: &PathBuf| Some(folder(path).join(std::fs::read_link(path).ok()?));
    let links = std::iter::successors(Some(path.to_path_buf()), target).take(MOST_LINKS);
    let mut found = links.map(|path| folder(&path).join(name)).filter(|path| path.exists());
    found.next().unwrap_or_else(|| folder(path).join(name))
}

/// Whether a file is TOML with certain keys: cards, studies and recipes are told apart by theirs.
pub fn is_toml_with<const N: usize>(path: &Path, keys: [&str; N]) -> bool {
    let text = (extension(path) == "toml").then(|| std::fs::read_to_string(path).ok()).flatten();
    let table = text.and_then(|text| text.parse::<toml::Table>().ok());
    table.is_some_and(|table| keys.iter().all(|key| table.contains_key(*key)))
}

/// The line of a TOML text that an error is about.
pub fn toml_line(text: &str, error: &toml::de::Error) -> usize {
    error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1)
}

/// The files of a folder and of the folders in it, in the order of their names; hidden ones are left
/// out. Links to folders elsewhere are followed, to each once, so that none leads back.
///
/// # Errors
/// When a folder can't be read.
pub fn files_within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let root = folder.canonicalize()?;
    let (mut seen, mut found) = (HashSet::from([root.clone()]), vec![]);
    walk(folder, &root, &mut seen, &mut found)?;
    Ok(found)
}

/// Folders in folders at most.
const DEEPEST: usize = 100;

fn walk(
    folder: &Path,
    root: &Path,
    seen: &mut HashSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    entries.retain(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    for entry in entries {
        let (path, is_link) = (entry.path(), entry.file_type()?.is_symlink());
        if path.is_file() {
            found.push(path);
        } else if path.is_dir() && path.components().count() < DEEPEST {
            let target = path.canonicalize()?;
            let is_found_itself = is_link && target.starts_with(root);
            if !is_found_itself && seen.insert(target) {
                walk(&path, root, seen, found)?;
            }
        }
    }
    Ok(())
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of a file in hexadecimal, without holding the file in memory.
///
/// # Errors
/// When the file can't be read.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hexadecimal(&hash.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The system's folder for what can be made anew, with a folder for this program; none where the
/// environment names no home.
pub fn user_cache() -> Option<PathBuf> {
    user_folder("LOCALAPPDATA", "Library/Caches", ["XDG_CACHE_HOME", ".cache"])
}

/// The system's folder for settings, like [`user_cache`].
pub fn user_settings() -> Option<PathBuf> {
    user_folder("APPDATA", "Library/Application Support", ["XDG_CONFIG_HOME", ".config"])
}

/// The system's folder for what can't be made anew, like [`user_cache`].
pub fn user_data() -> Option<PathBuf> {
    user_folder("APPDATA", "Library/Application Support", ["XDG_DATA_HOME", ".local/share"])
}

/// This program's folder: in that of a variable on Windows, of a home on a Mac, and elsewhere in that of
/// a variable or else of a home.
fn user_folder(windows: &str, mac: &str, [xdg, unix]: [&str; 2]) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let at_home = |folder: &str| variable("HOME").map(|home| home.join(folder));
    let base = if cfg!(windows) {
        variable(windows)
    } else if cfg!(target_os = "macos") {
        at_home(mac)
    } else {
        variable(xdg).or_else(|| at_home(unix))
    };
    base.map(|base| base.join("hyaline"))
}

/// Writes a file whole: under another name first, then renamed.
///
/// # Errors
/// When it can't be written; then nothing of it is left.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e: io::Error| Error::new(format!("cannot write {}", path.display()), e);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = temporary(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// A temporary file that, once it has its name, is as readable as any new file.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn what_a_file_names_is_beside_it_or_beside_what_it_links_to() {
        use super::*;
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["store", "cache", "home"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        for name in ["store/1f", "store/9c"] {
            std::fs::write(at(name), name).unwrap();
        }
        // A cache's links to files named by their hash, and a person's own link into the cache.
        symlink("../store/1f", at("cache/net.onnx")).unwrap();
        symlink("../store/9c", at("cache/net.data")).unwrap();
        symlink("../cache/net.onnx", at("home/mine.onnx")).unwrap();
        symlink("ring", at("home/ring")).unwrap();
        let read = |path: &str| std::fs::read(beside(&at(path), Path::new("net.data"))).ok();
        assert_eq!(read("cache/net.onnx"), Some(b"store/9c".to_vec()));
        assert_eq!(read("home/mine.onnx"), Some(b"store/9c".to_vec()));
        assert_eq!(read("store/1f"), None);
        assert_eq!(beside(&at("home/ring"), Path::new("net.data")), at("home/net.data"));
    }
}
