//! Kendall's rank correlation.

use super::pair::{self, Reason};
use crate::score::measured::Measured;
use ndarray::Array3;

/// Kendall's τ-b of the values of two maps of one shape: pairs of pixels that both maps put in the
/// same order less pairs that they don't, corrected for ties (SciPy's `kendalltau`). Counted by
/// merging, as Knight 1966 does, in n log n steps.
pub fn kendall(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    pair::values(a, b).and_then(|[a, b]| tau(&a, &b)).into()
}

fn tau(a: &[f64], b: &[f64]) -> Result<f64, Reason> {
    // Adding zero turns −0 to 0, so that equal values are equal in total order too.
    let mut both: Vec<[f64; 2]> = a.iter().zip(b).map(|(a, b)| [a + 0.0, b + 0.0]).collect();
    both.sort_unstable_by(|x, y| x[0].total_cmp(&y[0]).then(x[1].total_cmp(&y[1])));
    let tied_in_a = tied_pairs(&both, |pair| pair[0]);
    let tied_in_both = both.chunk_by(|x, y| x == y).map(|equal| pairs(equal.len())).sum::<f64>();
    let swaps = sort_by_second(&mut both);
    let tied_in_b = tied_pairs(&both, |pair| pair[1]);
    let all = pairs(both.len());
    if all == tied_in_a || all == tied_in_b {
        return Err("one of the two is constant, so there is no order to compare");
    }
    let difference = all - tied_in_a - tied_in_b + tied_in_both - 2.0 * swaps;
    let tau = difference / (all - tied_in_a).sqrt() / (all - tied_in_b).sqrt();
    Ok(tau.clamp(-1.0, 1.0))
}

fn pairs(count: usize) -> f64 {
    count as f64 * (count as f64 - 1.0) / 2.0
}

/// Pairs of neighbours in a sorted list that are equal.
fn tied_pairs(sorted: &[[f64; 2]], key: impl Fn(&[f64; 2]) -> f64) -> f64 {
    sorted.chunk_by(|x, y| key(x) == key(y)).map(|equal| pairs(equal.len())).sum()
}

/// Merge sort by the second value; counts how many pairs it had to bring in order.
fn sort_by_second(values: &mut [[f64; 2]]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut swaps = sort_by_second(left) + sort_by_second(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        if right[r][1] < left[l][1] {
            merged.push(right[r]);
            r += 1;
            swaps += (left.len() - l) as f64;
        } else {
            merged.push(left[l]);
            l += 1;
        }
    }
    merged.extend_from_slice(&left[l..]);
    merged.extend_from_slice(&right[r..]);
    values.copy_from_slice(&merged);
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// τ-b by its definition.
    fn by_all_pairs(a: &[f64], b: &[f64]) -> f64 {
        let (mut sum, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
        for i in 0..a.len() {
            for j in 0..i {
                let sign = |v: &[f64]| f64::from(i8::from(v[i] > v[j]) - i8::from(v[i] < v[j]));
                sum += sign(a) * sign(b);
                of_a += sign(a).abs();
                of_b += sign(b).abs();
            }
        }
        sum / f64::sqrt(of_a * of_b)
    }

    #[test]
    fn merging_counts_what_all_pairs_count() {
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        for count in [2, 3, 10, 57, 100] {
            let mut draw =
                || (0..count).map(|i| f64::from(generator.random_range(0..9) + i / 9)).collect();
            let [a, b]: [Vec<f64>; 2] = [draw(), draw()];
            if let Ok(found) = tau(&a, &b) {
                assert!((found - by_all_pairs(&a, &b)).abs() < 1e-12, "{count}");
            }
        }
    }

    #[test]
    fn order_is_all_that_counts() {
        let a = [0.1, 5.0, -3.0, 2.0];
        assert_eq!(tau(&a, &a.map(f64::exp)), Ok(1.0));
        assert_eq!(tau(&a, &a.map(|v| -v)), Ok(-1.0));
        assert!(tau(&a, &[1.0; 4]).is_err());
        assert!(tau(&[0.0, -0.0], &[1.0, 2.0]).is_err());
    }
}
