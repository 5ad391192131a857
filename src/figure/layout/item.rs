//! What a layout says: what lies where.

use crate::figure::table::ColourBar;
use crate::plot::canvas::{Anchor, Rect};

/// Something that has its place.
#[derive(Debug, Clone)]
pub struct Item {
    pub rect: Rect,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// A cell's panel, by row and column.
    Panel([usize; 2]),
    /// A cell's chart, and whether there are numbers at its left and below.
    Chart([usize; 2], [bool; 2]),
    /// Upwards where it is higher than wide.
    Bar(ColourBar),
    Text(Text),
    /// A piece of a series' line.
    Sample(String),
}

/// A line of text.
#[derive(Debug, Clone)]
pub struct Text {
    pub content: String,
    pub size: f64,
    pub colour: &'static str,
    pub upwards: bool,
    pub baseline: [f64; 2],
    pub anchor: Anchor,
}

/// Where everything lies.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Width and height.
    pub size: [f64; 2],
    pub items: Vec<Item>,
    /// Height of small text.
    pub small: f64,
    /// Names that had no room.
    pub cut: Vec<String>,
}
