//! A folder with a folder of pictures for each class.

use super::pictures::in_order;
use super::{Pictures, TargetShape};
use crate::error::{Error, Result};
use crate::picture::{Filter, Picture, Preprocessing};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn read(path: &Path, target: TargetShape) -> Result<Pictures> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in listed(path)?.into_iter().filter(|path| path.is_dir()) {
        let pictures: Vec<_> =
            listed(&folder)?.into_iter().filter(|file| is_picture(file)).collect();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !pictures.is_empty() {
            found.insert(name, pictures);
        }
    }
    let mut classes: Vec<String> = found.keys().cloned().collect();
    in_order(&mut classes);
    let of_class = |(label, name): (usize, &String)| {
        let files = found.remove(name).unwrap_or_default();
        files.into_iter().map(move |file| (label, file))
    };
    let files: Vec<_> = classes.iter().enumerate().flat_map(of_class).collect();
    let read: Vec<_> = files
        .par_iter()
        .map(|(label, file)| Ok((*label, bytes(&Picture::open(file)?, target)?)))
        .collect::<Result<_>>()?;
    let mut pictures = Pictures { classes, ..Pictures::default() };
    for (label, (shape, pixels)) in read {
        pictures.push(shape, pixels, label)?;
    }
    Ok(pictures)
}

/// The entries of a folder, sorted by name.
fn listed(path: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e| Error::new(format!("cannot list {}", path.display()), e);
    let entries = std::fs::read_dir(path).map_err(failed)?;
    let mut paths: Vec<_> =
        entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    Picture::is_picture_file(path)
}

/// Shape and bytes of a picture, at the target size.
pub fn bytes(picture: &Picture, target: TargetShape) -> Result<([usize; 3], Vec<u8>)> {
    let (width, height) = picture.size();
    let input = Preprocessing {
        channels: target.channels.unwrap_or(3),
        size: target.size.unwrap_or([height, width]),
        mean: vec![],
        std: vec![],
        resize: Filter::Bicubic,
        crop: 1.0,
    };
    let pixels = picture.pixels(&input)?;
    let (channels, height, width) = pixels.dim();
    let bytes = pixels.iter().map(|value| (value * 255.0).round() as u8).collect();
    Ok(([channels, height, width], bytes))
}
