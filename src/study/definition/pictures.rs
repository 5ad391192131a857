//! The pictures of a study: found in folders, named one by one, or listed in a file.

mod list;

use super::Definition;
use crate::error::{Error, Result};
use crate::file::{files_within, sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A picture as a study names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPicture {
    /// The name for records: the path from the folder or the list it is in, or, where several have
    /// the same, from the study's folder.
    pub name: String,
    pub path: PathBuf,
    /// Its class, where the list has one.
    pub label: Option<usize>,
}

impl Definition {
    /// Finds the pictures, in the order of the definition and by name within folders. In folders,
    /// `is_picture` decides by a file's name.
    ///
    /// # Errors
    /// When a folder or list can't be read, a picture is not there, or there are none.
    pub fn pictures(&self, is_picture: impl Fn(&Path) -> bool) -> Result<Vec<ListedPicture>> {
        let mut found = vec![];
        for folder in &self.pictures.folders {
            found.extend(search(folder, &is_picture)?);
        }
        for file in &self.pictures.files {
            found.push(ListedPicture::new(self.path.parent(), file, None));
        }
        if let Some(list) = &self.pictures.list {
            found.extend(list::read(list)?);
        }
        let found = once_each(found)?;
        check_there(&found)?;
        let chosen = self.told_apart(self.chosen(found));
        match chosen.is_empty() {
            false => Ok(chosen),
            true => Err(Error::new(super::failed(&self.path), "its [pictures] are none")),
        }
    }

    fn told_apart(&self, mut pictures: Vec<ListedPicture>) -> Vec<ListedPicture> {
        let mut times: HashMap<String, usize> = HashMap::new();
        for picture in &pictures {
            *times.entry(picture.name.clone()).or_default() += 1;
        }
        for picture in pictures.iter_mut().filter(|picture| times[&picture.name] > 1) {
            picture.name = name(self.path.parent(), &picture.path);
        }
        pictures
    }

    fn chosen(&self, mut pictures: Vec<ListedPicture>) -> Vec<ListedPicture> {
        pictures.truncate(self.pictures.limit.unwrap_or(usize::MAX));
        let Some(sample) = self.pictures.sample.filter(|sample| *sample < pictures.len()) else {
            return pictures;
        };
        // The least hashes: a picture more or less in a folder changes the choice by one.
        let lot = |name: &str| sha256(format!("{}\n{name}", self.seed).as_bytes());
        let lots: Vec<String> = pictures.iter().map(|picture| lot(&picture.name)).collect();
        let mut ascending = lots.clone();
        ascending.sort();
        let mut lots = lots.into_iter();
        pictures.retain(|_| lots.next().is_some_and(|lot| lot < ascending[sample]));
        pictures
    }
}

impl ListedPicture {
    fn new(from: Option<&Path>, path: &Path, label: Option<usize>) -> Self {
        Self { name: name(from, path), path: path.to_path_buf(), label }
    }
}

/// A path from a folder, where it is in it, the same on every system.
fn name(from: Option<&Path>, path: &Path) -> String {
    let short = from.and_then(|from| path.strip_prefix(from).ok()).unwrap_or(path);
    short.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A folder's pictures in the order of their names.
fn search(folder: &Path, is_picture: &impl Fn(&Path) -> bool) -> Result<Vec<ListedPicture>> {
    let failed = |e| Error::new(format!("cannot read folder {}", folder.display()), e);
    let files = files_within(folder).map_err(failed)?;
    let pictures = files.iter().filter(|path| is_picture(path));
    Ok(pictures.map(|path| ListedPicture::new(Some(folder), path, None)).collect())
}

/// Every file once: lists of boxes name a picture in several lines.
fn once_each(pictures: Vec<ListedPicture>) -> Result<Vec<ListedPicture>> {
    let mut places = HashMap::new();
    let mut once: Vec<ListedPicture> = vec![];
    for picture in pictures {
        let place = *places.entry(picture.path.clone()).or_insert(once.len());
        let Some(first) = once.get_mut(place) else {
            once.push(picture);
            continue;
        };
        match (first.label, picture.label) {
            (Some(one), Some(other)) if one != other => {
                let what = format!("cannot use picture {}", picture.path.display());
                return Err(Error::new(what, format!("its label is both {one} and {other}")));
            }
            (label, other) => first.label = label.or(other),
        }
    }
    Ok(once)
}

fn check_there(pictures: &[ListedPicture]) -> Result<()> {
    let missing: Vec<_> = pictures.iter().filter(|picture| !picture.path.is_file()).collect();
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(Error::new(
            format!("cannot find {} of {} pictures", missing.len(), pictures.len()),
            format!("the first is {}", first.path.display()),
        )
        .hint("paths are from the folder of the file that names them")),
    }
}
