//! CIFAR's binary version: one byte of class (CIFAR-100: coarse, then fine), 3072 bytes of pixels.

use super::pictures::numbered;
use super::{Part, Pictures};
use crate::error::{Error, Result};
use crate::model::Labels;
use std::path::{Path, PathBuf};

const PIXELS: usize = 3 * 32 * 32;
/// Files of CIFAR-10's and of CIFAR-100's folders.
const TRAINING: [&[&str]; 2] = [
    &[
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
    ],
    &["train.bin"],
];
const TEST: [&str; 2] = ["test_batch.bin", "test.bin"];

pub fn is_folder(path: &Path) -> bool {
    TRAINING.iter().any(|names| path.join(names[0]).is_file())
}

/// All training or all test pictures of a folder; a file that is missing is an error.
pub fn read_folder(path: &Path, part: Part) -> Result<Pictures> {
    let is_first = path.join(TRAINING[0][0]).is_file();
    let which = usize::from(!is_first);
    let names = match part {
        Part::Train => TRAINING[which],
        Part::Test => &TEST[which..=which],
    };
    read_files(&names.iter().map(|name| path.join(name)).collect::<Vec<_>>())
}

pub fn read_file(path: &Path) -> Result<Pictures> {
    read_files(&[path.to_path_buf()])
}

fn read_files(paths: &[PathBuf]) -> Result<Pictures> {
    let mut pictures = Pictures::default();
    let mut is_cifar10 = true;
    for path in paths {
        let failed = |why: String| Error::new(format!("cannot read {}", path.display()), why);
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        // CIFAR-100's one or two files are of a name of their own.
        let name = path.file_name().unwrap_or_default();
        let (head, classes) = match ["train.bin", "test.bin"].iter().any(|n| name == *n) {
            true => (2, 100),
            false => (1, 10),
        };
        is_cifar10 &= classes == 10;
        if bytes.is_empty() || !bytes.len().is_multiple_of(head + PIXELS) {
            let why = format!("{} bytes are no whole number of pictures", bytes.len());
            return Err(failed(why));
        }
        for record in bytes.chunks_exact(head + PIXELS) {
            let (head, pixels) = record.split_at(head);
            let label = usize::from(head[head.len() - 1]);
            if label >= classes {
                return Err(failed(format!("a picture is of class {label}, there are {classes}")));
            }
            pictures.push([3, 32, 32], pixels.iter().copied(), label)?;
        }
    }
    let classes = match Labels::built_in("cifar10").filter(|_| is_cifar10) {
        Some(names) => (0..names.len()).map(|class| names.name(class).to_string()).collect(),
        None => numbered(&pictures.labels)?,
    };
    Ok(Pictures { classes, ..pictures })
}
