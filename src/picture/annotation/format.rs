//! Which format a file is in, and its content.

use super::file::read_text;
use super::names::Names;
use super::{Annotations, coco, mask, table, voc, yolo};
use crate::file::extension;
use std::path::Path;

/// What there is to open, for errors.
pub(super) const KNOWN: &str = "known are Pascal VOC, ImageNet or CVAT XML, COCO, LVIS or Labelme JSON, YOLO or DOTA text, CSV or TSV with columns such as image,x1,y1,x2,y2, and masks as PNG, BMP, TIFF, GIF or JPEG; also folders of XML, text or masks";

/// Reads the content of one file, whatever its format. `name` is its picture's, for formats of one
/// file a picture that don't say it.
pub(super) fn read(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    found: &mut Annotations,
) -> Result<(), String> {
    if bytes.is_empty() && extension(path) != "txt" {
        return Err("the file is empty".into());
    }
    if image::guess_format(&bytes).is_ok() || mask::is_mask_extension(&extension(path)) {
        return mask::read(mask::picture_name(name), &bytes, &Names::beside(path)?, found);
    }
    let unknown = || format!("its format is unknown; {KNOWN}");
    let text = read_text(bytes, found).map_err(|_| unknown())?;
    match Format::of(path, &text).ok_or_else(unknown)? {
        Format::Xml => voc::read(name, &text, found),
        Format::Json => coco::read(name, &text, found),
        Format::Table => table::read(&text, found),
        Format::Yolo => yolo::read(name, &text, &Names::beside(path)?, found),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Xml,
    Json,
    Table,
    Yolo,
}

impl Format {
    /// By content; by the extension where the content could be anything.
    fn of(path: &Path, text: &str) -> Option<Self> {
        match (text.trim_start().chars().next(), extension(path).as_str()) {
            (Some('<'), _) | (_, "xml") => Some(Self::Xml),
            (Some('{' | '['), _) | (_, "json") => Some(Self::Json),
            (_, "csv" | "tsv") => Some(Self::Table),
            _ if table::is_table(text) => Some(Self::Table),
            (_, "txt") => Some(Self::Yolo),
            _ => None,
        }
    }
}
