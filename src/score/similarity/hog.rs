//! Histograms of oriented gradients (Dalal, Triggs 2005), with the choices and defaults of
//! scikit-image's `hog`, and the correlation of two maps' histograms.

use super::correlation::pearson_of;
use super::pair;
use crate::parameter::{Kind, Parameter, Values};
use crate::score::measured::Measured;
use ndarray::{Array2, Array3, ArrayView2};

const ORIENTATIONS: usize = 9;
/// Cells on a side of a block.
const BLOCK: usize = 3;
/// Keeps blocks without gradients at zero.
const EPSILON: f64 = 1e-5;
/// Where L2-Hys cuts normalised histograms.
const CUT: f64 = 0.2;

pub(super) const CELL: Parameter = Parameter {
    id: "cell",
    help: "side of a cell; maps must hold at least three by three",
    unit: "px",
    kind: Kind::Integer { default: 16, min: 2, max: 128 },
    source: "Adebayo et al. 2018",
};

/// Pearson's correlation of the two maps' [`hog`], each map divided by its largest magnitude
/// first (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, Sanity Checks for Saliency Maps).
/// `cell` is in pixels.
pub fn hog_pearson(a: &Array3<f32>, b: &Array3<f32>, cell: usize) -> Measured {
    let correlation = || {
        pair::check(a, b)?;
        let (_, height, width) = a.dim();
        if cell == 0 || height.min(width) < BLOCK * cell {
            return Err("the maps are smaller than three by three cells of HOG");
        }
        let [a, b] = [a, b].map(|map| hog(&own_scale(map), cell));
        pearson_of(&a, &b)
    };
    correlation().into()
}

pub(super) fn measure(a: &Array3<f32>, b: &Array3<f32>, values: &Values) -> Measured {
    hog_pearson(a, b, values.integer(CELL.id))
}

fn own_scale(map: &Array3<f32>) -> Array3<f32> {
    let largest = map.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    if largest == 0.0 { map.clone() } else { map / largest }
}

/// Histograms of 9 orientations (180°) in square cells of `cell` pixels, normalised by L2-Hys in
/// blocks of 3×3 cells. Of several channels the one with the strongest gradient counts at each
/// pixel. Pixels beyond the last whole cell don't count. Empty where not even one block fits.
pub fn hog(map: &Array3<f32>, cell: usize) -> Vec<f64> {
    let (_, height, width) = map.dim();
    let cells = [height, width].map(|side| side.checked_div(cell).unwrap_or(0));
    let histograms = histograms(map, cell, cells);
    let blocks = cells.map(|count| (count + 1).saturating_sub(BLOCK));
    let mut features = Vec::with_capacity(blocks[0] * blocks[1] * BLOCK * BLOCK * ORIENTATIONS);
    for (row, column) in (0..blocks[0]).flat_map(|y| (0..blocks[1]).map(move |x| (y, x))) {
        let block = (row..row + BLOCK).flat_map(|y| (column..column + BLOCK).map(move |x| (y, x)));
        let block: Vec<f64> = block.flat_map(|at| histograms[at]).collect();
        features.extend(normalised(block));
    }
    features
}

/// Mean gradient of every orientation in each of `cells` (rows, columns).
fn histograms(map: &Array3<f32>, cell: usize, cells: [usize; 2]) -> Array2<[f64; ORIENTATIONS]> {
    let pixels = (cell * cell) as f64;
    let mut histograms = Array2::from_elem(cells, [0.0; ORIENTATIONS]);
    for ((row, column), histogram) in histograms.indexed_iter_mut() {
        for y in row * cell..(row + 1) * cell {
            for x in column * cell..(column + 1) * cell {
                let [down, right] = strongest_gradient(map, y, x);
                let angle = down.atan2(right).to_degrees().rem_euclid(180.0);
                // A tiny negative angle may round to 180°, which is 0°.
                let bin = (angle / (180.0 / ORIENTATIONS as f64)) as usize % ORIENTATIONS;
                histogram[bin] += down.hypot(right) / pixels;
            }
        }
    }
    histograms
}

/// Differences down and to the right, of the channel where they are largest.
fn strongest_gradient(map: &Array3<f32>, y: usize, x: usize) -> [f64; 2] {
    let gradients = map.outer_iter().map(|plane| gradient(&plane, y, x));
    let strength = |[down, right]: [f64; 2]| down.hypot(right);
    gradients.fold([0.0; 2], |best, next| if strength(next) > strength(best) { next } else { best })
}

/// Central differences, zero across the border.
fn gradient(plane: &ArrayView2<f32>, y: usize, x: usize) -> [f64; 2] {
    let difference = |before: Option<&f32>, after: Option<&f32>| match (before, after) {
        (Some(before), Some(after)) => f64::from(*after) - f64::from(*before),
        _ => 0.0,
    };
    let above = y.checked_sub(1).and_then(|y| plane.get((y, x)));
    let left = x.checked_sub(1).and_then(|x| plane.get((y, x)));
    [difference(above, plane.get((y + 1, x))), difference(left, plane.get((y, x + 1)))]
}

/// Length 1, cut at 0.2, length 1 again.
fn normalised(block: Vec<f64>) -> Vec<f64> {
    let unit = |block: Vec<f64>| -> Vec<f64> {
        let square: f64 = block.iter().map(|value| value * value).sum();
        block.iter().map(|value| value / (square + EPSILON * EPSILON).sqrt()).collect()
    };
    unit(unit(block).into_iter().map(|value| value.min(CUT)).collect())
}
