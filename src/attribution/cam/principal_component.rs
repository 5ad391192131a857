//! The first principal component of a layer's channels.

use crate::attribution::host_map::to_map;
use crate::error::Result;
use burn::tensor::Tensor;
use ndarray::{Array1, Array2, Array3, Axis};

/// Steps after which the power iteration ends at the latest.
const STEPS: usize = 10_000;
/// Change of the unit vector in one step at which it ends.
const STILL: f64 = 1e-10;

/// Every place's K channels (1×K×h×w) projected on the direction in which they vary most over the
/// places: 1×h×w, of mean zero. Of the two signs of a component it is the one that correlates
/// positively with the sum over channels.
///
/// # Errors
/// When the device failed.
pub fn first_component(channels: Tensor<4>) -> Result<Array3<f32>> {
    Ok(project(&to_map(channels)?))
}

fn project(channels: &Array3<f32>) -> Array3<f32> {
    let (count, height, width) = channels.dim();
    let rows = channels.mapv(f64::from).into_shape_with_order((count, height * width));
    let rows = rows.expect("as many values, row by row");
    let means = rows.mean_axis(Axis(1)).expect("a layer has places");
    let centred = rows - means.insert_axis(Axis(1));
    // Both Gram matrices have the same eigenvalues; the smaller one is enough.
    let direction = match count <= height * width {
        true => leading(&centred.dot(&centred.t())),
        false => unit(centred.dot(&leading(&centred.t().dot(&centred)))),
    };
    let projection = direction.dot(&centred);
    let side = if projection.dot(&centred.sum_axis(Axis(0))) < 0.0 { -1.0 } else { 1.0 };
    let map = projection.mapv(|value| (side * value) as f32);
    map.into_shape_with_order((1, height, width)).expect("one value a place")
}

/// The unit eigenvector of the largest eigenvalue of a positive semidefinite matrix, by power
/// iteration.
fn leading(matrix: &Array2<f64>) -> Array1<f64> {
    // A start without pattern is at right angles to no eigenvector that matters.
    let mut vector = unit(Array1::from_shape_fn(matrix.nrows(), |i| (i as f64 + 0.5).sin()));
    for _ in 0..STEPS {
        let next = unit(matrix.dot(&vector));
        let change = (&next - &vector).mapv(|x| x * x).sum().sqrt();
        vector = next;
        if change < STILL {
            break;
        }
    }
    vector
}

/// The vector at length 1, or zeros.
fn unit(vector: Array1<f64>) -> Array1<f64> {
    let length = vector.dot(&vector).sqrt();
    if length > 0.0 { vector / length } else { vector }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_of_most_variance_is_found_from_either_gram_matrix() {
        // More positions than channels, and with constant channels the other way round.
        for constant in [0, 40] {
            let channels =
                Array3::from_shape_fn((3 + constant, 4, 5), |(channel, y, x)| match channel {
                    0 => 7.0 + 3.0 * x as f32,
                    1 => 2.0 * x as f32 - 4.0,
                    2 => y as f32,
                    _ => 5.0,
                });
            // Most varies along (3, 2, 0) / √13, by x less its mean of 2.
            for ((_, _, x), value) in project(&channels).indexed_iter() {
                let expected = (x as f32 - 2.0) * 13f32.sqrt();
                assert!((value - expected).abs() < 1e-5, "{x}: {value} for {expected}");
            }
        }
    }

    #[test]
    fn the_sign_is_that_of_the_sum_over_channels() {
        let channels = Array3::from_shape_fn((2, 2, 3), |(channel, _, x)| match channel {
            0 => -2.0 * x as f32,
            _ => x as f32,
        });
        for sign in [1.0, -1.0] {
            let map = project(&channels.mapv(|value| sign * value));
            assert!((map[[0, 0, 0]] - map[[0, 0, 2]]) * sign > 0.0);
        }
    }

    #[test]
    fn channels_that_do_not_vary_have_no_component() {
        assert_eq!(project(&Array3::from_elem((4, 2, 2), 3.0)), Array3::<f32>::zeros((1, 2, 2)));
    }
}
