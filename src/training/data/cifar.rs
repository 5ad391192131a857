//! CIFAR's binary version: one byte of class (CIFAR-100: coarse, then fine), 3072 bytes of pixels.

use super::{Pictures, numbered};
use crate::error::{Error, Result};
use crate::model::Labels;
use std::path::{Path, PathBuf};

const PIXELS: usize = 3 * 32 * 32;
/// Files of training pictures.
const TRAINING: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "train.bin",
];

pub fn is_folder(path: &Path) -> bool {
    TRAINING.iter().any(|name| path.join(name).is_file())
}

/// All training pictures of a folder.
pub fn read_folder(path: &Path) -> Result<Pictures> {
    let files = TRAINING.iter().map(|name| path.join(name)).filter(|file| file.is_file());
    read_files(&files.collect::<Vec<_>>())
}

pub fn read_file(path: &Path) -> Result<Pictures> {
    read_files(&[path.to_path_buf()])
}

fn read_files(paths: &[PathBuf]) -> Result<Pictures> {
    let mut pictures = Pictures::default();
    for path in paths {
        let failed = |why: String| Error::new(format!("cannot read {}", path.display()), why);
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        // CIFAR-100's one or two files are of a name of their own.
        let name = path.file_name().unwrap_or_default();
        let head = if ["train.bin", "test.bin"].iter().any(|n| name == *n) { 2 } else { 1 };
        if bytes.is_empty() || !bytes.len().is_multiple_of(head + PIXELS) {
            let why = format!("{} bytes are no whole number of pictures", bytes.len());
            return Err(failed(why));
        }
        for record in bytes.chunks_exact(head + PIXELS) {
            let (head, pixels) = record.split_at(head);
            let label = usize::from(head[head.len() - 1]);
            pictures.push([3, 32, 32], pixels.iter().copied(), label)?;
        }
    }
    let numbers = numbered(&pictures.labels);
    let names = Labels::built_in("cifar10").filter(|labels| labels.len() >= numbers.len());
    let classes = names.map_or(numbers, |names| {
        (0..names.len()).map(|class| names.name(class).to_string()).collect()
    });
    Ok(Pictures { classes, ..pictures })
}
