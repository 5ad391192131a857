//! Distances between maps.

use ndarray::{Array3, Zip};

/// ‖a − b‖₂ of two arrays of one shape.
pub fn distance(a: &Array3<f32>, b: &Array3<f32>) -> f64 {
    let square = |sum: f64, a: &f32, b: &f32| sum + (f64::from(*a) - f64::from(*b)).powi(2);
    Zip::from(a).and(b).fold(0.0, square).sqrt()
}
