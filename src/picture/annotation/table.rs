//! Tables of boxes: CSV or TSV with a header, one row a box.

mod columns;

use self::columns::{Columns, Layout, Place};
use super::parse::{checked_size, number};
use super::{Annotations, BoundingBox, Frame, Region, Shape};
use csv::{Reader, ReaderBuilder, StringRecord};

/// Four numbers of a box, and its own name where it has one.
type Four = ([f64; 4], Option<String>);

/// A row as written.
struct Row {
    picture: String,
    frame: Frame,
    /// None: the picture shows no object.
    boxes: Vec<Result<Four, String>>,
    label: Option<String>,
    class: Option<usize>,
    difficult: bool,
    line: u64,
}

/// Whether a text begins with a table's header, or with a row of one that has none.
pub(super) fn is_table(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let header = reader(line, true).headers().cloned().unwrap_or_default();
    Columns::of(&header).is_ok() || Columns::without_header(&header).is_some()
}

/// Reads a whole table.
pub(super) fn read(text: &str, found: &mut Annotations) -> Result<(), String> {
    let broken = |e: csv::Error| format!("broken table: {e}");
    let header = reader(text, true).headers().map_err(broken)?.clone();
    let bare = Columns::without_header(&header);
    let mut records = reader(text, bare.is_none());
    if bare.is_some() {
        found.tally.note(
            "the table has no header: its columns are read as picture, x1, y1, x2, y2, class",
        );
    }
    let columns = bare.map_or_else(|| Columns::of(&header), Ok)?;
    let mut rows = vec![];
    for record in records.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        match row(&record, &columns, line) {
            Ok(row) => rows.push(row),
            Err(why) => found.tally.entries.skip(|| format!("line {line}: {why}")),
        }
    }
    let layout = match columns.place {
        Place::Columns(_, layout) => layout,
        Place::Field(_) => layout_of_fields(&rows, found),
        Place::Predictions(_) => Layout::Corners,
    };
    let is_of_shares = columns.size.is_none() && are_shares(&rows, layout);
    for mut row in rows {
        row.frame = if is_of_shares { Frame::Unit } else { row.frame };
        add(row, layout, found);
    }
    Ok(())
}

/// Without a size, edges that all lie in 0 to 1 are shares of the picture.
fn are_shares(rows: &[Row], layout: Layout) -> bool {
    const ROUNDING: f64 = 1e-4;
    let is_share = |edge: f64| (-ROUNDING..=1.0 + ROUNDING).contains(&edge);
    let mut boxes = rows.iter().flat_map(|row| row.boxes.iter().flatten()).peekable();
    boxes.peek().is_some() && boxes.all(|(four, _)| layout.edges(*four).into_iter().all(is_share))
}

/// A field of four numbers is a corner and a size, as in COCO, unless that leaves the pictures and
/// two corners don't.
fn layout_of_fields(rows: &[Row], found: &mut Annotations) -> Layout {
    let fits = |layout: Layout| {
        let in_picture = |row: &Row, four: [f64; 4]| {
            let [x1, y1, x2, y2] = layout.edges(four);
            let size = if let Frame::Size(size) = row.frame { size } else { [usize::MAX; 2] };
            let [height, width] = size.map(|side| side as f64 + 1.0);
            x1 <= x2 && y1 <= y2 && x2 <= width && y2 <= height
        };
        rows.iter().all(|row| row.boxes.iter().flatten().all(|(four, _)| in_picture(row, *four)))
    };
    if fits(Layout::Corners) && !fits(Layout::CornerSize) {
        found.tally.note("the table's boxes are read as x1, y1, x2, y2: as x, y, width, height they leave their pictures");
        return Layout::Corners;
    }
    found.tally.note("the table's boxes are read as x, y, width, height, as COCO's are");
    Layout::CornerSize
}

