//! Gaussian blur of pictures on their device, as one matrix along the rows and one along the
//! columns; it can be differentiated.

use crate::graph::op::{Matrix, Resample};
use burn::tensor::{Device, Tensor};

/// What lies beyond the border of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// The outermost pixels, repeated.
    Edge,
    /// Zeros.
    Zero,
}

/// Gaussian blur of N×C×H×W; `sigma` is in pixels. The kernel ends at 4σ, as in SciPy.
pub fn gaussian_blur(x: Tensor<4>, sigma: f32, border: Border) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    blur_of([height, width], sigma, border, &x.device()).apply(x)
}

/// The same as an operation for values of one size.
pub fn blur_of(
    [height, width]: [usize; 2],
    sigma: f32,
    border: Border,
    device: &Device,
) -> Resample {
    let side = |size| along(size, sigma, border);
    Resample::new("blur", side(height), side(width), device)
}

fn along(size: usize, sigma: f32, border: Border) -> Matrix {
    let radius = (4.0 * sigma).round() as isize;
    let weight = |offset: isize| (-0.5 * (offset as f32 / sigma).powi(2)).exp();
    let sum: f32 = (-radius..=radius).map(weight).sum();
    let last = size as isize - 1;
    let output = |place: usize| {
        let taps = (-radius..=radius).map(|offset| (place as isize + offset, weight(offset) / sum));
        let inside = taps.filter(|(input, _)| border == Border::Edge || (0..=last).contains(input));
        inside.map(|(input, weight)| (input.clamp(0, last) as usize, weight)).collect()
    };
    match radius {
        0 => Matrix::from_choice(size, 0..size),
        _ => Matrix::from_sums(size, &(0..size).map(output).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::read_back;
    use burn::tensor::TensorData;

    fn blurred(values: &[f32], sigma: f32, border: Border) -> Vec<f32> {
        let data = TensorData::new(values.to_vec(), [1, 1, 1, values.len()]);
        read_back(gaussian_blur(Tensor::from_data(data, &Device::flex()), sigma, border)).unwrap()
    }

    #[test]
    fn a_constant_stays_and_a_point_spreads_as_a_bell() {
        let constant = blurred(&[0.5; 9], 2.0, Border::Edge);
        assert!(constant.iter().all(|value| (value - 0.5).abs() < 1e-6));
        let mut point = [0.0; 41];
        point[20] = 1.0;
        let bell = blurred(&point, 3.0, Border::Edge);
        assert!((bell.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((bell[23] / bell[20] - (-0.5f32).exp()).abs() < 1e-5);
    }

    #[test]
    fn no_blur_changes_nothing() {
        assert_eq!(blurred(&[0.1, 0.9, 0.3], 0.0, Border::Zero), [0.1, 0.9, 0.3]);
    }
}
