//! What all similarities ask of two maps.

use ndarray::Array3;

/// Why there is no similarity.
pub(super) type Reason = &'static str;

/// Checks that two maps can be compared at all.
pub(super) fn check(a: &Array3<f32>, b: &Array3<f32>) -> Result<(), Reason> {
    if a.dim() != b.dim() {
        return Err("the maps differ in shape");
    }
    if a.is_empty() {
        return Err("the maps are empty");
    }
    match a.iter().chain(b).all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err("a map holds NaN or infinite values"),
    }
}

/// The values of two maps in reading order.
pub(super) fn values(a: &Array3<f32>, b: &Array3<f32>) -> Result<[Vec<f64>; 2], Reason> {
    check(a, b)?;
    Ok([a, b].map(|map| map.iter().map(|value| f64::from(*value)).collect()))
}
