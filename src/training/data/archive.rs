//! A tar file, packed or not, of folders of pictures named by their classes.

use super::folder::bytes;
use super::{Pictures, Wanted};
use crate::error::{Error, Result};
use crate::picture::Picture;
use flate2::read::GzDecoder;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

pub fn read(path: &Path, wanted: Wanted) -> Result<Pictures> {
    let failed = |e: std::io::Error| Error::new("cannot unpack it", e);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    let packed = path.extension().is_none_or(|extension| extension != "tar");
    let reader: Box<dyn Read> =
        if packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
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
    let classes: BTreeSet<String> = files.iter().map(|(name, _)| class(name)).collect();
    let classes: Vec<String> = classes.into_iter().collect();
    let read: Vec<_> = files
        .par_iter()
        .map(|(name, content)| bytes(&Picture::from_bytes(name, content)?, wanted))
        .collect::<Result<_>>()?;
    let mut pictures = Pictures::default();
    for ((name, _), (shape, pixels)) in files.iter().zip(read) {
        let label = classes.binary_search(&class(name)).expect("a class of the same files");
        pictures.push(shape, pixels, label)?;
    }
    Ok(Pictures { classes, ..pictures })
}
