//! Statistics over pictures: means with their errors and intervals, paired tests, rank correlation.
//!
//! Every function has a result for every input: where a number isn't defined, the reason why.

mod bootstrap;
mod describe;
mod holm;
mod ranks;
mod spearman;
mod wilcoxon;

pub use bootstrap::{Interval, RESAMPLES, bca, mean_interval, percentile, resampled_means};
pub use describe::{Description, describe, quantile, sorted};
pub use holm::holm;
pub use spearman::{Correlation, spearman};
pub use wilcoxon::{SignedRank, wilcoxon};

/// A number, or in a few words why there is none.
pub type Defined<T> = Result<T, &'static str>;

/// # Errors
/// When there are fewer than `least` values or one is not a finite number.
fn check(values: &[f64], least: usize) -> Defined<()> {
    if values.iter().any(|value| !value.is_finite()) {
        return Err("a value is not a finite number");
    }
    match (values.len() >= least, least) {
        (true, _) => Ok(()),
        (false, 1) => Err("there are no values"),
        (false, 2) => Err("there are fewer than two values"),
        (false, _) => Err("there are fewer than three values"),
    }
}
