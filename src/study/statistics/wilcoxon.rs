//! The signed-rank test of paired differences (Wilcoxon 1945, Individual comparisons by ranking
//! methods).

use super::ranks::average_ranks;
use super::{Defined, check};
use statrs::function::erf::erfc;
use std::f64::consts::FRAC_1_SQRT_2;

/// Up to so many differences, without ties and zeros, the distribution is exact.
const EXACT_UP_TO: usize = 25;

/// A signed-rank test, two-sided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Differences that are not zero; zeros are left out, as Wilcoxon did.
    pub n: usize,
    /// The smaller of the sums of ranks of positive and of negative differences.
    pub statistic: f64,
    pub p: f64,
    /// Whether p is of the exact distribution, or of the normal one that comes near it.
    pub exact: bool,
    /// Matched-pairs rank-biserial correlation (Kerby 2014): the share of ranks that are for a
    /// positive difference less the share against, −1 to 1.
    pub effect: f64,
}

/// Tests whether paired differences are symmetric about zero, as `scipy.stats.wilcoxon` does:
/// exactly for 25 or fewer differences without ties and zeros, and else by the normal distribution
/// with corrections for ties and continuity.
///
/// # Errors
/// When every difference is zero, there is none, or one is not finite.
pub fn wilcoxon(differences: &[f64]) -> Defined<SignedRank> {
    check(differences, 1)?;
    let nonzero: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if nonzero.is_empty() {
        return Err("every difference is zero");
    }
    let n = nonzero.len();
    let sizes: Vec<f64> = nonzero.iter().map(|d| d.abs()).collect();
    let (ranks, ties) = average_ranks(&sizes);
    let positive: f64 = ranks.iter().zip(&nonzero).filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    let total = (n * (n + 1)) as f64 / 2.0;
    let statistic = positive.min(total - positive);
    let exact = n <= EXACT_UP_TO && ties == 0.0 && n == differences.len();
    let p = match exact {
        true => exact_p(n, statistic as usize),
        false => normal_p(n, positive, ties),
    };
    Ok(SignedRank { n, statistic, p, exact, effect: (2.0 * positive - total) / total })
}

/// Twice the chance of a sum of ranks of at most `statistic` when every sign is a fair coin.
fn exact_p(n: usize, statistic: usize) -> f64 {
    // ways[s] counts subsets of the ranks so far with sum s; 2²⁵ of them are exact in f64.
    let mut ways = vec![0.0f64; statistic + 1];
    ways[0] = 1.0;
    for rank in 1..=n.min(statistic) {
        for sum in (rank..=statistic).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    (2.0 * ways.iter().sum::<f64>() / 2f64.powi(n as i32)).min(1.0)
}

fn normal_p(n: usize, positive: f64, ties: f64) -> f64 {
    let n = n as f64;
    let deviation = positive - n * (n + 1.0) / 4.0;
    if deviation == 0.0 {
        return 1.0;
    }
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    let z = (deviation.abs() - 0.5) / variance.sqrt();
    erfc(z.abs() * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_differences_of_one_sign_are_as_likely_as_coins() {
        for n in 1..=8usize {
            let differences: Vec<f64> = (1..=n).map(|d| d as f64).collect();
            let test = wilcoxon(&differences).unwrap();
            assert_eq!(test.p, (2.0 * 0.5f64.powi(n as i32)).min(1.0));
            assert_eq!((test.statistic, test.effect, test.exact), (0.0, 1.0, true));
        }
    }

    #[test]
    fn zeros_count_nowhere() {
        let test = wilcoxon(&[1.0, 0.0, -2.0, 3.0, 0.0]).unwrap();
        assert_eq!((test.n, test.statistic, test.exact), (3, 2.0, false));
        assert_eq!(wilcoxon(&[0.0, -0.0]), Err("every difference is zero"));
        assert!(wilcoxon(&[]).is_err() && wilcoxon(&[1.0, f64::NAN]).is_err());
    }

    #[test]
    fn balanced_ranks_say_nothing() {
        let test = wilcoxon(&[1.0, -1.0]).unwrap();
        assert_eq!((test.p, test.effect, test.exact), (1.0, 0.0, false));
    }
}
