//! Annotations: ground-truth boxes and masks of the objects in pictures.
//!
//! [`Annotations::open`] reads a file or a folder, [`Annotations::of`] finds a picture in it by its
//! name, and [`Annotation::on_input`] brings its regions to the pixels of a network's input.

mod bounding_box;
mod classes;
mod coco;
mod collection;
mod cvat;
mod file;
mod folder;
mod format;
mod json;
mod labelme;
mod mask;
mod names;
mod outline;
mod parse;
mod region;
mod regions;
mod run_lengths;
mod table;
mod tally;
mod voc;
mod yolo;

pub use bounding_box::BoundingBox;
pub use classes::ClassMatch;
pub use collection::Annotations;
pub use file::MAX_BYTES;
pub use outline::Outline;
pub use region::{Annotation, Frame, Region, Shape};
pub use regions::{Regions, tight_box};
pub use run_lengths::RunLengths;

use crate::error::Result;
use crate::file::{extension, stem};
use std::path::Path;

impl Annotations {
    /// Opens a file or a folder in any of the known formats, recognised by name and content:
    ///
    /// - Pascal VOC and ImageNet XML, one file a picture, and CVAT's XML of many. Edges are taken
    ///   as they stand, except that files of VOC itself count pixels from 1 and include the last
    ///   one.
    /// - COCO and LVIS JSON: polygons and run lengths where there are any, boxes otherwise. A class
    ///   is the position of its category's id among all ids. Labelme's JSON, one file a picture.
    /// - YOLO text, one file a picture: class, centre, width, height as shares of the picture, or a
    ///   class and the corners of a polygon or of a turned box. Names come from `classes.txt`,
    ///   `obj.names`, `data.yaml` or another description near it. DOTA's text of turned boxes.
    /// - CSV or TSV with a header, one row a box by edges, by corner and size, or as one field; or
    ///   with `PredictionString`, several boxes a row. Without a size, coordinates that all lie in
    ///   0 to 1 are shares of the picture (Open Images).
    /// - Masks, one file a picture: 0 or black is background, every other value an object. The last
    ///   of 256 palette colours (VOC's void) is background too. Levels of grey between black and
    ///   white, as of JPEG and smoothed edges, are parted in the middle.
    ///
    /// What can't be used is skipped, counted and reported by [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// When nothing is there, the format is unknown, or nothing of the content can be used; the
    /// message names the first location.
    pub fn open(path: &Path) -> Result<Self> {
        let mut found = Self::default();
        let read = match path.is_dir() {
            true => folder::read_all(path, &mut found),
            false => file::bytes(path)
                .and_then(|bytes| format::read(path, &stem(path), bytes, &mut found)),
        };
        found.finished(path, read)
    }

    /// Opens the file of one picture, which `name` is the file of, without ending, whatever this one is
    /// called. Formats that name their pictures themselves keep to that.
    ///
    /// # Errors
    /// As [`Annotations::open`].
    pub fn open_of(path: &Path, name: &str) -> Result<Self> {
        let mut found = Self::default();
        let read = file::bytes(path).and_then(|bytes| format::read(path, name, bytes, &mut found));
        found.finished(path, read)
    }

    /// Reads a file's content as [`Annotations::open`] does; only its name matters besides.
    ///
    /// # Errors
    /// As [`Annotations::open`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        let mut found = Self::default();
        let read = format::read(path, &stem(path), bytes, &mut found);
        found.finished(path, read)
    }

    /// True for the names of files that hold annotations and nothing else; masks are pictures too.
    pub fn is_annotation_file(path: &Path) -> bool {
        ["xml", "json", "csv", "tsv", "txt"].contains(&extension(path).as_str())
    }
}
