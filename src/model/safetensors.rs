//! Reading and writing safetensors.

use super::stored::{Float, Stored};
use crate::error::{Error, Result};
use half::f16;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo, TensorView};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

/// Bytes of the header's length, which the file starts with.
const LENGTH: u64 = 8;
/// The longest header that the format allows.
const LONGEST: u64 = 100_000_000;

/// Whether a file that starts with these bytes is safetensors: a length, then JSON.
pub fn is_start(start: &[u8]) -> bool {
    let length = start.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    length.is_some_and(|length| length <= LONGEST) && start.get(LENGTH as usize) == Some(&b'{')
}

/// All tensors of a file, and its metadata.
///
/// # Errors
/// When it is not a complete safetensors file.
pub fn read(path: &Path) -> Result<(BTreeMap<String, Stored>, BTreeMap<String, String>)> {
    let (file, start, header) = open(path).map_err(|e| {
        Error::new("not a whole safetensors file", e)
            .hint("check that it is safetensors and that the download finished")
    })?;
    let file = Rc::new(file);
    let stored = |info: &TensorInfo| {
        let (file, (from, to)) = (Rc::clone(&file), info.data_offsets);
        let bytes = move || bytes(&file, start + from as u64, to - from);
        Stored::new(info.shape.clone(), float(info.dtype), bytes)
    };
    let tensors = header.tensors().into_iter().map(|(name, info)| (name, stored(info)));
    let metadata = header.metadata().clone().unwrap_or_default();
    Ok((tensors.collect(), metadata.into_iter().collect()))
}

/// A whole file of 32-bit numbers, or of 16-bit ones if `half`, with metadata.
pub fn written<'a>(
    tensors: impl IntoIterator<Item = (String, &'a [usize], &'a [f32])>,
    notes: BTreeMap<String, String>,
    half: bool,
) -> Vec<u8> {
    let dtype = if half { Dtype::F16 } else { Dtype::F32 };
    let bytes = |values: &[f32]| -> Vec<u8> {
        match half {
            true => values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
            false => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, shape, values)| (name, shape.to_vec(), bytes(values)))
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes);
        (name.as_str(), view.expect("as many values as the shape says"))
    });
    safetensors::serialize(views, Some(notes.into_iter().collect()))
        .expect("names and values that fit the format")
}

/// The file, where its values start, and what its header says.
fn open(path: &Path) -> io::Result<(File, u64, Metadata)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut length = [0; LENGTH as usize];
    (&file).read_exact(&mut length)?;
    let start = u64::from_le_bytes(length).saturating_add(LENGTH);
    if start > size {
        return Err(io::Error::other("it ends within its header"));
    }
    let header: Metadata =
        serde_json::from_slice(&bytes(&file, LENGTH, (start - LENGTH) as usize)?)?;
    let expected = start.saturating_add(header.data_len() as u64);
    if size != expected {
        let why = format!("it has {size} bytes, its header says {expected}");
        return Err(io::Error::other(why));
    }
    Ok((file, start, header))
}

/// A part of the file.
fn bytes(mut file: &File, from: u64, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    file.seek(SeekFrom::Start(from))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn float(dtype: Dtype) -> Option<Float> {
    match dtype {
        Dtype::F64 => Some(Float::F64),
        Dtype::F32 => Some(Float::F32),
        Dtype::F16 => Some(Float::F16),
        Dtype::BF16 => Some(Float::BF16),
        _ => None,
    }
}
