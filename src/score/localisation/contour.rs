//! Contours of binary masks, as OpenCV's `findContours` follows them (Suzuki and Abe 1985,
//! Topological structural analysis of digitized binary images by border following, algorithm 1).

use crate::picture::annotation::BoundingBox;
use ndarray::ArrayView2;

/// One border between pixels inside and outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contour {
    /// The box around the pixels on the border, which are all inside the mask.
    pub bounds: BoundingBox,
    /// Twice the area of the polygon through the centres of these pixels: a whole number, smaller
    /// than the count of pixels and zero for a line.
    pub doubled_area: i64,
    /// Whether this is the border of a hole.
    pub is_hole: bool,
}

/// All contours of a mask, in reading order of the pixels they begin at. Objects hang together by
/// their eight neighbours, holes by four; outside the picture is background.
///
/// Boxes and areas equal OpenCV's `boundingRect` and `contourArea` of the contours of
/// `findContours` with `RETR_TREE` (without the holes: `RETR_EXTERNAL` and the objects in holes).
/// Only the order differs: OpenCV lists the outermost borders in the reverse of this one, each
/// followed by what it encloses.
pub fn contours(mask: ArrayView2<bool>) -> Vec<Contour> {
    let mut borders = Borders::new(mask);
    let mut contours = vec![];
    for start in 0..borders.marks.len() {
        let mark = borders.marks[start];
        if mark == UNSEEN && borders.marks[start - 1] == OUTSIDE {
            contours.push(borders.follow(start, WEST, false));
        } else if mark > OUTSIDE && borders.marks[start + 1] == OUTSIDE {
            contours.push(borders.follow(start, EAST, true));
        }
    }
    contours
}

const OUTSIDE: i8 = 0;
const UNSEEN: i8 = 1;
/// On a border, with no border known to its right.
const SEEN: i8 = 2;
/// On a border that was followed past the outside on its right.
const SEEN_RIGHT: i8 = -2;

const EAST: usize = 0;
const WEST: usize = 4;

/// A mask inside a frame of outside pixels, row by row, and what is known of each pixel.
struct Borders {
    marks: Vec<i8>,
    row: usize,
    /// Steps to the eight neighbours, counterclockwise from the right one.
    steps: [isize; 8],
}

impl Borders {
    fn new(mask: ArrayView2<bool>) -> Self {
        let (height, width) = mask.dim();
        let row = width + 2;
        let mut marks = vec![OUTSIDE; row * (height + 2)];
        for ((y, x), _) in mask.indexed_iter().filter(|(_, inside)| **inside) {
            marks[(y + 1) * row + x + 1] = UNSEEN;
        }
        let down = row as isize;
        Self { marks, row, steps: [1, 1 - down, -down, -1 - down, -1, down - 1, down, down + 1] }
    }

    fn neighbour(&self, pixel: usize, direction: usize) -> usize {
        pixel.wrapping_add_signed(self.steps[direction % 8])
    }

    /// Follows the border that has the start on it and the outside next to it.
    fn follow(&mut self, start: usize, outside: usize, is_hole: bool) -> Contour {
        let mut path = Path::new(self.place(start), is_hole);
        let is_inside =
            |marks: &Self, d: &usize| marks.marks[marks.neighbour(start, *d)] != OUTSIDE;
        // Clockwise from the outside: the pixel before the start on the border.
        let last = (1..8).map(|turn| (outside + 8 - turn) % 8).find(|d| is_inside(self, d));
        let Some(last) = last else {
            self.marks[start] = SEEN_RIGHT;
            return path.end();
        };
        let (mut pixel, mut back) = (start, last);
        loop {
            // Counterclockwise from the pixel before: the next on the border.
            let turns = (1..=8).map(|turn| (back + turn) % 8);
            let next = turns.clone().find(|d| self.marks[self.neighbour(pixel, *d)] != OUTSIDE);
            let next = next.expect("the pixel before is one");
            let passed_east = turns.take_while(|d| *d != next).any(|d| d == EAST);
            if passed_east {
                self.marks[pixel] = SEEN_RIGHT;
            } else if self.marks[pixel] == UNSEEN {
                self.marks[pixel] = SEEN;
            }
            let to = self.neighbour(pixel, next);
            if to == start && pixel == self.neighbour(start, last) {
                return path.end();
            }
            path.go(self.place(to));
            (pixel, back) = (to, (next + 4) % 8);
        }
    }

    /// Row and column in the mask.
    fn place(&self, pixel: usize) -> [i64; 2] {
        [(pixel / self.row) as i64 - 1, (pixel % self.row) as i64 - 1]
    }
}

/// A border as far as it was followed.
struct Path {
    start: [i64; 2],
    at: [i64; 2],
    least: [i64; 2],
    most: [i64; 2],
    /// Twice the area by the shoelace formula, signed.
    doubled_area: i64,
    is_hole: bool,
}

impl Path {
    fn new(start: [i64; 2], is_hole: bool) -> Self {
        Self { start, at: start, least: start, most: start, doubled_area: 0, is_hole }
    }

    fn go(&mut self, to: [i64; 2]) {
        self.doubled_area += self.at[1] * to[0] - to[1] * self.at[0];
        self.least = [0, 1].map(|axis| self.least[axis].min(to[axis]));
        self.most = [0, 1].map(|axis| self.most[axis].max(to[axis]));
        self.at = to;
    }

    fn end(mut self) -> Contour {
        self.go(self.start);
        let [y1, x1] = self.least.map(|place| place as f32);
        let [y2, x2] = self.most.map(|place| place as f32 + 1.0);
        let bounds = BoundingBox { x1, y1, x2, y2 };
        Contour { bounds, doubled_area: self.doubled_area.abs(), is_hole: self.is_hole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Mask drawn in characters, `#` inside.
    fn drawn(rows: &[&str]) -> Array2<bool> {
        let pixels = rows.iter().flat_map(|row| row.bytes().map(|b| b == b'#')).collect();
        Array2::from_shape_vec((rows.len(), rows[0].len()), pixels).unwrap()
    }

    fn found(rows: &[&str]) -> Vec<([f32; 4], i64, bool)> {
        let edges = |b: BoundingBox| [b.x1, b.y1, b.x2, b.y2];
        let contours = contours(drawn(rows).view());
        contours.iter().map(|c| (edges(c.bounds), c.doubled_area, c.is_hole)).collect()
    }

    #[test]
    fn nothing_and_all_and_one_pixel() {
        assert!(found(&["...", "..."]).is_empty());
        assert_eq!(found(&["###", "###"]), [([0.0, 0.0, 3.0, 2.0], 4, false)]);
        assert_eq!(found(&["..", ".#"]), [([1.0, 1.0, 2.0, 2.0], 0, false)]);
        assert!(contours(Array2::from_elem((0, 4), true).view()).is_empty());
    }

    #[test]
    fn corners_join_objects_and_part_holes() {
        assert_eq!(found(&["#.", ".#"]), [([0.0, 0.0, 2.0, 2.0], 0, false)]);
        let ring = found(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        let outer = ([0.0, 0.0, 5.0, 5.0], 32, false);
        // The border of a hole cuts its corners.
        let hole = ([0.0, 0.0, 5.0, 5.0], 28, true);
        assert_eq!(ring, [outer, hole, ([2.0, 2.0, 3.0, 3.0], 0, false)]);
        assert_eq!(found(&["###", "#..", "###"]).len(), 1, "open to the side is no hole");
        let holes = found(&["####", "#.##", "##.#", "####"]);
        assert_eq!(holes.iter().filter(|contour| contour.2).count(), 2);
    }
}
