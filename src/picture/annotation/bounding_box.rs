//! Boxes in continuous pixel coordinates.

use std::ops::Range;

/// A box by its edges. Pixel `j` of a row spans `j` to `j + 1`, so a box of the whole picture is
/// 0, 0, width, height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    pub x1: f32,
    pub y1: f32,
    pub x2: f32,
    pub y2: f32,
}

impl BoundingBox {
    /// From left, top, right and bottom edge.
    ///
    /// # Errors
    /// When an edge is no valid coordinate or the box is inside out.
    pub fn new(edges: [f64; 4]) -> Result<Self, String> {
        let [x1, y1, x2, y2] = edges;
        if !edges.iter().all(|edge| edge.is_finite() && edge.abs() < 1e9) {
            return Err(format!("the box {edges:?} has an invalid pixel coordinate"));
        }
        if x2 < x1 || y2 < y1 {
            return Err(format!(
                "the box x {x1} to {x2}, y {y1} to {y2} is inside out: its right edge must not be left of its left edge, nor its bottom above its top"
            ));
        }
        let [x1, y1, x2, y2] = edges.map(|edge| edge as f32);
        Ok(Self { x1, y1, x2, y2 })
    }

    pub fn width(&self) -> f32 {
        self.x2 - self.x1
    }

    pub fn height(&self) -> f32 {
        self.y2 - self.y1
    }

    /// Square pixels; zero where the edges don't span anything.
    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// Shared area over joint area, 0 to 1; 0 where neither box has any.
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = Self {
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
            x2: self.x2.min(other.x2),
            y2: self.y2.min(other.y2),
        };
        let joint = self.area() + other.area() - shared.area();
        if joint > 0.0 { shared.area() / joint } else { 0.0 }
    }

    /// The part within a picture of this height and width; its area is zero where there is none.
    pub fn clipped(&self, [height, width]: [f32; 2]) -> Self {
        Self {
            x1: self.x1.clamp(0.0, width),
            y1: self.y1.clamp(0.0, height),
            x2: self.x2.clamp(0.0, width),
            y2: self.y2.clamp(0.0, height),
        }
    }

    /// The box after its picture was resized by factors (down, across) and moved by as many pixels
    /// up and to the left.
    pub(super) fn placed(&self, [down, across]: [f64; 2], [up, left]: [usize; 2]) -> Self {
        let x = |edge: f32| (f64::from(edge) * across - left as f64) as f32;
        let y = |edge: f32| (f64::from(edge) * down - up as f64) as f32;
        Self { x1: x(self.x1), y1: y(self.y1), x2: x(self.x2), y2: y(self.y2) }
    }

    /// Rows of pixels whose centres lie in the box, of a box inside its picture.
    pub fn rows(&self) -> Range<usize> {
        centres(self.y1, self.y2)
    }

    /// Columns of pixels whose centres lie in the box, of a box inside its picture.
    pub fn columns(&self) -> Range<usize> {
        centres(self.x1, self.x2)
    }
}

/// Pixels whose centres lie in the half-open interval between two coordinates.
fn centres(from: f32, to: f32) -> Range<usize> {
    (from - 0.5).ceil().max(0.0) as usize..(to - 0.5).ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(x1: f32, y1: f32, x2: f32, y2: f32) -> BoundingBox {
        BoundingBox { x1, y1, x2, y2 }
    }

    #[test]
    fn overlaps_are_known() {
        let whole = bounds(0.0, 0.0, 4.0, 4.0);
        assert_eq!(whole.iou(&whole), 1.0);
        assert_eq!(whole.iou(&bounds(2.0, 0.0, 4.0, 4.0)), 0.5);
        assert_eq!(whole.iou(&bounds(2.0, 2.0, 6.0, 6.0)), 4.0 / 28.0);
        assert_eq!(whole.iou(&bounds(4.0, 0.0, 8.0, 4.0)), 0.0);
        assert_eq!(bounds(1.0, 1.0, 1.0, 1.0).iou(&bounds(1.0, 1.0, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn pixels_belong_where_their_centres_lie() {
        assert_eq!(bounds(0.0, 0.4, 3.0, 2.6).columns(), 0..3);
        assert_eq!(bounds(0.0, 0.4, 3.0, 2.6).rows(), 0..3);
        assert_eq!(bounds(0.0, 0.6, 3.0, 2.5).rows(), 1..2);
        assert!(bounds(0.6, 0.0, 1.4, 1.0).columns().is_empty());
    }

    #[test]
    fn boxes_inside_out_and_of_no_numbers_are_refused() {
        assert!(BoundingBox::new([3.0, 0.0, 2.0, 1.0]).unwrap_err().contains("inside out"));
        assert!(BoundingBox::new([0.0, 3.0, 1.0, 2.0]).unwrap_err().contains("inside out"));
        assert!(BoundingBox::new([0.0, f64::NAN, 1.0, 2.0]).is_err());
        assert!(BoundingBox::new([0.0, 0.0, 1e300, 2.0]).is_err());
    }

    #[test]
    fn clipping_keeps_what_is_inside() {
        let found = bounds(-3.0, 1.0, 9.0, 2.0).clipped([4.0, 5.0]);
        assert_eq!(found, bounds(0.0, 1.0, 5.0, 2.0));
        assert_eq!(bounds(6.0, 6.0, 9.0, 9.0).clipped([4.0, 5.0]).area(), 0.0);
    }
}
