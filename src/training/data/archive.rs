//! A tar file, packed or not, of folders of pictures named by their classes.

use super::folder::bytes;
use super::pictures::in_order;
use super::{Pictures, TargetShape};
use crate::error::{Error, Result};
use crate::file::extension;
use crate::picture::Picture;
use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

pub fn read(path: &Path, target: TargetShape) -> Result<Pictures> {
    let failed = |e: std::io::Error| Error::new("cannot unpack it", e);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = extension(path) != "tar";
    let reader: Box<dyn Read> =
        if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut files: Vec<(PathBuf, Vec<u8>)> = vec![];
    for entry in tar::Archive::new(reader).entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.into_owned();
        if entry.header().entry_type().is_file() && Picture::is_picture_file(&name) {
            let mut content = vec![];
            entry.read_to_end(&mut content).map_err(failed)?;
            files.push((name, content));
        }
    }
    files.sort();
    let class = |name: &Path| {
        let folder = name.parent().and_then(Path::file_name).unwrap_or_default();
        folder.to_string_lossy().into_owned()
    };
    let above = |name: &Path| name.parent().and_then(Path::parent).map(Path::to_path_buf);
    let sets: BTreeSet<Option<PathBuf>> = files.iter().map(|(name, _)| above(name)).collect();
    if sets.len() > 1 || sets.contains(&None) {
        let sets = sets.into_iter().map(|set| set.unwrap_or_default().display().to_string());
        let sets = sets.collect::<Vec<_>>().join(", ");
        return Err(Error::new("its pictures are not of one set", format!("folders: {sets}"))
            .hint("pack one folder with a folder for each class"));
    }
    let classes: BTreeSet<String> = files.iter().map(|(name, _)| class(name)).collect();
    let mut classes: Vec<String> = classes.into_iter().collect();
    in_order(&mut classes);
    let read: Vec<_> = files
        .par_iter()
        .map(|(name, content)| bytes(&Picture::from_bytes(name, content)?, target))
        .collect::<Result<_>>()?;
    let mut pictures = Pictures::default();
    for ((name, _), (shape, pixels)) in files.iter().zip(read) {
        let class = class(name);
        let label = classes.iter().position(|other| *other == class);
        let label = label.expect("a class of the same files");
        pictures.push(shape, pixels, label)?;
    }
    Ok(Pictures { classes, ..pictures })
}
