//! How rough a map is.

use super::shares;
use crate::score::description::{Better, Description, Measure, OverPictures};
use crate::score::measured::Measured;
use ndarray::Array3;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "total-variation",
    name: "Total variation",
    better: Better::Neither,
    range: "0 (constant) to 4 (signs like a chessboard)",
    over_pictures: OverPictures::Mean,
    paper: "Rudin, Osher, Fatemi 1992, Nonlinear Total Variation Based Noise Removal Algorithms, in its anisotropic form; over the map's size, so that units don't count",
    formula: "Σ |a − a of the next row| + |a − a of the next column|, over Σ |a|",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(|map, _| total_variation(map)),
};

/// Sum of differences between neighbours within each channel, over the sum of magnitudes.
pub fn total_variation(map: &Array3<f32>) -> Measured {
    let step =
        |to: Option<&f32>, from: f32| to.map_or(0.0, |to| (f64::from(*to) - f64::from(from)).abs());
    let steps = |((channel, y, x), value): ((usize, usize, usize), &f32)| {
        step(map.get((channel, y + 1, x)), *value) + step(map.get((channel, y, x + 1)), *value)
    };
    let variation = |_| {
        let magnitude: f64 = map.iter().map(|value| f64::from(value.abs())).sum();
        map.indexed_iter().map(steps).sum::<f64>() / magnitude
    };
    shares(map).map(variation).into()
}
