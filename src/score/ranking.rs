//! The order of pixels by importance.

use super::trial::importance;
use crate::attribution::Ranking;
use crate::error::{Error, Result};
use ndarray::Array3;
use rand::Rng;
use rand::seq::SliceRandom;

/// Pixels from most to least important: by a ranking over channels, enlarged bilinearly to the
/// picture's height and width, equal values in a random order.
///
/// # Errors
/// When the map holds NaN or infinite values, or map or picture are empty.
pub fn order_with_ties(
    map: &Array3<f32>,
    ranking: Ranking,
    size: [usize; 2],
    generator: &mut impl Rng,
) -> Result<Vec<usize>> {
    let failed = |why: &str| Err(Error::new("cannot put the pixels in order", why));
    if map.is_empty() || size.contains(&0) {
        return failed("the map or the picture is empty");
    }
    let importance: Vec<f32> = importance(map, ranking, size).into_iter().collect();
    if importance.iter().any(|value| !value.is_finite()) {
        return failed("the map holds NaN or infinite values");
    }
    let mut pixels: Vec<usize> = (0..importance.len()).collect();
    pixels.shuffle(generator);
    // A stable sort keeps the shuffled order of equal values; adding zero makes −0 equal to 0.
    pixels.sort_by(|a, b| (importance[*b] + 0.0).total_cmp(&(importance[*a] + 0.0)));
    Ok(pixels)
}
