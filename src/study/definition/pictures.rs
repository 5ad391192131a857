//! The pictures of a study: found in folders, named one by one, or listed in a file.

use super::Definition;
use crate::error::{Error, Result};
use crate::file::{extension, sha256};
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

/// What a column of a list may be called.
const IMAGE: [&str; 4] = ["image", "path", "file", "filename"];
const LABEL: [&str; 2] = ["label", "class"];

impl Definition {
    /// Finds the pictures, in the order of the definition and by name within folders. In folders,
    /// `is_picture` decides by a file's name.
    ///
    /// # Errors
    /// When a folder or list can't be read, a picture is not there, or there are none.
    pub fn pictures(&self, is_picture: impl Fn(&Path) -> bool) -> Result<Vec<ListedPicture>> {
        let mut found = vec![];
        for folder in &self.pictures.folders {
            search(folder, folder, &is_picture, &mut found)?;
        }
        for file in &self.pictures.files {
            found.push(ListedPicture::new(self.path.parent(), file, None));
        }
        if let Some(list) = &self.pictures.list {
            found.extend(listed(list)?);
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

/// Collects a folder's pictures in the order of their names; hidden files are none, and links to
/// folders are not followed, for they may lead back.
fn search(
    root: &Path,
    folder: &Path,
    is_picture: &impl Fn(&Path) -> bool,
    found: &mut Vec<ListedPicture>,
) -> Result<()> {
    let failed = |e| Error::new(format!("cannot read folder {}", folder.display()), e);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            search(root, &path, is_picture, found)?;
        } else if is_picture(&path) && path.is_file() {
            found.push(ListedPicture::new(Some(root), &path, None));
        }
    }
    Ok(())
}

fn listed(list: &Path) -> Result<Vec<ListedPicture>> {
    let what = || format!("cannot read list of pictures {}", list.display());
    let text = std::fs::read_to_string(list).map_err(|e| Error::new(what(), e))?;
    let text = text.trim_start_matches('\u{feff}');
    let rows = match extension(list).as_str() {
        "csv" => table(text).map_err(|why| Error::new(what(), why))?,
        _ => lines(text),
    };
    let folder = list.parent().unwrap_or(Path::new(""));
    let row = |(name, label): (String, _)| ListedPicture {
        label,
        ..ListedPicture::new(Some(folder), &folder.join(name), None)
    };
    Ok(rows.into_iter().map(row).collect())
}

fn lines(text: &str) -> Vec<(String, Option<usize>)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| (line.to_string(), None)).collect()
}

fn table(text: &str) -> Result<Vec<(String, Option<usize>)>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| e.to_string())?.clone();
    let column = |names: &[&str]| {
        headers.iter().position(|header| names.contains(&header.to_lowercase().as_str()))
    };
    let image = column(&IMAGE).ok_or_else(|| {
        let found: Vec<_> = headers.iter().collect();
        format!("its columns are {}, none is {}", found.join(", "), IMAGE.join(", "))
    })?;
    let label = column(&LABEL);
    let mut rows = vec![];
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let name = row.get(image).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| format!("line {line} names no picture"))?;
        let label = label.and_then(|label| row.get(label)).filter(|label| !label.is_empty());
        let parsed = label.map(str::parse).transpose().map_err(|_| {
            format!("line {line}: label {} is no class's index from 0", label.unwrap_or_default())
        })?;
        rows.push((name.to_string(), parsed));
    }
    Ok(rows)
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
