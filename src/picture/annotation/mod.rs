//! Annotations: what people drew around the objects of pictures, as boxes and masks.
//!
//! [`Annotations::open`] reads a file or a folder, [`Annotations::of`] finds a picture in it by its
//! name, and [`Annotation::on_input`] brings its regions to the pixels of a network's input.

mod bounding_box;
mod coco;
mod folder;
mod format;
mod mask;
mod regions;
mod run_lengths;
mod table;
mod voc;
mod yolo;

pub use bounding_box::BoundingBox;
pub use format::MAX_BYTES;
pub use regions::{Regions, tight_box};
pub use run_lengths::RunLengths;

use super::{MAX_PIXELS, Picture};
use crate::error::{Error, Result};
use crate::file::{extension, stem};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that a file or a folder says about pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// By the pictures' file stems: the name as written, and what it is about.
    pictures: BTreeMap<String, (String, Annotation)>,
    warnings: Vec<String>,
}

/// What is known of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    pub frame: Frame,
    /// None: the picture is known to show no object.
    pub regions: Vec<Region>,
}

/// What coordinates refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Pixels of the picture as it is.
    Original,
    /// Pixels of the picture at a height and width.
    Size([usize; 2]),
    /// Shares of the picture's height and width, 0 to 1.
    Unit,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub shape: Shape,
    /// The object's name or WordNet id, as written.
    pub label: Option<String>,
    /// Its index among the annotations' own classes.
    pub class: Option<usize>,
    /// Marked difficult (VOC) or as a crowd (COCO): benchmarks may leave it out.
    pub difficult: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Box(BoundingBox),
    Mask(RunLengths),
}

impl Region {
    fn new(shape: Shape) -> Self {
        Self { shape, label: None, class: None, difficult: false }
    }
}

impl Annotation {
    /// Only the regions that a test accepts, such as those of one class.
    pub fn only(&self, accepts: impl Fn(&Region) -> bool) -> Self {
        let regions = self.regions.iter().filter(|region| accepts(region)).cloned().collect();
        Self { frame: self.frame, regions }
    }
}

impl Annotations {
    /// Opens a file or a folder in any of the known formats, told apart by name and content:
    ///
    /// - Pascal VOC and ImageNet XML, one file a picture. Edges are taken as they stand, except
    ///   that files of VOC itself count pixels from 1 and include the last one.
    /// - COCO JSON: polygons and run lengths where there are any, boxes otherwise. A class is the
    ///   position of its category's id among all ids.
    /// - YOLO text, one file a picture: class, centre, width, height as shares of the picture. Names
    ///   come from `classes.txt`, `obj.names` or `data.yaml` beside it or one folder up.
    /// - CSV or TSV with a header, one row a box. Without a size, coordinates that all lie in 0 to 1
    ///   are shares of the picture (Open Images).
    /// - Masks, one file a picture: 0 or black is background, every other value an object. The last
    ///   of 256 palette colours (VOC's void) is background too.
    ///
    /// # Errors
    /// When nothing is there, the format is unknown, or the content is broken; the message names the
    /// place.
    pub fn open(path: &Path) -> Result<Self> {
        let mut found = Self::default();
        let read = match path.is_dir() {
            true => folder::read(path, &mut found),
            false => format::bytes(path).and_then(|bytes| format::read(path, bytes, &mut found)),
        };
        read.map(|()| found).map_err(|why| unread(path, why))
    }

    /// Reads a file's content as [`Annotations::open`] does; only its name matters besides.
    ///
    /// # Errors
    /// As [`Annotations::open`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        let mut found = Self::default();
        format::read(path, bytes, &mut found).map_err(|why| unread(path, why))?;
        Ok(found)
    }

    /// True for the names of files that hold annotations and nothing else; masks are pictures too.
    pub fn is_annotation_file(path: &Path) -> bool {
        ["xml", "json", "csv", "txt"].contains(&extension(path).as_str())
    }

    /// What is said about the picture whose file is called this, without folder and extension.
    pub fn of(&self, stem: &str) -> Option<&Annotation> {
        self.pictures.get(stem).map(|(_, annotation)| annotation)
    }

    /// All pictures' stems and annotations, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Annotation)> {
        self.pictures.iter().map(|(stem, (_, annotation))| (stem.as_str(), annotation))
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// What was put right while reading, one line each: boxes cut at the picture's edges, objects
    /// of no size left out.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The annotation of a picture, which is begun if need be.
    fn picture(&mut self, name: &str, frame: Frame) -> Result<&mut Annotation, String> {
        let stem = picture_stem(name);
        let begin = || (name.to_string(), Annotation { frame, regions: vec![] });
        let (known_as, annotation) = self.pictures.entry(stem).or_insert_with(begin);
        if known_as != name {
            return Err(format!(
                "both {known_as} and {name} are there; pictures are known by their name without folder and extension, which must differ"
            ));
        }
        if annotation.frame != frame {
            return Err(format!("{name} is said to be of two sizes"));
        }
        Ok(annotation)
    }

    /// Adds an object to a picture, cut at the picture's border. `place` says where it was read.
    fn add(&mut self, name: &str, frame: Frame, region: Region, place: &str) -> Result<(), String> {
        let annotation = self.picture(name, frame)?;
        let (shape, warning) = cut(region.shape, frame);
        annotation.regions.extend(shape.map(|shape| Region { shape, ..region }));
        self.warnings.extend(warning.map(|warning| format!("{place}: {warning}")));
        Ok(())
    }
}

fn unread(path: &Path, why: String) -> Error {
    Error::new(format!("cannot read annotations {}", path.display()), why)
}

/// What of an object lies within its picture, and what there is to say about it.
fn cut(shape: Shape, frame: Frame) -> (Option<Shape>, Option<&'static str>) {
    let whole = match shape {
        Shape::Box(bounds) => bounds,
        Shape::Mask(mask) if mask.is_empty() => {
            return (None, Some("left out: a mask without pixels"));
        }
        Shape::Mask(_) => return (Some(shape), None),
    };
    // Formats that count the last pixel in, and rounding, reach a little beyond the border.
    let (inside, slack) = match frame {
        Frame::Original => (whole, 0.0),
        Frame::Size(size) => (whole.clipped(size.map(|side| side as f32)), 1.0),
        Frame::Unit => (whole.clipped([1.0; 2]), 0.01),
    };
    if inside.area() == 0.0 {
        return (None, Some("left out: a box that has no size or lies outside its picture"));
    }
    let moved =
        [whole.x1 - inside.x1, whole.y1 - inside.y1, whole.x2 - inside.x2, whole.y2 - inside.y2];
    let is_cut = moved.iter().any(|distance| distance.abs() > slack);
    let warning = is_cut.then_some("a box reached beyond its picture and was cut");
    (Some(Shape::Box(inside)), warning)
}

/// The name of a picture's file without folders and the extension of a picture.
fn picture_stem(name: &str) -> String {
    let file = Path::new(name.rsplit(['/', '\\']).next().unwrap_or(name));
    if Picture::is_picture_file(file) { stem(file) } else { file.display().to_string() }
}

/// A size in pixels that a file claims, checked before it is believed.
fn checked_size(height: u64, width: u64) -> Result<[usize; 2], String> {
    let pixels = height.checked_mul(width);
    if pixels.is_none_or(|pixels| pixels == 0 || pixels > MAX_PIXELS) {
        return Err(format!("a picture of {width}×{height} pixels"));
    }
    Ok([height as usize, width as usize])
}
