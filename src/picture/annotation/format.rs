//! Files of annotations: which format they are in, and their content.

use super::{Annotations, coco, mask, table, voc, yolo};
use crate::file::{extension, stem};
use std::fs;
use std::path::Path;

/// Files above this many bytes are refused before they are read.
pub const MAX_BYTES: u64 = 1 << 29;

/// What there is to open, for errors.
pub(super) const KNOWN: &str = "known are Pascal VOC or ImageNet XML, COCO JSON, YOLO text, CSV or TSV with columns such as image,x1,y1,x2,y2, and masks as PNG, BMP, TIFF or GIF; also folders of XML, text or masks";

/// Reads the content of one file, whatever its format.
pub(super) fn read(path: &Path, bytes: Vec<u8>, found: &mut Annotations) -> Result<(), String> {
    match Format::of(path, &bytes) {
        _ if bytes.is_empty() && extension(path) != "txt" => Err("the file is empty".into()),
        Some(Format::Voc) => voc::read(&stem(path), &text(bytes)?, found),
        Some(Format::Coco) => coco::read(&text(bytes)?, found),
        Some(Format::Table) => table::read(&text(bytes)?, found),
        Some(Format::Yolo) => {
            let names = yolo::names_beside(path)?;
            yolo::read(&stem(path), &text(bytes)?, &names, found)
        }
        Some(Format::Mask) => mask::read(&mask::picture_name(path), &bytes, found),
        None => Err(format!("its format is unknown; {KNOWN}")),
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Voc,
    Coco,
    Yolo,
    Table,
    Mask,
}

impl Format {
    /// By content; by the extension where the content could be anything.
    fn of(path: &Path, bytes: &[u8]) -> Option<Self> {
        if image::guess_format(bytes).is_ok() {
            return Some(Self::Mask);
        }
        let start = bytes.trim_ascii_start();
        let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
        match (start.first(), extension(path).as_str()) {
            (Some(b'<'), _) | (_, "xml") => Some(Self::Voc),
            (Some(b'{' | b'['), _) | (_, "json") => Some(Self::Coco),
            (_, "csv" | "tsv") => Some(Self::Table),
            _ if table::is_table(start) => Some(Self::Table),
            (_, "txt") => Some(Self::Yolo),
            (_, extension) => mask::is_mask_extension(extension).then_some(Self::Mask),
        }
    }
}

/// The whole file, unless it is too large.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let about = fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("it is neither a file nor a folder".into());
    }
    let size = about.len();
    if size > MAX_BYTES {
        let [size, limit] = [size, MAX_BYTES].map(|bytes| bytes >> 20);
        return Err(format!("it holds {size} MiB, the limit is {limit} MiB; split it first"));
    }
    fs::read(path).map_err(|e| e.to_string())
}

pub(super) fn text(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_string(),
        None => text,
    })
}
