//! How few values carry a map.

use super::shares;
use crate::score::description::{Better, Description, Measure, OverPictures};
use crate::score::measured::Measured;
use ndarray::Array3;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "gini",
    name: "Sparseness (Gini)",
    better: Better::Higher,
    range: "0 (all equal) to 1 − 1/n (one value)",
    over_pictures: OverPictures::Mean,
    paper: "Chalasani, Chen, Chowdhury, Wu, Jha 2020, Concise Explanations of Neural Networks Using Adversarial Training; Quantus' sparseness without its 10⁻⁷, so that small maps don't look even",
    formula: "Σᵢ (2i − n − 1) |a|₍ᵢ₎ / (n Σ |a|), |a|₍ᵢ₎ in ascending order",
    passes: "none",
    parameters: &[],
    measure: Measure::Map(|map, _| gini(map)),
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
