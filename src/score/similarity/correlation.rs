//! Correlations between numbers, and between the values of two maps.

use super::pair::{self, Reason};
use crate::score::measured::Measured;
use ndarray::Array3;

const CONSTANT: Reason = "one of the two is constant, so there is nothing to correlate";

/// Pearson's correlation of the values of two maps of one shape.
pub fn pearson(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    pair::values(a, b).and_then(|[a, b]| pearson_of(&a, &b)).into()
}

/// Spearman's rank correlation of the values of two maps of one shape; equal values share the mean
/// of their ranks (SciPy's `spearmanr`).
pub fn spearman(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    pair::values(a, b).and_then(|[a, b]| spearman_of(&a, &b)).into()
}

/// The same of the absolute values: whether the same places matter, in whatever direction (Adebayo
/// et al. 2018, Sanity Checks for Saliency Maps).
pub fn spearman_absolute(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    spearman(&a.mapv(f32::abs), &b.mapv(f32::abs))
}

/// Pearson's correlation of two lists of one length, within [−1,1].
///
/// # Errors
/// With the reason, when there are fewer than two values or one list is constant.
pub(in crate::score) fn pearson_of(a: &[f64], b: &[f64]) -> Result<f64, Reason> {
    if a.len() < 2 {
        return Err("fewer than two values");
    }
    if is_constant(a) || is_constant(b) {
        return Err(CONSTANT);
    }
    let [a, b] = [a, b].map(standardised);
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    Ok(product.clamp(-1.0, 1.0))
}

/// Spearman's correlation of two lists of one length.
///
/// # Errors
/// As for [`pearson_of`].
pub(in crate::score) fn spearman_of(a: &[f64], b: &[f64]) -> Result<f64, Reason> {
    pearson_of(&ranks(a), &ranks(b))
}

fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

/// Differences from the mean, at length 1. The largest is brought to 1 first, so that squares of
/// tiny or huge values neither vanish nor overflow.
fn standardised(values: &[f64]) -> Vec<f64> {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let scaled: Vec<f64> = values.iter().map(|value| value / largest).collect();
    let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
    let length = scaled.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
    scaled.iter().map(|value| (value - mean) / length).collect()
}

/// Rank of every value from 1, equal values at the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        for index in equal {
            ranks[*index] = rank;
        }
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -2.0, 3.0]), [4.0, 2.0, 4.0, 1.0, 4.0]);
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
    }

    #[test]
    fn tiny_and_huge_values_correlate_as_others_do() {
        for scale in [1e-200, 1.0, 1e200] {
            let [a, b] = [[1.0, 2.0, 4.0], [-1.0, -2.0, -4.0]].map(|v| v.map(|v| v * scale));
            assert!((pearson_of(&a, &b).unwrap() + 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn what_has_no_correlation_says_so() {
        assert!(pearson_of(&[1.0], &[2.0]).is_err());
        assert_eq!(pearson_of(&[1.0, 1.0], &[2.0, 3.0]), Err(CONSTANT));
        assert_eq!(spearman_of(&[1.0, 2.0], &[7.0, 7.0]), Err(CONSTANT));
    }
}
