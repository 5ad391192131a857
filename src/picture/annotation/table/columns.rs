//! Which columns of a table hold what.

use crate::picture::Picture;
use crate::picture::annotation::parse::number;
use csv::StringRecord;
use std::path::Path;

/// Names of columns, compared without case, blanks, `_` and `-`.
const PICTURE: &[&str] =
    &["image", "imageid", "imagename", "filename", "file", "picture", "path", "img", "patientid"];
const CORNERS: [&[&str]; 4] = [
    &["x1", "xmin", "x0", "left", "minx", "bboxx1"],
    &["y1", "ymin", "y0", "top", "miny", "bboxy1"],
    &["x2", "xmax", "right", "maxx", "bboxx2"],
    &["y2", "ymax", "bottom", "maxy", "bboxy2"],
];
const WIDTH: &[&str] = &["w", "width", "bw", "bboxw", "bboxwidth", "boxwidth"];
const HEIGHT: &[&str] = &["h", "height", "bh", "bboxh", "bboxheight", "boxheight"];
const CORNER_SIZE: [&[&str]; 4] =
    [&["x", "left", "xmin", "bboxx"], &["y", "top", "ymin", "bboxy"], WIDTH, HEIGHT];
const CENTRE_SIZE: [&[&str]; 4] = [
    &["xcenter", "xcentre", "centerx", "cx", "xc"],
    &["ycenter", "ycentre", "centery", "cy", "yc"],
    WIDTH,
    HEIGHT,
];
const FIELD: &[&str] = &["bbox", "box", "boundingbox"];
const PREDICTIONS: &[&str] = &["predictionstring"];
const SIZE: [&[&str]; 2] =
    [&["imageheight", "imgheight", "height", "h"], &["imagewidth", "imgwidth", "width", "w"]];
const CLASS: &[&str] = &["class", "classid", "classindex", "target", "categoryid"];
const LABEL: &[&str] = &["label", "wnid", "labelname", "name", "classname", "synset", "category"];
const DIFFICULT: &[&str] = &["difficult", "iscrowd"];

/// What four numbers of a box say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Left, top, right, bottom.
    Corners,
    /// Left, top, width, height.
    CornerSize,
    /// The middle's x and y, width, height.
    CentreSize,
}

impl Layout {
    /// Left, top, right and bottom edge.
    pub fn edges(self, [a, b, c, d]: [f64; 4]) -> [f64; 4] {
        match self {
            Self::Corners => [a, b, c, d],
            Self::CornerSize => [a, b, a + c, b + d],
            Self::CentreSize => [a - c / 2.0, b - d / 2.0, a + c / 2.0, b + d / 2.0],
        }
    }
}

/// Where a row's boxes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One box in four columns.
    Columns([usize; 4], Layout),
    /// One box in one column, its layout to be found out.
    Field(usize),
    /// Names with their corners, any number in one column, as of Kaggle's ImageNet.
    Predictions(usize),
}

/// Which column holds what.
pub struct Columns {
    pub picture: usize,
    pub place: Place,
    /// Height and width of the picture.
    pub size: Option<[usize; 2]>,
    pub class: Option<usize>,
    pub label: Option<usize>,
    pub difficult: Option<usize>,
}

impl Columns {
    /// The columns by a header's names.
    ///
    /// # Errors
    /// When one that is needed is missing.
    pub fn of(header: &StringRecord) -> Result<Self, String> {
        let header: Vec<String> = header.iter().map(plain).collect();
        let find = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|column| column == name))
        };
        let need = |what: &str, names: &[&str]| {
            let why = || format!("no column for {what} ({})", names.join(", "));
            find(names).ok_or_else(why)
        };
        let place = place(&find, &need)?;
        let used = match place {
            Place::Columns(columns, _) => columns.to_vec(),
            Place::Field(column) | Place::Predictions(column) => vec![column],
        };
        let side = |names: &[&str]| find(names).filter(|column| !used.contains(column));
        Ok(Self {
            picture: need("the picture", PICTURE)?,
            place,
            size: side(SIZE[0]).zip(side(SIZE[1])).map(|(height, width)| [height, width]),
            class: find(CLASS),
            label: find(LABEL),
            difficult: find(DIFFICULT),
        })
    }

    /// The columns of a first row that is a box already: picture, corners and maybe a class.
    pub fn without_header(row: &StringRecord) -> Option<Self> {
        let is_picture = Picture::is_picture_file(Path::new(row.get(0)?));
        let are_numbers = (1..5).all(|column| row.get(column).and_then(number).is_some());
        (is_picture && are_numbers && row.len() <= 6).then(|| Self {
            picture: 0,
            place: Place::Columns([1, 2, 3, 4], Layout::Corners),
            size: None,
            class: (row.len() > 5).then_some(5),
            label: None,
            difficult: None,
        })
    }
}

fn plain(name: &str) -> String {
    let kept = name.trim().chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The column of a thing by any of its names.
type Need<'a> = &'a dyn Fn(&str, &[&str]) -> Result<usize, String>;

/// Where the boxes stand: corners, or else one of the other ways.
fn place(find: &dyn Fn(&[&str]) -> Option<usize>, need: Need) -> Result<Place, String> {
    let all = |names: [&[&str]; 4]| {
        let found = names.map(find);
        found.iter().all(Option::is_some).then(|| found.map(Option::unwrap_or_default))
    };
    let layouts = [
        (CORNERS, Layout::Corners),
        (CENTRE_SIZE, Layout::CentreSize),
        (CORNER_SIZE, Layout::CornerSize),
    ];
    let columns = layouts.into_iter().find_map(|(names, layout)| Some((all(names)?, layout)));
    let others = || find(FIELD).map(Place::Field).or(find(PREDICTIONS).map(Place::Predictions));
    match (columns, others()) {
        (Some((columns, layout)), _) => Ok(Place::Columns(columns, layout)),
        (None, Some(other)) => Ok(other),
        (None, None) => {
            let edges = ["the left edge", "the top edge", "the right edge", "the bottom edge"];
            for (what, names) in edges.into_iter().zip(CORNERS) {
                need(what, names)?;
            }
            Err("no columns for a box".into())
        }
    }
}
