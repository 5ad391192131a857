//! What is said of a sample: how many, mean, standard error, median, quantiles.

use super::{Defined, check};

/// A sample in numbers, each in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    pub n: usize,
    pub mean: f64,
    /// Standard deviation with n − 1 over √n; none for one value.
    pub standard_error: Option<f64>,
    pub median: f64,
}

/// Describes a sample.
///
/// # Errors
/// When it is empty or a value is not finite.
pub fn describe(values: &[f64]) -> Defined<Description> {
    check(values, 1)?;
    let n = values.len();
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let standard_error = (n > 1).then(|| (squares / (n - 1) as f64 / n as f64).sqrt());
    Ok(Description { n, mean, standard_error, median: quantile(&sorted(values), 0.5) })
}

/// The mean; of values that are all the same, that value to the bit.
pub(super) fn mean(values: &[f64]) -> f64 {
    let origin = values[0];
    origin + values.iter().map(|value| value - origin).sum::<f64>() / values.len() as f64
}

/// The values in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A quantile of ascending values, interpolated linearly between neighbours (type 7 of Hyndman
/// and Fan 1996, NumPy's default). `share` is taken into [0,1].
///
/// # Panics
/// Without values.
pub fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let below = ascending[place.floor() as usize];
    let above = ascending[place.ceil() as usize];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_are_described_by_hand() {
        let four = describe(&[4.0, 1.0, 2.0, 5.0]).unwrap();
        assert_eq!((four.n, four.mean, four.median), (4, 3.0, 3.0));
        assert!((four.standard_error.unwrap() - (10.0f64 / 12.0).sqrt()).abs() < 1e-15);
        let one = describe(&[0.1]).unwrap();
        assert_eq!((one.mean, one.median, one.standard_error), (0.1, 0.1, None));
        assert_eq!(describe(&[0.1; 3]).unwrap().standard_error, Some(0.0));
        assert!(describe(&[]).is_err() && describe(&[1.0, f64::NAN]).is_err());
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [1.0, 2.0, 4.0];
        assert_eq!(
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&values, q)),
            [1.0, 1.5, 2.0, 3.0, 4.0]
        );
    }
}
