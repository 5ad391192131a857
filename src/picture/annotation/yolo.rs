//! YOLO's text: a line an object, in shares of the picture's sides.

use super::names::Names;
use super::parse::number;
use super::{Annotations, BoundingBox, Frame, Outline, Region, Shape};
use crate::picture::Picture;
use std::path::Path;

/// Reads the objects of one picture: class, centre x, centre y, width, height, or a class and the
/// corners of a polygon; and perhaps a confidence, which is left unread. DOTA's lines have four
/// corners in pixels before a name.
pub(super) fn read(
    name: &str,
    text: &str,
    names: &Names,
    found: &mut Annotations,
) -> Result<(), String> {
    let lines = text.lines().enumerate().filter(|(_, line)| is_object(line));
    let read: Vec<_> = lines.map(|(index, line)| (index, object(line, names))).collect();
    let place = |index: usize| format!("{name}, line {}", index + 1);
    let used = read.iter().find_map(|(_, object)| object.as_ref().ok());
    let frame = match (used, read.first()) {
        (Some((frame, _)), _) => *frame,
        (None, None) => Frame::Unit,
        (None, Some((index, Err(why)))) => return Err(format!("{}: {why}", place(*index))),
        (None, Some((_, Ok(_)))) => unreachable!("it would be used"),
    };
    found.picture(name, frame)?;
    for (index, object) in read {
        let frame = object.as_ref().map_or(frame, |(frame, _)| *frame);
        found.take(|| place(index), name, frame, object.map(|(_, region)| region));
    }
    names.note.iter().for_each(|note| found.tally.note(note));
    Ok(())
}

/// Lines that are neither empty, nor comments, nor the head of a file of DOTA.
fn is_object(line: &str) -> bool {
    let line = line.trim();
    !(line.is_empty() || ["#", "imagesource:", "gsd:"].iter().any(|head| line.starts_with(head)))
}

fn object(line: &str, names: &Names) -> Result<(Frame, Region), String> {
    let words: Vec<&str> = match line.split_whitespace().count() {
        1 => line.split([',', ';']).map(str::trim).collect(),
        _ => line.split_whitespace().collect(),
    };
    if let [corners @ .., name, difficult] = &words[..]
        && corners.len() == 8
        && number(name).is_none()
    {
        return turned(corners, name, difficult).map(|region| (Frame::Original, region));
    }
    let class = class(words[0])?;
    let region = region(&numbers(&words[1..])?, names)?;
    Ok((Frame::Unit, Region { class: Some(class), label: names.of(class), ..region }))
}

fn numbers(words: &[&str]) -> Result<Vec<f64>, String> {
    let read = |word: &&str| number(word).ok_or_else(|| format!("`{word}` is not a number"));
    words.iter().map(read).collect()
}

/// A number of a class, which other programs write with decimals.
fn class(word: &str) -> Result<usize, String> {
    let whole = number(word).filter(|class| class.fract() == 0.0 && (0.0..1e9).contains(class));
    whole.map(|class| class as usize).ok_or_else(|| format!("`{word}` is no number of a class"))
}

fn region(numbers: &[f64], names: &Names) -> Result<Region, String> {
    let is_box = matches!(numbers.len(), 4 | 5) || (names.has_key_points && numbers.len() > 5);
    let used = match numbers.len() {
        0..4 => {
            let words = numbers.len() + 1;
            return Err(format!("{words} numbers instead of class, x, y, width, height"));
        }
        _ if is_box => &numbers[..4],
        // An odd one is a confidence.
        count => &numbers[..count - count % 2],
    };
    let is_share = |share: &f64| (-0.5..=1.5).contains(share);
    if !used.iter().all(is_share) || (is_box && (used[2] < 0.0 || used[3] < 0.0)) {
        let first = &used[..4];
        return Err(format!("{first:?} are no shares of a picture's sides, 0 to 1"));
    }
    Ok(Region::new(match (is_box, used) {
        (true, [x, y, width, height, ..]) => {
            let edges = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
            Shape::Box(BoundingBox::new(edges)?)
        }
        _ => Shape::Outline(Outline::new(vec![used.to_vec()])?),
    }))
}

/// A box of DOTA's by its corners in pixels.
fn turned(corners: &[&str], name: &str, difficult: &str) -> Result<Region, String> {
    let outline = Outline::new(vec![numbers(corners)?])?;
    Ok(Region {
        label: Some(name.to_string()),
        difficult: difficult != "0",
        ..Region::new(Shape::Outline(outline))
    })
}

/// Whether a text lists pictures, as the splits of a data set do, and describes none.
pub(super) fn is_list_of_pictures(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(3).peekable();
    lines.peek().is_some() && lines.all(|line| Picture::is_picture_file(Path::new(line.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> Result<Region, String> {
        object(line, &Names::default()).map(|(_, region)| region)
    }

    #[test]
    fn lines_are_boxes_or_clear_errors() {
        for line in [
            "3 0.5 0.5 0.25 0.5 0.9",
            "3.0\t.5 .5 .25 .5",
            "3,0.5,0.5,0.25,0.5",
            "3 0,5 0,5 0,25 0,5",
        ] {
            let found = read_line(line).unwrap();
            assert_eq!(found.class, Some(3), "{line}");
            let Shape::Box(bounds) = found.shape else { panic!("a box") };
            assert_eq!(bounds, BoundingBox { x1: 0.375, y1: 0.25, x2: 0.625, y2: 0.75 });
        }
        for (line, words) in [
            ("3 0.5 0.5", "3 numbers instead"),
            ("cat 0.5 0.5 0.2 0.2", "`cat` is no number"),
            ("1.5 0.5 0.5 0.2 0.2", "`1.5` is no number"),
            ("-1 0.5 0.5 0.2 0.2", "`-1` is no number"),
            ("0 0.5 x 0.2 0.2", "`x` is not a number"),
            ("0 320 240 100 50", "no shares"),
            ("0 0.5 0.5 -0.1 0.2", "no shares"),
            ("0 nan 0.5 0.1 0.2", "no shares"),
            ("0 0.1 0.1 0.5 0.5 0.9 0.9", "without area"),
            ("0 1 1 5 1 5 5", "no shares"),
        ] {
            let why = read_line(line).unwrap_err();
            assert!(why.contains(words), "{line}: {why}");
        }
    }

    #[test]
    fn more_numbers_are_polygons_and_key_points_are_left_out() {
        let corners = "1 0.25 0.25 0.75 0.25 0.75 0.75";
        let Shape::Outline(triangle) = read_line(corners).unwrap().shape else { panic!("corners") };
        let with_confidence = read_line(&format!("{corners} 0.9")).unwrap();
        assert_eq!(with_confidence.shape, Shape::Outline(triangle));
        let posed = Names { has_key_points: true, ..Names::default() };
        let (_, person) = object("0 0.5 0.5 0.2 0.2 0.4 0.4 2 0.6 0.6 1", &posed).unwrap();
        assert!(matches!(person.shape, Shape::Box(_)));
        let dota = "10 10 30 10 30 20 10 20 small-vehicle 1";
        let (frame, vehicle) = object(dota, &posed).unwrap();
        assert_eq!((frame, vehicle.label.as_deref()), (Frame::Original, Some("small-vehicle")));
        assert!(vehicle.difficult);
    }

    #[test]
    fn lists_of_pictures_are_no_objects() {
        assert!(is_list_of_pictures("data/a.jpg\n\ndata/b c.png\n"));
        assert!(!is_list_of_pictures("0 0.5 0.5 0.1 0.1\n"));
        assert!(!is_list_of_pictures(""));
    }
}
