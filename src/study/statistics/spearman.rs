//! Spearman's rank correlation.

use super::ranks::average_ranks;
use super::{Defined, check};
use statrs::function::beta::beta_reg;

/// A rank correlation and its test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    pub n: usize,
    /// −1 to 1.
    pub rho: f64,
    /// Two-sided, by Student's t with n − 2 degrees of freedom, as `scipy.stats.spearmanr`.
    pub p: f64,
}

/// Rank correlation of pairs; equal values share ranks.
///
/// # Errors
/// When there are fewer than three pairs, a value is not finite, or one side is constant.
///
/// # Panics
/// When the sides have different lengths.
pub fn spearman(x: &[f64], y: &[f64]) -> Defined<Correlation> {
    assert_eq!(x.len(), y.len(), "values come in pairs");
    check(x, 3)?;
    check(y, 3)?;
    let rho = pearson(&average_ranks(x).0, &average_ranks(y).0)?;
    Ok(Correlation { n: x.len(), rho, p: two_sided_p(rho, x.len()) })
}

/// Correlation of ranks: their mean is (n + 1) / 2 whatever the ties.
fn pearson(x: &[f64], y: &[f64]) -> Defined<f64> {
    let middle = (x.len() + 1) as f64 / 2.0;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - middle) * (y - middle);
        xx += (x - middle).powi(2);
        yy += (y - middle).powi(2);
    }
    match xx > 0.0 && yy > 0.0 {
        true => Ok((xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)),
        false => Err("every value is the same"),
    }
}

fn two_sided_p(rho: f64, n: usize) -> f64 {
    let freedom = (n - 2) as f64;
    // 1 / (1 + t²/freedom) with t² = freedom · ρ² / (1 − ρ²).
    let share = (1.0 - rho) * (1.0 + rho);
    beta_reg(freedom / 2.0, 0.5, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_rising_function_correlates_fully() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let exponential: Vec<f64> = x.iter().map(|x| x.exp()).collect();
        let falling: Vec<f64> = x.iter().map(|x| -x).collect();
        let up = spearman(&x, &exponential).unwrap();
        let down = spearman(&x, &falling).unwrap();
        assert_eq!((up.rho, up.p, down.rho, down.p), (1.0, 0.0, -1.0, 0.0));
    }

    #[test]
    fn what_has_no_correlation_says_why() {
        assert_eq!(spearman(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]), Err("every value is the same"));
        assert!(spearman(&[1.0, 2.0], &[1.0, 2.0]).unwrap_err().contains("three"));
        assert!(spearman(&[1.0, 2.0, f64::NAN], &[1.0, 2.0, 3.0]).is_err());
        assert!(spearman(&[1.0, 2.0, 3.0], &[1.0, 2.0, f64::INFINITY]).is_err());
    }
}
