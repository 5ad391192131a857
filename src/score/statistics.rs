//! Statistics of one map: how few values carry it, and how rough it is. Values count by their
//! magnitude.

use super::description::{Better, Description, Measure, OverPictures};
use super::measured::Measured;
use ndarray::Array3;

const ZERO: &str = "the map is zero everywhere";

pub(super) static GINI: Description = Description {
    id: "gini",
    name: "Sparseness (Gini)",
    better: Better::Higher,
    range: "0 (all equal) to 1 − 1/n (one value)",
    over_pictures: OverPictures::Mean,
    paper: "Chalasani, Chen, Chowdhury, Wu, Jha 2020, Concise Explanations of Neural Networks Using Adversarial Training; Quantus' sparseness without its 10⁻⁷, so that small maps don't look even",
    formula: "Σᵢ (2i − n − 1) |a|₍ᵢ₎ / (n Σ |a|), |a|₍ᵢ₎ in ascending order",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(gini),
};

pub(super) static ENTROPY: Description = Description {
    id: "entropy",
    name: "Entropy",
    better: Better::Lower,
    range: "0 (one value) to 1 (all equal)",
    over_pictures: OverPictures::Mean,
    paper: "Bhatt, Weller, Moura 2020, Evaluating and Aggregating Feature-based Model Explanations, complexity; over its largest value, ln n",
    formula: "−Σ p ln p / ln n, p = |a| / Σ |a|",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(normalised_entropy),
};

pub(super) static TOTAL_VARIATION: Description = Description {
    id: "total-variation",
    name: "Total variation",
    better: Better::Neither,
    range: "0 (constant) to 4 (signs like a chessboard)",
    over_pictures: OverPictures::Mean,
    paper: "Rudin, Osher, Fatemi 1992, Nonlinear Total Variation Based Noise Removal Algorithms, in its anisotropic form; over the map's size, so that units don't count",
    formula: "Σ |a − a of the next row| + |a − a of the next column|, over Σ |a|",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(total_variation),
};

/// Gini index of the magnitudes.
pub fn gini(map: &Array3<f32>) -> Measured {
    let gini = |mut shares: Vec<f64>| {
        shares.sort_unstable_by(f64::total_cmp);
        let n = shares.len() as f64;
        let weight = |index: usize| 2.0 * (index + 1) as f64 - n - 1.0;
        shares.iter().enumerate().map(|(i, share)| weight(i) * share).sum::<f64>() / n
    };
    shares(map).map(gini).into()
}

/// Entropy of the magnitudes as a distribution, in nats: 0 to ln n for n values.
pub fn entropy(map: &Array3<f32>) -> Measured {
    let of_share = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    shares(map).map(|shares| shares.into_iter().map(of_share).sum()).into()
}

/// The entropy over its largest value, ln n: 0 for one pixel, 1 for a uniform map.
pub fn normalised_entropy(map: &Array3<f32>) -> Measured {
    match entropy(map) {
        Measured::Value(_) if map.len() == 1 => Measured::Undefined("the map is a single value"),
        Measured::Value(nats) => Measured::Value((nats / (map.len() as f64).ln()).min(1.0)),
        undefined @ Measured::Undefined(_) => undefined,
    }
}

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
    use super::*;

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