fn add(row: Row, layout: Layout, found: &mut Annotations) {
    let Row { picture, frame, boxes, label, class, difficult, line } = row;
    if boxes.is_empty() {
        match found.picture(&picture, frame).map(|_| ()) {
            Ok(()) => found.tally.entries.keep(),
            Err(why) => found.tally.entries.skip(|| format!("line {line}: {why}")),
        }
    }
    for four in boxes {
        let region = four.and_then(|(four, name)| {
            let shape = Shape::Box(BoundingBox::new(layout.edges(four))?);
            Ok(Region { shape, label: name.or_else(|| label.clone()), class, difficult })
        });
        found.take(|| format!("line {line}, {picture}"), &picture, frame, region);
    }
}

/// The separator is the one that the header has most of.
fn reader(text: &str, has_header: bool) -> Reader<&[u8]> {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(count).expect("there are three");
    ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .has_headers(has_header)
        .flexible(true)
        .from_reader(text.as_bytes())
}

fn row(record: &StringRecord, columns: &Columns, line: u64) -> Result<Row, String> {
    let field = |column: usize| record.get(column).unwrap_or_default();
    let some = |column: Option<usize>| column.map(field).filter(|text| !text.is_empty());
    let picture = field(columns.picture).to_string();
    if picture.is_empty() {
        return Err("it names no picture".into());
    }
    let text = some(columns.class);
    let class = text.and_then(number).filter(|class| class.fract() == 0.0 && *class >= 0.0);
    let label = some(columns.label).or(text.filter(|_| class.is_none()));
    Ok(Row {
        frame: frame(&field, columns)?,
        boxes: boxes(&field, columns.place)?,
        label: label.map(str::to_string),
        class: class.map(|class| class as usize),
        difficult: matches!(some(columns.difficult), Some("1" | "true" | "True")),
        picture,
        line,
    })
}

fn frame<'a>(field: &impl Fn(usize) -> &'a str, columns: &Columns) -> Result<Frame, String> {
    match columns.size.map(|size| size.map(field)) {
        None | Some(["", ""]) => Ok(Frame::Original),
        Some(size) => {
            let [height, width] = [needed(size[0])?, needed(size[1])?];
            Ok(Frame::Size(checked_size(height as u64, width as u64)?))
        }
    }
}

/// The boxes of a row; none where it leaves them empty, as tables do for pictures without objects.
fn boxes<'a>(
    field: &impl Fn(usize) -> &'a str,
    place: Place,
) -> Result<Vec<Result<Four, String>>, String> {
    match place {
        Place::Columns(columns, _) => {
            let written = columns.map(field);
            if written == [""; 4] {
                return Ok(vec![]);
            }
            let [a, b, c, d] = written.map(needed);
            Ok(vec![Ok(([a?, b?, c?, d?], None))])
        }
        Place::Field(column) => match field(column) {
            "" | "[]" => Ok(vec![]),
            text => Ok(vec![Ok((four_of(text)?, None))]),
        },
        Place::Predictions(column) => {
            let words: Vec<_> = field(column).split_whitespace().collect();
            Ok(words.chunks(5).map(prediction).collect())
        }
    }
}

/// Four numbers in one field, such as `[834.0, 222.0, 56.0, 36.0]`.
fn four_of(text: &str) -> Result<[f64; 4], String> {
    let bare = text.trim_matches(['[', ']', '(', ')', '{', '}', ' ']);
    let separated = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let words = bare.split(separated).filter(|word| !word.is_empty());
    let numbers = words.map(needed).collect::<Result<Vec<_>, _>>()?;
    numbers.try_into().map_err(|_| format!("`{text}` is not four numbers"))
}

/// A name and two corners, as in `n01440764 240 170 260 240`.
fn prediction(words: &[&str]) -> Result<Four, String> {
    match words {
        [name, corners @ ..] if corners.len() == 4 && number(name).is_none() => {
            let [a, b, c, d] = [corners[0], corners[1], corners[2], corners[3]].map(needed);
            Ok(([a?, b?, c?, d?], Some((*name).to_string())))
        }
        _ => Err(format!("`{}` is not a name and four edges", words.join(" "))),
    }
}

fn needed(text: &str) -> Result<f64, String> {
    number(text).ok_or_else(|| format!("`{text}` is not a number"))
}
