//! Overlap of the most important places of two maps.

use super::pair::{self, Reason};
use crate::parameter::{Kind, Parameter, Values};
use crate::score::measured::Measured;
use ndarray::Array3;

/// The share of values that count as most important.
pub(super) const SHARE: Parameter = Parameter {
    id: "share",
    help: "share of the values that count as the most important",
    unit: "of all values",
    kind: Kind::Real { default: 0.1, min: 0.0001, max: 0.9999 },
    source: "1000 of ImageNet's pixels in Ghorbani, Abid, Zou 2019, Interpretation of Neural Networks Is Fragile, are 0.02; a tenth suits small pictures too",
};

/// Intersection over union of the largest values of two maps of one shape: those not below the
/// k-th largest, where k is `share` (0 to 1) of their number, at least 1. Values equal to the k-th
/// count too, so that the result does not depend on how ties are ordered.
pub fn top_intersection(a: &Array3<f32>, b: &Array3<f32>, share: f32) -> Measured {
    let overlap = |[a, b]: [Vec<f64>; 2]| {
        let [a, b] = [largest(&a, share)?, largest(&b, share)?];
        let both = a.iter().zip(&b).filter(|(a, b)| **a && **b).count();
        let either = a.iter().zip(&b).filter(|(a, b)| **a || **b).count();
        Ok(both as f64 / either as f64)
    };
    pair::values(a, b).and_then(overlap).into()
}

pub(super) fn measure(a: &Array3<f32>, b: &Array3<f32>, values: &Values) -> Measured {
    top_intersection(a, b, values.real(SHARE.id))
}

/// Which values are not below the k-th largest.
fn largest(values: &[f64], share: f32) -> Result<Vec<bool>, Reason> {
    if !(share > 0.0 && share <= 1.0) {
        return Err("the share of the largest values is not above 0 and at most 1");
    }
    let count = (f64::from(share) * values.len() as f64).round().max(1.0) as usize;
    let mut sorted = values.to_vec();
    let (_, kth, _) = sorted.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    let kth = *kth;
    match values.iter().all(|value| *value == values[0]) {
        true => Err("a map is constant, so no values are the largest"),
        false => Ok(values.iter().map(|value| *value >= kth).collect()),
    }
}
