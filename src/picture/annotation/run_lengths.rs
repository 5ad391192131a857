//! Masks as run lengths: small enough to keep those of a whole data set.

use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// The pixels of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLengths {
    size: [usize; 2],
    /// Ordered stretches that don't touch, counted down the columns as COCO does.
    runs: Vec<Range<u32>>,
}

impl RunLengths {
    /// From stretches of pixels counted down the columns of a picture of height and width, in any
    /// order.
    pub(super) fn new(size: [usize; 2], mut stretches: Vec<Range<u32>>) -> Self {
        stretches.retain(|stretch| !stretch.is_empty());
        stretches.sort_unstable_by_key(|stretch| stretch.start);
        let mut runs: Vec<Range<u32>> = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            match runs.last_mut() {
                Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
                _ => runs.push(stretch),
            }
        }
        Self { size, runs }
    }

    pub fn from_array(mask: ArrayView2<bool>) -> Self {
        let (height, width) = mask.dim();
        let pixels = mask.t().into_iter().zip(0u32..).filter(|(inside, _)| **inside);
        Self::new([height, width], pixels.map(|(_, place)| place..place + 1).collect())
    }

    /// From COCO's counts: pixels outside, inside, outside, … in turn.
    ///
    /// # Errors
    /// When the counts don't add up to the picture.
    pub fn from_counts(
        size: [usize; 2],
        counts: impl IntoIterator<Item = u32>,
    ) -> Result<Self, String> {
        let total = size[0] as u64 * size[1] as u64;
        let (mut stretches, mut place) = (Vec::new(), 0u64);
        for (index, count) in counts.into_iter().enumerate() {
            let end = place + u64::from(count);
            if end > total {
                return Err(format!("run lengths of more than {total} pixels"));
            }
            if index % 2 == 1 {
                stretches.push(place as u32..end as u32);
            }
            place = end;
        }
        if place != total {
            return Err(format!("run lengths of {place} pixels for a picture of {total}"));
        }
        Ok(Self::new(size, stretches))
    }

    /// Pixels whose centres lie in any of the polygons (x, y, x, y, … in pixels), each filled by
    /// the even–odd rule. Within a pixel of the outline pycocotools may differ: it rounds corners
    /// to fifths of a pixel.
    ///
    /// # Errors
    /// When a list is no polygon.
    pub fn from_polygons(size: [usize; 2], polygons: &[Vec<f64>]) -> Result<Self, String> {
        let mut stretches = Vec::new();
        for polygon in polygons {
            if polygon.len() < 6 || polygon.len() % 2 == 1 {
                return Err(format!(
                    "a polygon of {} numbers; it needs pairs of x and y, three or more",
                    polygon.len()
                ));
            }
            if polygon.iter().any(|place| place.abs() > 1e9) {
                return Err("a polygon with invalid pixel coordinates".into());
            }
            fill(size, polygon, &mut stretches)?;
        }
        Ok(Self::new(size, stretches))
    }

    /// Height and width in pixels.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Row by row, 255 inside and 0 outside.
    pub(super) fn levels(&self) -> Vec<u8> {
        let [height, width] = self.size;
        let mut levels = vec![0; height * width];
        for place in self.runs.iter().cloned().flatten() {
            let (x, y) = (place as usize / height, place as usize % height);
            levels[y * width + x] = 255;
        }
        levels
    }

    /// H×W, true inside.
    pub fn to_array(&self) -> Array2<bool> {
        let [height, width] = self.size;
        let mut columns = vec![false; height * width];
        for run in &self.runs {
            columns[run.start as usize..run.end as usize].fill(true);
        }
        let columns = Array2::from_shape_vec((width, height), columns).expect("one value a pixel");
        columns.reversed_axes()
    }
}

/// Edges of a polygon times the columns that they cross: more would take too much memory.
const MAX_CROSSINGS: usize = 1 << 22;

/// Adds the stretches of one polygon, column by column.
fn fill(
    [height, width]: [usize; 2],
    polygon: &[f64],
    stretches: &mut Vec<Range<u32>>,
) -> Result<(), String> {
    let corners: Vec<[f64; 2]> = polygon.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    let mut crossings: Vec<(usize, f64)> = Vec::new();
    for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        let ([x1, y1], [x2, y2]) = if from[0] <= to[0] { (*from, *to) } else { (*to, *from) };
        let columns = centre(x1, width)..centre(x2, width);
        if crossings.len() + columns.len() > MAX_CROSSINGS {
            return Err(format!("a polygon of {} corners is too much", corners.len()));
        }
        for column in columns {
            let share = (column as f64 + 0.5 - x1) / (x2 - x1);
            crossings.push((column, y1 + share * (y2 - y1)));
        }
    }
    crossings.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    // Every column crosses a closed outline an even number of times.
    for pair in crossings.chunks_exact(2) {
        let ends = [pair[0].1, pair[1].1].map(|y| (pair[0].0 * height + centre(y, height)) as u32);
        stretches.push(ends[0]..ends[1]);
    }
    Ok(())
}

/// The first of `count` pixels whose centre is not before a coordinate.
fn centre(place: f64, count: usize) -> usize {
    (place - 0.5).ceil().clamp(0.0, count as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn arrays_and_counts_come_back() {
        let mask = arr2(&[[true, false, true], [true, true, false]]);
        let runs = RunLengths::from_array(mask.view());
        assert_eq!(runs.to_array(), mask);
        assert_eq!(runs, RunLengths::from_counts([2, 3], [0, 2, 1, 2, 1]).unwrap());
        assert!(RunLengths::from_counts([2, 3], [0, 2, 1]).unwrap_err().contains("3 pixels"));
        assert!(RunLengths::from_counts([2, 3], [7]).is_err());
        assert!(RunLengths::from_counts([2, 3], [u32::MAX, u32::MAX]).is_err());
    }

    #[test]
    fn a_polygon_is_filled_to_its_edges_and_no_further() {
        let square = vec![1.0, 1.0, 4.0, 1.0, 4.0, 3.0, 1.0, 3.0];
        let inside = |(y, x): (usize, usize)| (1..3).contains(&y) && (1..4).contains(&x);
        let found = RunLengths::from_polygons([5, 6], std::slice::from_ref(&square)).unwrap();
        assert_eq!(found.to_array(), Array2::from_shape_fn((5, 6), inside));
        let beyond = vec![-9.0, -9.0, 90.0, -9.0, 90.0, 90.0, -9.0, 90.0];
        let all = RunLengths::from_polygons([5, 6], &[square, beyond]).unwrap();
        assert!(all.to_array().iter().all(|inside| *inside));
    }

    #[test]
    fn what_is_no_polygon_is_refused() {
        for polygon in [vec![], vec![1.0; 4], vec![1.0; 7], vec![f64::MAX; 6]] {
            assert!(RunLengths::from_polygons([4, 4], &[polygon]).is_err());
        }
        let line = RunLengths::from_polygons([4, 4], &[vec![0.0, 0.0, 4.0, 4.0, 0.0, 0.0]]);
        assert!(line.unwrap().is_empty());
    }
}
