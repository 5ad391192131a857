//! One picture's regions, as a file gives them.

use super::{BoundingBox, Outline, RunLengths};

/// What is known of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    pub frame: Frame,
    /// None: the picture is known to show no object.
    pub regions: Vec<Region>,
}

/// What coordinates refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Pixels of the picture as it is.
    Original,
    /// Pixels of the picture at a height and width.
    Size([usize; 2]),
    /// Shares of the picture's height and width, 0 to 1.
    Unit,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    pub shape: Shape,
    /// The object's name or WordNet id, as written.
    pub label: Option<String>,
    /// Its index among the annotations' own classes.
    pub class: Option<usize>,
    /// Marked difficult (VOC) or as a crowd (COCO): benchmarks may leave it out.
    pub difficult: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Box(BoundingBox),
    Mask(RunLengths),
    /// Polygons in the annotation's frame.
    Outline(Outline),
}

impl Region {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, label: None, class: None, difficult: false }
    }
}

impl Annotation {
    /// Only the regions that a test accepts, such as those of one class.
    pub fn only(&self, accepts: impl Fn(&Region) -> bool) -> Self {
        let regions = self.regions.iter().filter(|region| accepts(region)).cloned().collect();
        Self { frame: self.frame, regions }
    }
}
