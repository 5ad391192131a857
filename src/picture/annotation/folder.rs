//! Folders of annotations.

use super::format::{self, KNOWN, bytes, text};
use super::{Annotations, mask, voc, yolo};
use crate::file::{extension, stem};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads what a folder holds: all XML; or its only JSON or table; or all text; or all masks. Pictures
/// may lie among them. Where masks are called `NAME_mask` or `NAME-mask`, only those are read.
pub(super) fn read(folder: &Path, found: &mut Annotations) -> Result<(), String> {
    let files = files(folder).map_err(|e| e.to_string())?;
    let with = |accepts: &dyn Fn(&Path) -> bool| -> Vec<&PathBuf> {
        files.iter().filter(|file| accepts(file)).collect()
    };
    let xml = with(&|file| extension(file) == "xml");
    if !xml.is_empty() {
        return each(&xml, |file| voc::read(&stem(file), &text(bytes(file)?)?, found));
    }
    let tables = with(&|file| matches!(extension(file).as_str(), "json" | "csv" | "tsv"));
    match tables[..] {
        [] => {}
        [table] => return each(&[table], |file| format::read(file, bytes(file)?, found)),
        _ => return Err("the folder holds several tables or JSON files; open one of them".into()),
    }
    let lists = with(&|file| extension(file) == "txt" && !yolo::is_list_of_names(file));
    if let Some(first) = lists.first() {
        let names = yolo::names_beside(first)?;
        return each(&lists, |file| yolo::read(&stem(file), &text(bytes(file)?)?, &names, found));
    }
    let mut masks = with(&|file| mask::is_mask_extension(&extension(file)));
    if masks.iter().any(|file| mask::is_called_mask(file)) {
        masks.retain(|file| mask::is_called_mask(file));
    }
    if masks.is_empty() {
        return Err(format!("the folder holds none; {KNOWN}"));
    }
    each(&masks, |file| mask::read(&mask::picture_name(file), &bytes(file)?, found))
}

/// The folder's files in alphabetical order, hidden ones left out.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn each(
    files: &[&PathBuf],
    mut read: impl FnMut(&Path) -> Result<(), String>,
) -> Result<(), String> {
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        read(file)
            .map_err(|why| if why.contains(&*name) { why } else { format!("{name}: {why}") })?;
    }
    Ok(())
}
