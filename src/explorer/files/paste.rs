//! Pasting: pictures, and paths of files, from the clipboard.

use crate::explorer::context::Action;
use egui::{Context, Event};
use image::{Rgba, RgbaImage};
use std::path::PathBuf;

/// What was pasted while no text field wanted it.
pub fn pasted(ctx: &Context) -> Vec<Action> {
    if ctx.text_edit_focused() {
        return vec![];
    }
    let action = |event: &Event| match event {
        Event::PasteImage(image) => Some(Action::OpenPasted(picture(image))),
        Event::Paste(text) => Some(paths(text).map_or_else(
            || Action::Info("Pasted text opens files when each line is the path of one".into()),
            Action::Open,
        )),
        _ => None,
    };
    ctx.input(|input| input.events.iter().filter_map(action).collect())
}

fn picture(image: &egui::ColorImage) -> RgbaImage {
    let [width, height] = image.size.map(|side| side as u32);
    RgbaImage::from_fn(width, height, |x, y| {
        Rgba(image[(x as usize, y as usize)].to_srgba_unmultiplied())
    })
}

/// The files that every line of a text names, as file managers copy them.
fn paths(text: &str) -> Option<Vec<PathBuf>> {
    let path = |line: &str| {
        let line = line.trim().trim_matches('"');
        let path = line.strip_prefix("file://").map_or(line.to_string(), decoded);
        Some(PathBuf::from(path)).filter(|path| path.is_absolute() && path.exists())
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(path).collect::<Option<Vec<_>>>().filter(|paths| !paths.is_empty())
}

/// The path of a file's address: `%` and two digits stand for a byte, and there is no slash before a
/// drive.
pub fn decoded(address: &str) -> String {
    let mut bytes = vec![];
    let mut rest = address.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let digits = others.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        let escaped = byte.filter(|_| *first == b'%');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &others[2..] } else { others };
    }
    let path = String::from_utf8_lossy(&bytes).into_owned();
    let has_drive = path.len() > 2 && path.as_bytes()[2] == b':';
    if has_drive { path[1..].to_string() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_paths_are_paths() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a b.png");
        std::fs::write(&file, "").unwrap();
        let there = file.display().to_string();
        assert_eq!(paths(&format!("\"{there}\"\n\n")), Some(vec![file.clone()]));
        assert_eq!(paths(&format!("file://{}", there.replace(' ', "%20"))), Some(vec![file]));
        assert_eq!(decoded("/a%C3%A4%28b%29%zz%"), "/aä(b)%zz%");
        assert_eq!(decoded("/C:/a"), "C:/a");
        for text in ["", "\n", "tabby cat", "/no/such/file", &format!("{there}\nand more")] {
            assert_eq!(paths(text), None, "{text}");
        }
    }
}
