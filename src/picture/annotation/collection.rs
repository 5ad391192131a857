//! All annotations of a file or a folder, by picture.

use super::tally::Tally;
use super::{Annotation, Frame, Region, Shape};
use crate::error::{Error, Result};
use crate::file::stem;
use crate::picture::Picture;
use crate::text::count;
use std::collections::BTreeMap;
use std::path::Path;

/// All annotations of a file or a folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// By the pictures' file stems, and then by their names as written, with folders.
    pictures: BTreeMap<String, BTreeMap<String, Annotation>>,
    pub(super) tally: Tally,
}

impl Annotations {
    /// What was read, unless nothing of it can be used.
    pub(super) fn finished(mut self, path: &Path, read: Result<(), String>) -> Result<Self> {
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

    /// The annotation of the picture of this name, without folder and extension; none where
    /// several have it.
    pub fn of(&self, stem: &str) -> Option<&Annotation> {
        let named = self.pictures.get(stem)?;
        named.values().next().filter(|_| named.len() == 1)
    }

    /// The annotation of a picture's file. Where several have its name, the one that shares most of
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

    /// Warnings, one line each: entries that were skipped, boxes that were cut at their picture's
    /// border, and what was assumed.
    pub fn warnings(&self) -> Vec<String> {
        self.tally.lines()
    }

    /// The annotation of a picture, created if need be.
    pub(super) fn picture(&mut self, name: &str, frame: Frame) -> Result<&mut Annotation, String> {
        let named = self.pictures.entry(picture_stem(name)).or_default();
        let begin = || Annotation { frame, regions: vec![] };
        let annotation = named.entry(name.to_string()).or_insert_with(begin);
        match annotation.frame == frame {
            true => Ok(annotation),
            false => Err(format!("{name} is given two sizes")),
        }
    }

    /// Adds one entry of a file, an object of a picture, cut at its border; `place` names the entry
    /// in messages. One that can't be used is skipped and counted.
    pub(super) fn take(
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

/// The part of an object within its picture, and whether some of it was outside.
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
