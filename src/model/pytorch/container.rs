//! Converts files for the reader of pickles: what it can't read is rewritten to a temporary file.

use super::pickle;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

const CENTRAL_HEADER: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
/// Bytes of an archive's end without its comment, and of the 64-bit locator before it.
const END_LENGTH: u64 = 22;
const LOCATOR_LENGTH: u64 = 20;
/// The name that a value without one gets.
const VALUE: &str = "state_dict";
/// The largest pickle that is rewritten.
const MOST: u64 = 100 << 20;

/// A copy without the 64-bit end of the directory, where that misleads the reader of archives; none
/// where nothing is wrong.
///
/// `torch.save` always writes both ends. A reader that trusts the 32-bit one expects the directory
/// right before it, and takes the wrong start where an entry happens to begin there: if the first
/// entry is as long as the 64-bit end, 76 bytes, which `NAME/data.pkl` is for names of 21
/// characters.
pub fn without_second_end(path: &Path) -> io::Result<Option<NamedTempFile>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let Some(at) = length.checked_sub(END_LENGTH) else { return Ok(None) };
    let end = bytes(&mut file, at, END_LENGTH)?;
    let number = |start: usize| {
        u64::from(u32::from_le_bytes([end[start], end[start + 1], end[start + 2], end[start + 3]]))
    };
    let (size, start) = (number(12), number(16));
    let (Some(locator), Some(misled)) = (at.checked_sub(LOCATOR_LENGTH), at.checked_sub(size))
    else {
        return Ok(None);
    };
    let is_at = |file: &mut File, at: u64, what: &[u8; 4]| {
        Ok::<_, io::Error>(bytes(file, at, 4)?.as_slice() == what)
    };
    let misleads = end.starts_with(END)
        && is_at(&mut file, locator, LOCATOR)?
        && misled > start
        && is_at(&mut file, start, CENTRAL_HEADER)?
        && is_at(&mut file, misled, CENTRAL_HEADER)?;
    if !misleads {
        return Ok(None);
    }
    let mut copy = NamedTempFile::new()?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file.take(start + size), &mut copy)?;
    copy.write_all(&end)?;
    Ok(Some(copy))
}

fn bytes(file: &mut File, at: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

type Archive = ZipArchive<BufReader<File>>;
type Rewrite = fn(&mut Cursor<Vec<u8>>, &mut ZipWriter<NamedTempFile>) -> io::Result<()>;

fn open(path: &Path) -> io::Result<(Archive, Vec<String>)> {
    let archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    Ok((archive, names))
}

/// A copy of an archive whose value, such as a list, is in a dictionary.
pub fn in_dictionary(path: &Path) -> io::Result<NamedTempFile> {
    let (archive, names) = open(path)?;
    let roots = names.iter().filter_map(|name| name.strip_suffix("data.pkl"));
    let Some(root) = roots.min_by_key(|root| root.len()) else {
        return Err(io::Error::other("the archive holds no data.pkl"));
    };
    rewritten(archive, &names, root, |from, to| pickle::in_dictionary(VALUE, from, to))
}

/// A copy of a TorchScript archive whose modules are plain dictionaries; none where it is no
/// TorchScript.
pub fn of_script(path: &Path) -> io::Result<Option<NamedTempFile>> {
    let (archive, names) = open(path)?;
    let root = names.iter().find_map(|name| name.strip_suffix("constants.pkl"));
    let is_there = |name: &str| root.is_some_and(|root| names.contains(&format!("{root}{name}")));
    let has_code =
        root.is_some_and(|root| names.iter().any(|name| name.starts_with(&format!("{root}code/"))));
    let Some(root) = root.filter(|_| is_there("data.pkl") && has_code) else { return Ok(None) };
    let rewrite: Rewrite = |from, to| pickle::with_plain_attributes(from, to);
    rewritten(archive, &names, root, rewrite).map(Some)
}

/// A copy of the used parts of an archive, with another pickle.
fn rewritten(
    mut archive: Archive,
    names: &[String],
    root: &str,
    rewrite: Rewrite,
) -> io::Result<NamedTempFile> {
    let mut copy = ZipWriter::new(NamedTempFile::new()?);
    for (index, name) in names.iter().enumerate() {
        let Some(inner) = name.strip_prefix(root) else { continue };
        if inner == "data.pkl" {
            let mut original = vec![];
            archive.by_index(index)?.take(MOST).read_to_end(&mut original)?;
            let options =
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            copy.start_file(name.as_str(), options)?;
            rewrite(&mut Cursor::new(original), &mut copy)?;
        } else if inner.starts_with("data/") || inner == "byteorder" || inner == "version" {
            copy.raw_copy_file(archive.by_index_raw(index)?)?;
        }
    }
    Ok(copy.finish()?)
}

/// A copy of a checkpoint before PyTorch 1.6 in which modules are named by their class alone.
pub fn with_plain_classes(path: &Path) -> io::Result<NamedTempFile> {
    let mut from = BufReader::new(File::open(path)?);
    let mut to = BufWriter::new(NamedTempFile::new()?);
    // A magic number, the version and what the system is like come first.
    for _ in 0..3 {
        pickle::copy(&mut from, &mut to)?;
    }
    pickle::with_plain_classes(&mut from, &mut to)?;
    io::copy(&mut from, &mut to)?;
    to.into_inner().map_err(io::IntoInnerError::into_error)
}
