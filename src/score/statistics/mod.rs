//! Statistics of one map, one file each. Values count by their magnitude.

pub mod entropy;
pub mod gini;
pub mod total_variation;

use ndarray::Array3;

const ZERO: &str = "the map is zero everywhere";

/// The magnitudes over their sum, in reading order.
fn shares(map: &Array3<f32>) -> Result<Vec<f64>, &'static str> {
    let magnitudes: Vec<f64> = map.iter().map(|value| f64::from(value.abs())).collect();
    let sum: f64 = magnitudes.iter().sum();
    match sum {
        _ if magnitudes.is_empty() => Err("the map is empty"),
        0.0 => Err(ZERO),
        sum if sum.is_finite() => Ok(magnitudes.into_iter().map(|value| value / sum).collect()),
        _ => Err("the map holds NaN or infinite values"),
    }
}

#[cfg(test)]
mod tests {
    use super::entropy::{entropy, normalised_entropy};
    use super::gini::gini;
    use super::total_variation::total_variation;
    use crate::score::Measured;
    use ndarray::Array3;

    fn map(values: &[f32]) -> Array3<f32> {
        Array3::from_shape_vec((1, 2, values.len() / 2), values.to_vec()).unwrap()
    }

    fn close(found: Measured, exact: f64) {
        let found = found.value().unwrap();
        assert!((found - exact).abs() < 1e-12, "{found} for {exact}");
    }

    #[test]
    fn one_value_and_equal_values_are_the_ends() {
        let (one, equal) = (map(&[0.0, 0.0, -3.0, 0.0]), map(&[2.0, -2.0, 2.0, 2.0]));
        close(gini(&one), 0.75);
        close(gini(&equal), 0.0);
        close(entropy(&one), 0.0);
        close(entropy(&equal), 4.0f64.ln());
        close(normalised_entropy(&equal), 1.0);
    }

    #[test]
    fn units_and_signs_do_not_count() {
        let values = [0.3, 0.0, 1.0, 4.0, 2.5, 1.0];
        let scaled = values.map(|value| -1e-9 * value);
        for statistic in [gini, entropy, normalised_entropy, total_variation] {
            let [a, b] = [values, scaled].map(|values| statistic(&map(&values)).value().unwrap());
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn total_variation_counts_steps_between_neighbours() {
        close(total_variation(&map(&[1.0, 2.0, 4.0, 0.0])), (1.0 + 3.0 + 2.0 + 4.0) / 7.0);
        close(total_variation(&map(&[5.0; 6])), 0.0);
        let side = 40;
        let chessboard =
            Array3::from_shape_fn((1, side, side), |(_, y, x)| [1.0, -1.0][(y + x) % 2]);
        let edges = 2.0 * (side * (side - 1)) as f64;
        close(total_variation(&chessboard), edges * 2.0 / (side * side) as f64);
    }

    #[test]
    fn maps_without_statistics_say_why() {
        let empty = Array3::zeros((0, 3, 3));
        let broken =
            [Array3::zeros((1, 2, 2)), map(&[f32::NAN, 1.0]), map(&[f32::INFINITY, 1.0]), empty];
        for map in broken {
            for statistic in [gini, entropy, normalised_entropy, total_variation] {
                assert!(statistic(&map).reason().is_some());
            }
        }
        assert!(normalised_entropy(&Array3::ones((1, 1, 1))).reason().is_some());
        close(total_variation(&Array3::ones((2, 1, 1))), 0.0);
    }
}
