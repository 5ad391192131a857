//! MNIST's files: pictures in `…idx3-ubyte`, classes in `…idx1-ubyte`, packed by gzip or not.

use super::Pictures;
use super::pictures::numbered;
use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};

pub fn read(path: &Path) -> Result<Pictures> {
    let (sizes, pixels) = array(path, 3)?;
    let (count, labels) = array(&labels_beside(path), 1)?;
    if count[0] != sizes[0] {
        let why = format!("{} pictures and {} classes", sizes[0], count[0]);
        return Err(Error::new("its two files do not belong together", why));
    }
    let labels: Vec<usize> = labels.into_iter().map(usize::from).collect();
    let classes = numbered(&labels)?;
    Ok(Pictures { shape: [1, sizes[1], sizes[2]], pixels, labels, classes })
}

/// `train-images-idx3-ubyte.gz` has its classes in `train-labels-idx1-ubyte.gz`.
fn labels_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"))
}

/// Sizes and bytes of a file with this many dimensions.
fn array(path: &Path, sides: usize) -> Result<(Vec<usize>, Vec<u8>)> {
    let failed = |why: String| Error::new(format!("cannot read {}", path.display()), why);
    let mut bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = vec![];
        MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut unpacked)
            .map_err(|e| failed(e.to_string()))?;
        bytes = unpacked;
    }
    let head = 4 + 4 * sides;
    // Bytes are of type 8.
    if bytes.len() < head || bytes[..4] != [0, 0, 8, sides as u8] {
        return Err(failed(format!("it is no IDX file of bytes with {sides} sides")));
    }
    let sizes = bytes[4..head].as_chunks::<4>().0.iter();
    let sizes: Vec<usize> = sizes.map(|size| u32::from_be_bytes(*size) as usize).collect();
    let values = bytes.split_off(head);
    let expected = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    if expected != Some(values.len()) {
        return Err(failed(format!("it has {} values, its header says {sizes:?}", values.len())));
    }
    Ok((sizes, values))
}
