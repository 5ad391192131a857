//! Annotations: what people drew around the objects of pictures, as boxes and masks.
//!
//! [`Annotations::open`] reads a file or a folder, [`Annotations::of`] finds a picture in it by its
//! name, and [`Annotation::on_input`] brings its regions to the pixels of a network's input.

mod bounding_box;
mod classes;
mod coco;
mod cvat;
mod folder;
mod format;
mod labelme;
mod mask;
mod names;
mod outline;
mod regions;
mod run_lengths;
mod table;
mod tally;
mod voc;
mod yolo;

pub use bounding_box::BoundingBox;
pub use classes::ClassMatch;
pub use format::MAX_BYTES;
pub use outline::Outline;
pub use regions::{Regions, tight_box};
pub use run_lengths::RunLengths;

use self::tally::Tally;
use super::{MAX_PIXELS, Picture};
use crate::error::{Error, Result};
use crate::file::{extension, stem};
use crate::text::count;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that a file or a folder says about pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// By the pictures' file stems, and then by their names as written, with folders.
    pictures: BTreeMap<String, BTreeMap<String, Annotation>>,
    tally: Tally,
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
    /// Polygons in the annotation's frame.
    Outline(Outline),
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
    /// - Pascal VOC and ImageNet XML, one file a picture, and CVAT's XML of many. Edges are taken as
    ///   they stand, except that files of VOC itself count pixels from 1 and include the last one.
    /// - COCO and LVIS JSON: polygons and run lengths where there are any, boxes otherwise. A class is
    ///   the position of its category's id among all ids. Labelme's JSON, one file a picture.
    /// - YOLO text, one file a picture: class, centre, width, height as shares of the picture, or a
    ///   class and the corners of a polygon or of a turned box. Names come from `classes.txt`,
    ///   `obj.names`, `data.yaml` or another description near it. DOTA's text of turned boxes.
    /// - CSV or TSV with a header, one row a box by edges, by corner and size, or as one field; or
    ///   with `PredictionString`, several boxes a row. Without a size, coordinates that all lie in 0
    ///   to 1 are shares of the picture (Open Images).
    /// - Masks, one file a picture: 0 or black is background, every other value an object. The last
    ///   of 256 palette colours (VOC's void) is background too. Levels of grey between black and
    ///   white, as of JPEG and smoothed edges, are parted in the middle.
    ///
    /// What can't be used is left out, counted, and said among the [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// When nothing is there, the format is unknown, or nothing of the content can be used; the
    /// message names the first place.
    pub fn open(path: &Path) -> Result<Self> {
        let mut found = Self::default();
        let read = match path.is_dir() {
            true => folder::read_all(path, &mut found),
            false => format::bytes(path)
                .and_then(|bytes| format::read(path, &stem(path), bytes, &mut found)),
        };
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

    fn finished(mut self, path: &Path, read: Result<(), String>) -> Result<Self> {
        let unread =
            |why: String| Error::new(format!("cannot read annotations {}", path.display()), why);
        read.map_err(unread)?;
        if let Some(why) = self.tally.nothing_left() {
            return Err(unread(why));
        }
        let shared = self.pictures.values().filter(|named| named.len() > 1);
        if let Some(names) = shared.clone().next() {
            let names: Vec<_> = names.keys().take(3).map(String::as_str).collect();
            self.tally.note(format!(
                "{} of several pictures ({}, …): the folders in a picture's path decide which is meant",
                count(shared.count(), "name is", "names are"),
                names.join(", ")
            ));
        }
        Ok(self)
    }

    /// True for the names of files that hold annotations and nothing else; masks are pictures too.
    pub fn is_annotation_file(path: &Path) -> bool {
        ["xml", "json", "csv", "tsv", "txt"].contains(&extension(path).as_str())
    }

    /// What is said about the picture of this name, without folder and extension; none where
    /// several have it.
    pub fn of(&self, stem: &str) -> Option<&Annotation> {
        let named = self.pictures.get(stem)?;
        named.values().next().filter(|_| named.len() == 1)
    }

    /// What is said about a picture's file. Where several have its name, the one that shares most of
    /// the end of its path; none where that is not one alone.
    pub fn of_picture(&self, path: &Path) -> Option<&Annotation> {
        let named = self.pictures.get(&stem(path))?;
        let path = path.to_string_lossy();
        let best = named.keys().map(|name| shared_end(name, &path)).max()?;
        let mut alike = named.iter().filter(|(name, _)| shared_end(name, &path) == best);
        alike.next().filter(|_| alike.next().is_none()).map(|(_, annotation)| annotation)
    }

    /// All pictures' stems and annotations, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Annotation)> {
        self.pictures.iter().flat_map(|(stem, named)| {
            named.values().map(move |annotation| (stem.as_str(), annotation))
        })
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.values().map(BTreeMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// What people should know, one line each: entries that were skipped, boxes that were cut at
    /// their picture's border, and what was assumed.
    pub fn warnings(&self) -> Vec<String> {
        self.tally.lines()
    }

    /// The annotation of a picture, which is begun if need be.
    fn picture(&mut self, name: &str, frame: Frame) -> Result<&mut Annotation, String> {
        let named = self.pictures.entry(picture_stem(name)).or_default();
        let begin = || Annotation { frame, regions: vec![] };
        let annotation = named.entry(name.to_string()).or_insert_with(begin);
        match annotation.frame == frame {
            true => Ok(annotation),
            false => Err(format!("{name} is said to be of two sizes")),
        }
    }

    /// Takes one entry of a file, which `place` names, as it was read: an object of a picture, cut
    /// at its border. One that can't be used is skipped and counted.
    fn take(
        &mut self,
        place: impl Fn() -> String,
        name: &str,
        frame: Frame,
        region: Result<Region, String>,
    ) {
        let taken = region.and_then(|region| {
            let (shape, is_cut) = cut(region.shape, frame)?;
            self.picture(name, frame)?.regions.push(Region { shape, ..region });
            Ok(is_cut)
        });
        match taken {
            Ok(is_cut) => {
                self.tally.entries.keep();
                if is_cut {
                    self.tally.cut(place);
                }
            }
            Err(why) => self.tally.entries.skip(|| format!("{}: {why}", place())),
        }
    }
}

/// How many parts of two paths agree, from the end; extensions count half.
fn shared_end(name: &str, path: &str) -> usize {
    fn parts(path: &str) -> impl Iterator<Item = &str> {
        path.rsplit(['/', '\\']).filter(|part| !part.is_empty())
    }
    let file = |path| parts(path).next().unwrap_or_default();
    let folders = parts(name).skip(1).zip(parts(path).skip(1));
    let same = folders.take_while(|(one, other)| one == other).count();
    1 + 2 * same + usize::from(file(name) == file(path))
}

/// What of an object lies within its picture, and whether some of it does not.
fn cut(shape: Shape, frame: Frame) -> Result<(Shape, bool), String> {
    let whole = match shape {
        Shape::Box(bounds) => bounds,
        Shape::Mask(mask) if mask.is_empty() => return Err("a mask without pixels".into()),
        Shape::Mask(_) | Shape::Outline(_) => return Ok((shape, false)),
    };
    // Formats that count the last pixel in, and rounding, reach a little beyond the border.
    let (inside, slack) = match frame {
        Frame::Original => (whole, 0.0),
        Frame::Size(size) => (whole.clipped(size.map(|side| side as f32)), 1.0),
        Frame::Unit => (whole.clipped([1.0; 2]), 0.01),
    };
    if inside.area() == 0.0 {
        return Err("a box that has no size or lies outside its picture".into());
    }
    let moved =
        [whole.x1 - inside.x1, whole.y1 - inside.y1, whole.x2 - inside.x2, whole.y2 - inside.y2];
    let is_cut = moved.iter().any(|distance| distance.abs() > slack);
    Ok((Shape::Box(inside), is_cut))
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

/// A number as people write it: with a decimal point, or else with a decimal comma.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let with_comma =
        || Some(text).filter(|text| text.matches(',').count() == 1 && !text.contains('.'));
    text.parse().ok().or_else(|| with_comma()?.replace(',', ".").parse().ok())
}
