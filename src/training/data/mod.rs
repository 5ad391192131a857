//! Labelled pictures to train and test with, in memory as bytes.

mod archive;
mod augmentation;
mod cifar;
mod folder;
mod idx;
mod npz;
mod pictures;
mod source;

pub use augmentation::Augmentation;
pub use pictures::Pictures;
pub use source::{Part, TargetShape};

use crate::error::{Error, Result};
use std::path::Path;

impl Pictures {
    /// Reads a folder with a folder of pictures for each class, the same in a `.tar` or `.tar.gz`,
    /// a folder or file of CIFAR's binary version, an `.npz` (bytes N×H×W×C, whole numbers N), or
    /// MNIST's `idx3` file with the `idx1` file of the same name beside it.
    ///
    /// # Errors
    /// When it is none of these, or holds no pictures, or of several sizes.
    pub fn read(path: &Path, target: TargetShape, part: Part) -> Result<Self> {
        Self::read_unnamed(path, target, part)
            .and_then(|pictures| pictures.checked(target))
            .map_err(|e| Error::new(format!("cannot read the pictures of {}", path.display()), e))
    }

    fn read_unnamed(path: &Path, target: TargetShape, part: Part) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        match () {
            () if path.is_dir() && cifar::is_folder(path) => cifar::read_folder(path, part),
            () if path.is_dir() => folder::read(path, target),
            () if !path.exists() => Err(Error::new("nothing to read", "it is not there")),
            () if ends(&[".tar", ".tar.gz", ".tgz"]) => archive::read(path, target),
            () if ends(&[".npz"]) => npz::read(path, part),
            () if ends(&[".bin"]) => cifar::read_file(path),
            () if name.contains("idx3-ubyte") => idx::read(path),
            () => Err(Error::new("unknown kind of data", "its name matches none").hint(
                "a folder of classes, .tar, .tar.gz, .npz, CIFAR's .bin or MNIST's idx3-ubyte",
            )),
        }
    }

    fn checked(self, target: TargetShape) -> Result<Self> {
        const LAYOUT: &str = "a folder for each class, with its pictures in it";
        let wrong = |why: String| Err(Error::new("it can't be trained on", why).hint(LAYOUT));
        let (classes, [channels, height, width]) = (self.classes.len(), self.shape);
        match self.labels.iter().find(|label| **label >= classes) {
            _ if self.len() < 2 => wrong("it holds fewer than two pictures".into()),
            _ if self.shape.contains(&0) => wrong(format!("its pictures are {height}×{width}")),
            _ if classes < 2 => wrong("it has one class only".into()),
            _ if target.size.is_some_and(|size| size != [height, width])
                || target.channels.is_some_and(|target| target != channels) =>
            {
                let why = format!("its pictures are {channels}×{height}×{width} for good");
                Err(Error::new("`size` or `channels` can't be changed", why)
                    .hint("only picture files can be resized or converted"))
            }
            Some(label) => wrong(format!("a picture is of class {label}, there are {classes}")),
            None => Ok(self),
        }
    }
}
