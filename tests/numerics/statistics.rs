//! Scores of the map alone, on maps whose values follow by hand.

use hyaline::parameter::Values;
use hyaline::score::{self, Measure};
use ndarray::Array3;

const SIDE: usize = 40;

/// A score's values of a chessboard of 1 and −1, and of a map with one value inside.
pub const STATISTICS: &[(&str, [f64; 2])] = &[
    ("gini", [0.0, 1.0 - 1.0 / (SIDE * SIDE) as f64]),
    ("entropy", [1.0, 0.0]),
    ("total-variation", [4.0 * (SIDE - 1) as f64 / SIDE as f64, 4.0]),
];

#[test]
fn statistics_of_simple_maps_are_known() {
    let chessboard = Array3::from_shape_fn((1, SIDE, SIDE), |(_, y, x)| [1.0, -1.0][(y + x) % 2]);
    let mut one = Array3::zeros((1, SIDE, SIDE));
    one[[0, 7, 9]] = -3.0;
    for (id, expected) in STATISTICS {
        let description = score::score(id).unwrap();
        let Measure::Map(statistic) = description.measure else { panic!("{id}") };
        let values = Values::defaults(description.parameters);
        for (map, expected) in [&chessboard, &one].into_iter().zip(expected) {
            let found = statistic(map, &values).value().expect("a defined score");
            assert!((found - expected).abs() < 1e-6, "{id}: {found}, not {expected}");
        }
    }
}
