//! How evenly a map is spread over its values.

use super::shares;
use crate::score::description::{Better, Description, Measure, OverPictures};
use crate::score::measured::Measured;
use ndarray::Array3;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "entropy",
    name: "Entropy",
    better: Better::Lower,
    range: "0 (one value) to 1 (all equal)",
    over_pictures: OverPictures::Mean,
    paper: "Bhatt, Weller, Moura 2020, Evaluating and Aggregating Feature-based Model Explanations, complexity; over its largest value, ln n",
    formula: "−Σ p ln p / ln n, p = |a| / Σ |a|",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(|map, _| normalised_entropy(map)),
};

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
