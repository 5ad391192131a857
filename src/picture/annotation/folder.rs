//! Folders of annotations.

use super::file::{bytes, read_text};
use super::format::{KNOWN, read};
use super::names::{Names, is_list_of_names};
use super::{Annotations, labelme, mask, voc, yolo};
use crate::file::{extension, files_within};
use std::path::{Path, PathBuf};

/// Reads what a folder and the folders in it hold: all XML; or its only JSON or table, or Labelme's
/// JSON; or all text; or all masks. Pictures may lie among them. Where masks are called `NAME_mask`
/// or `NAME-mask`, only those are read; JPEG only where there are no other masks.
pub(super) fn read_all(folder: &Path, found: &mut Annotations) -> Result<(), String> {
    let files = files_within(folder).map_err(|e| e.to_string())?;
    let with = |extensions: &[&str]| -> Vec<&PathBuf> {
        files.iter().filter(|file| extensions.contains(&extension(file).as_str())).collect()
    };
    let mut each = Each { folder, found };
    let xml = with(&["xml"]);
    if !xml.is_empty() {
        each.file(&xml, |file, name, found| {
            voc::read(name, &read_text(bytes(file)?, found)?, found)
        });
        return Ok(());
    }
    let tables = with(&["json", "csv", "tsv"]);
    if !tables.is_empty() {
        return each.tables(&tables);
    }
    let mut lists = with(&["txt"]);
    lists.retain(|file| !is_list_of_names(file));
    if let Some(first) = lists.first() {
        let names = Names::beside(first)?;
        each.file(&lists, |file, name, found| {
            let text = read_text(bytes(file)?, found)?;
            if yolo::is_list_of_pictures(&text) {
                return Ok(());
            }
            yolo::read(name, &text, &names, found)
        });
        return Ok(());
    }
    let masks = mask::among(&files);
    let Some(first) = masks.first() else {
        return Err(format!("the folder holds none; {KNOWN}"));
    };
    let names = Names::beside(first)?;
    each.file(&masks, |file, name, found| {
        mask::read(mask::picture_name(name), &bytes(file)?, &names, found)
    });
    Ok(())
}

/// Reads files of a folder one by one.
struct Each<'a> {
    folder: &'a Path,
    found: &'a mut Annotations,
}

impl Each<'_> {
    /// Reads the only table, or Labelme's JSON of many pictures.
    fn tables(&mut self, tables: &[&PathBuf]) -> Result<(), String> {
        if let [only] = tables {
            self.file(tables, |_, name, found| read(only, name, bytes(only)?, found));
            return Ok(());
        }
        let first = bytes(tables[0]).and_then(|bytes| read_text(bytes, self.found));
        if !first.is_ok_and(|text| labelme::is_labelme(tables[0], &text)) {
            return Err("the folder holds several tables or JSON files; open one of them".into());
        }
        self.file(tables, |file, name, found| {
            labelme::read(name, &read_text(bytes(file)?, found)?, found)
        });
        Ok(())
    }

    /// Reads every file under its name from the folder on, without its extension; one that can't be
    /// read is skipped and counted.
    fn file(
        &mut self,
        files: &[&PathBuf],
        mut read: impl FnMut(&Path, &str, &mut Annotations) -> Result<(), String>,
    ) {
        for file in files {
            let within = file.strip_prefix(self.folder).unwrap_or(file);
            let name = within.with_extension("").to_string_lossy().replace('\\', "/");
            match read(file, &name, self.found) {
                Ok(()) => self.found.tally.files.keep(),
                Err(why) => {
                    self.found.tally.files.skip(|| format!("{}: {why}", within.display()));
                }
            }
        }
    }
}
