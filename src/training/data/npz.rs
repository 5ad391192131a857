//! NumPy's archives: an array of bytes N×H×W×C (or N×H×W) and one of whole numbers N.

use super::pictures::numbered;
use super::{Part, Pictures};
use crate::error::{Error, Result};
use ndarray::{ArrayView1, ArrayView3, ArrayView4, Axis};
use ndarray_npy::{ViewElement, ViewNpyExt};
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub fn read(path: &Path, part: Part) -> Result<Pictures> {
    let arrays = arrays(path)?;
    let (shape, pixels) = only(&arrays, pictures, part, "bytes, N×H×W×C, are the pictures")?;
    let labels = only(&arrays, numbers, part, "whole numbers, N, are the classes")?;
    if pixels.len() != labels.len() * shape.iter().product::<usize>() {
        let why = format!("{} classes for pictures of {shape:?}", labels.len());
        return Err(Error::new("its two arrays do not belong together", why));
    }
    let classes = numbered(&labels)?;
    Ok(Pictures { shape, pixels, labels, classes })
}

/// The only array of a kind, or the one whose name contains the part's.
fn only<T>(
    arrays: &[(String, Vec<u8>)],
    read: fn(&[u8]) -> Option<T>,
    part: Part,
    what: &str,
) -> Result<T> {
    let found = arrays.iter().filter_map(|(name, bytes)| Some((name, read(bytes)?)));
    let mut found: Vec<_> = found.collect();
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let several = Error::new("it has several such arrays", names.join(", "))
            .hint(format!("name one of them with `{}` in it", part.name()));
        found.retain(|(name, _)| name.to_lowercase().contains(part.name()));
        if found.len() != 1 {
            return Err(several);
        }
    }
    let missing = || Error::new("it lacks an array", what.to_string());
    found.pop().map(|(_, array)| array).ok_or_else(missing)
}

/// Every array with its name, in order of names.
fn arrays(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let failed = |why: String| Error::new("cannot unpack it", why);
    let file = File::open(path).map_err(|e| failed(e.to_string()))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| failed(e.to_string()))?;
    let names = archive.file_names().map(|name| Ok(name?.into_owned()));
    let names: std::result::Result<Vec<String>, zip::result::ZipError> = names.collect();
    let mut names = names.map_err(|e| failed(e.to_string()))?;
    names.sort();
    let mut read = |name: &String| {
        let mut bytes = vec![];
        let mut entry = archive.by_name(name).map_err(|e| failed(e.to_string()))?;
        entry.read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
        Ok((name.clone(), bytes))
    };
    names.iter().map(&mut read).collect()
}

/// Shape of one picture and C×H×W bytes of all.
fn pictures(bytes: &[u8]) -> Option<([usize; 3], Vec<u8>)> {
    if let Ok(array) = ArrayView4::<u8>::view_npy(bytes) {
        let (_, height, width, channels) = array.dim();
        let ordered = array.permuted_axes([0, 3, 1, 2]);
        return matches!(channels, 1 | 3)
            .then(|| ([channels, height, width], ordered.iter().copied().collect()));
    }
    let array = ArrayView3::<u8>::view_npy(bytes).ok()?;
    let (_, height, width) = array.dim();
    let one = array.insert_axis(Axis(1));
    Some(([1, height, width], one.iter().copied().collect()))
}

/// Whole numbers of any usual type.
fn numbers(bytes: &[u8]) -> Option<Vec<usize>> {
    fn of<T: ViewElement + Copy + TryInto<usize>>(bytes: &[u8]) -> Option<Vec<usize>> {
        let array = ArrayView1::<T>::view_npy(bytes).ok()?;
        array.iter().map(|value| (*value).try_into().ok()).collect()
    }
    of::<i64>(bytes)
        .or_else(|| of::<i32>(bytes))
        .or_else(|| of::<u8>(bytes))
        .or_else(|| of::<u64>(bytes).or_else(|| of::<u32>(bytes)).or_else(|| of::<i16>(bytes)))
}
