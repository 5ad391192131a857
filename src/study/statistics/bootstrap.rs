//! Confidence intervals of a mean by resampling (Efron 1987, Better bootstrap confidence
//! intervals). Of paired differences they are those of the mean difference.

use super::describe::{mean, quantile};
use super::{Defined, check};
use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};

/// Samples drawn for an interval unless said otherwise.
pub const RESAMPLES: usize = 10_000;

/// A confidence interval, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The BCa interval of the mean at `level`, such as 0.95, from [`RESAMPLES`] samples.
///
/// # Errors
/// When there are fewer than two values or one is not finite.
pub fn mean_interval(values: &[f64], level: f64, generator: &mut impl Rng) -> Defined<Interval> {
    check(values, 2)?;
    let means = resampled_means(values, RESAMPLES, generator);
    Ok(bca(values, &means, level))
}

/// Means of samples drawn with replacement, ascending.
///
/// # Panics
/// Without values.
pub fn resampled_means(values: &[f64], samples: usize, generator: &mut impl Rng) -> Vec<f64> {
    let n = values.len() as u32;
    // From an origin among the values, equal ones have their own mean to the bit.
    let origin = values[0];
    let offsets: Vec<f64> = values.iter().map(|value| value - origin).collect();
    let mut mean = || {
        let sum: f64 = (0..n).map(|_| offsets[generator.random_range(0..n) as usize]).sum();
        origin + sum / f64::from(n)
    };
    let mut means: Vec<f64> = (0..samples).map(|_| mean()).collect();
    means.sort_by(f64::total_cmp);
    means
}

/// The interval between the outer quantiles of ascending resampled means.
pub fn percentile(means: &[f64], level: f64) -> Interval {
    let outside = (1.0 - level) / 2.0;
    Interval { low: quantile(means, outside), high: quantile(means, 1.0 - outside) }
}

/// The percentile interval corrected for bias and acceleration (BCa). Where every resampled mean
/// lies on one side of the mean the correction is infinite; there the percentiles stand.
pub fn bca(values: &[f64], means: &[f64], level: f64) -> Interval {
    let centre = mean(values);
    let below = means.partition_point(|mean| *mean < centre);
    let up_to = means.partition_point(|mean| *mean <= centre);
    let share = (below + up_to) as f64 / 2.0 / means.len() as f64;
    if share <= 0.0 || share >= 1.0 {
        return percentile(means, level);
    }
    let normal = Normal::standard();
    let bias = normal.inverse_cdf(share);
    let acceleration = acceleration(values, centre);
    let end = |outside: f64| {
        let moved = bias + normal.inverse_cdf(outside);
        quantile(means, normal.cdf(bias + moved / (1.0 - acceleration * moved)))
    };
    let outside = (1.0 - level) / 2.0;
    Interval { low: end(outside), high: end(1.0 - outside) }
}

/// A sixth of the skewness, which is what the jackknife gives for a mean.
fn acceleration(values: &[f64], centre: f64) -> f64 {
    let moment = |power: i32| values.iter().map(|value| (value - centre).powi(power)).sum::<f64>();
    let spread = moment(2);
    if spread == 0.0 { 0.0 } else { moment(3) / (6.0 * spread.powf(1.5)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    fn generator() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    #[test]
    fn equal_values_have_no_width() {
        let interval = mean_interval(&[0.1; 7], 0.95, &mut generator()).unwrap();
        assert_eq!(interval, Interval { low: 0.1, high: 0.1 });
    }

    #[test]
    fn a_seed_repeats_an_interval() {
        let values = [0.2, 0.9, 0.4, 0.1, 0.5];
        let draw = || mean_interval(&values, 0.95, &mut generator()).unwrap();
        assert_eq!(draw(), draw());
        assert!(draw().low < 0.42 && draw().high > 0.42);
    }

    #[test]
    fn too_little_says_so() {
        assert!(mean_interval(&[1.0], 0.95, &mut generator()).is_err());
        assert!(mean_interval(&[1.0, f64::NAN], 0.95, &mut generator()).is_err());
    }

    #[test]
    fn a_one_sided_distribution_leaves_the_percentiles() {
        let means = [2.0, 3.0, 4.0];
        assert_eq!(bca(&[0.0, 1.0], &means, 0.9), percentile(&means, 0.9));
    }
}
