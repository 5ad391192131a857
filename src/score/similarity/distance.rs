//! Angle and distance between two maps.

use super::pair;
use crate::score::measured::Measured;
use ndarray::Array3;

/// Cosine of the angle between two maps of one shape; undefined where one is zero.
pub fn cosine(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    let cosine = |[a, b]: [Vec<f64>; 2]| {
        let (of_a, of_b) = (length(&a), length(&b));
        if of_a == 0.0 || of_b == 0.0 {
            return Err("a map is zero everywhere");
        }
        let product: f64 = a.iter().zip(&b).map(|(a, b)| (a / of_a) * (b / of_b)).sum();
        Ok(product.clamp(-1.0, 1.0))
    };
    pair::values(a, b).and_then(cosine).into()
}

/// ‖a − b‖₂ of two maps of one shape as they are, never normalised.
pub fn euclidean(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    let distance = |[a, b]: [Vec<f64>; 2]| {
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        Ok(length(&differences))
    };
    pair::values(a, b).and_then(distance).into()
}

/// Values come from f32, whose squares an f64 can hold.
fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
