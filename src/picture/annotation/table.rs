//! Tables of boxes: CSV or TSV with a header, one row a box.

use super::{Annotations, BoundingBox, Frame, Region, Shape, checked_size};
use csv::{Reader, ReaderBuilder, StringRecord};

/// Names of columns, compared without case, blanks, `_` and `-`.
const PICTURE: &[&str] =
    &["image", "imageid", "imagename", "filename", "file", "picture", "path", "img"];
const EDGES: [&[&str]; 4] = [
    &["x1", "xmin", "x0", "left", "minx", "bboxx1"],
    &["y1", "ymin", "y0", "top", "miny", "bboxy1"],
    &["x2", "xmax", "right", "maxx", "bboxx2"],
    &["y2", "ymax", "bottom", "maxy", "bboxy2"],
];
const SIZE: [&[&str]; 2] = [&["h", "height", "imageheight"], &["w", "width", "imagewidth"]];
const CLASS: &[&str] = &["class", "classid", "classindex", "target", "categoryid"];
const LABEL: &[&str] = &["label", "wnid", "labelname", "name", "classname", "synset", "category"];
const DIFFICULT: &[&str] = &["difficult", "iscrowd"];

/// Which column holds what.
struct Columns {
    picture: usize,
    edges: [usize; 4],
    size: Option<[usize; 2]>,
    class: Option<usize>,
    label: Option<usize>,
    difficult: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let plain = |name: &str| -> String {
            let kept = name.trim().chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
            kept.flat_map(char::to_lowercase).collect()
        };
        let header: Vec<String> = header.iter().map(plain).collect();
        let find = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|column| column == name))
        };
        let need = |what: &str, names: &[&str]| {
            let why = || format!("no column for {what} ({})", names.join(", "));
            find(names).ok_or_else(why)
        };
        Ok(Self {
            picture: need("the picture", PICTURE)?,
            edges: [
                need("the left edge", EDGES[0])?,
                need("the top edge", EDGES[1])?,
                need("the right edge", EDGES[2])?,
                need("the bottom edge", EDGES[3])?,
            ],
            size: find(SIZE[0]).zip(find(SIZE[1])).map(|(height, width)| [height, width]),
            class: find(CLASS),
            label: find(LABEL),
            difficult: find(DIFFICULT),
        })
    }
}

/// One box as written.
struct Row {
    picture: String,
    edges: [f64; 4],
    frame: Frame,
    region: Region,
    line: u64,
}

/// Whether a text begins with a table's header.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = reader(line).headers().cloned();
    header.is_ok_and(|header| Columns::of(&header).is_ok())
}

/// Reads a whole table.
pub(super) fn read(text: &str, found: &mut Annotations) -> Result<(), String> {
    let mut reader = reader(text.as_bytes());
    let header = reader.headers().map_err(|e| format!("broken table: {e}"))?;
    let columns = Columns::of(header)?;
    let mut rows = vec![];
    for record in reader.records() {
        let record = record.map_err(|e| format!("broken table: {e}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(row(&record, &columns, line).map_err(|why| format!("line {line}: {why}"))?);
    }
    let is_share = |edge: &f64| (0.0..=1.0).contains(edge);
    if columns.size.is_none() && rows.iter().all(|row| row.edges.iter().all(is_share)) {
        for row in &mut rows {
            row.frame = Frame::Unit;
        }
    }
    for row in rows {
        let place = format!("line {}, {}", row.line, row.picture);
        let added = found.add(&row.picture, row.frame, row.region, &place);
        added.map_err(|why| format!("line {}: {why}", row.line))?;
    }
    Ok(())
}

/// The separator is the one that the header has most of.
fn reader(text: &[u8]) -> Reader<&[u8]> {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| header.split(|byte| byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(count).expect("there are three");
    ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text)
}

fn row(record: &StringRecord, columns: &Columns, line: u64) -> Result<Row, String> {
    let field = |column: usize| record.get(column).unwrap_or_default();
    let number = |column: usize| -> Result<f64, String> {
        field(column).parse().map_err(|_| format!("`{}` is not a number", field(column)))
    };
    let picture = field(columns.picture).to_string();
    if picture.is_empty() {
        return Err("it names no picture".into());
    }
    let [x1, y1, x2, y2] = columns.edges;
    let edges = [number(x1)?, number(y1)?, number(x2)?, number(y2)?];
    let mut region = Region::new(Shape::Box(BoundingBox::new(edges)?));
    let class = columns.class.map(field).filter(|text| !text.is_empty());
    region.class = class.and_then(|text| text.parse().ok());
    let label = columns.label.map(field).filter(|text| !text.is_empty());
    region.label = label.or(class.filter(|_| region.class.is_none())).map(str::to_string);
    region.difficult =
        columns.difficult.is_some_and(|column| matches!(field(column), "1" | "true"));
    let frame = match columns.size {
        Some([height, width]) => {
            let [height, width] = [number(height)?, number(width)?];
            Frame::Size(checked_size(height as u64, width as u64)?)
        }
        None => Frame::Original,
    };
    Ok(Row { picture, edges, frame, region, line })
}
