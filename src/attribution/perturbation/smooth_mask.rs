//! Masks that are smooth by the way they are made: every pixel is the soft maximum of bells around
//! the cells near it.

use crate::error::{Error, Result};
use burn::tensor::module::unfold4d;
use burn::tensor::ops::UnfoldOptions;
use burn::tensor::{Device, Tensor, TensorData, s};

/// The operation from cells to a mask that reaches a margin beyond the picture, so that borders
/// count like other positions (Fong, Patrick, Vedaldi 2019, section 3.2; TorchRay's
/// `MaskGenerator`). It can be differentiated.
#[derive(Debug)]
pub struct SmoothMask {
    /// Of the picture, pixels.
    size: [usize; 2],
    /// Distance of the cells, pixels.
    step: usize,
    /// Pixels beyond the picture's border.
    margin: usize,
    /// Cells beyond the first and the last.
    padding: usize,
    /// Cells on a side that a pixel sees.
    window: usize,
    /// Bells of the cells in a window at the pixels of a step: cells×1×step×1×step.
    bells: Tensor<5>,
}

/// Coldness of the soft maximum, of TorchRay.
const COLDNESS: f32 = 20.0;
/// Cells times pixels of the largest masks, half a gigabyte for each of a few tensors.
const MOST_VALUES: usize = 1 << 27;

impl SmoothMask {
    /// For pictures of a size; `sigma` is the reach of a cell, in pixels.
    ///
    /// # Errors
    /// When so many cells reach every pixel that memory could not hold them.
    pub fn new(size: [usize; 2], step: usize, sigma: f32, device: &Device) -> Result<Self> {
        let margin = sigma.round() as usize;
        let padding = 1 + ((margin as f32 + sigma) / step as f32).ceil() as usize;
        let window = 3 + 2 * (sigma / step as f32).ceil() as usize;
        let values = size.iter().product::<usize>() * window.pow(2);
        if values > MOST_VALUES {
            let why = format!("{window}×{window} cells reach every pixel");
            return Err(Error::new("cannot make smooth masks", why)
                .hint("take a larger step or a smaller sigma"));
        }
        // From pixel `place` of a step to cell `cell` of its window, along a side.
        let distance = |cell: usize, place: usize| {
            (place + step * padding) as f32 - (margin + step * cell) as f32
        };
        let mut bells = Vec::with_capacity((window * step).pow(2));
        for cell in 0..window * window {
            for place in 0..step * step {
                let down = distance(cell / window, place / step);
                let across = distance(cell % window, place % step);
                bells.push(bell(down.hypot(across) / sigma));
            }
        }
        let data = TensorData::new(bells, [window * window, 1, step, 1, step]);
        let bells = Tensor::from_data(data, device);
        Ok(Self { size, step, margin, padding, window, bells })
    }

    /// Dimensions of the cells, 1×1×h×w.
    pub fn cells(&self) -> [usize; 4] {
        let [height, width] = self.size.map(|side| side.div_ceil(self.step));
        [1, 1, height, width]
    }

    /// The mask of some cells in [0,1], with its margin.
    pub fn apply(&self, cells: Tensor<4>) -> Tensor<4> {
        let step = self.step;
        let [_, _, height, width] = cells.dims();
        let [rows, columns] =
            [height, width].map(|count| count + 2 * self.padding + 1 - self.window);
        let options = UnfoldOptions::new([1, 1], [self.padding; 2], [1, 1]);
        let near = unfold4d(cells, [self.window; 2], options);
        let near = near.reshape([self.window * self.window, rows, 1, columns, 1]);
        let values = near * self.bells.clone();
        // At most e^20 each: no need to take the largest off.
        let weights = (values.clone() * COLDNESS).exp();
        let mask = (values * weights.clone()).sum_dim(0) / weights.sum_dim(0);
        let mask = mask.reshape([1, 1, rows * step, columns * step]);
        // The last step has but its first pixel.
        mask.slice(s![.., .., ..(rows - 1) * step + 1, ..(columns - 1) * step + 1])
    }

    /// The part of a mask that lies over the picture.
    pub fn of_picture(&self, mask: Tensor<4>) -> Tensor<4> {
        let [rows, columns] = self.size.map(|side| self.margin..self.margin + side);
        mask.slice(s![.., .., rows, columns])
    }
}

/// A bell with a flat top, by the distance over the reach.
fn bell(distance: f32) -> f32 {
    (-2.0 * (distance - 0.5).max(0.0).powi(2)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::perturbation::optimiser::gradient;
    use crate::graph::read_back;
    use safetensors::SafeTensors;

    const SIZE: [usize; 2] = [20, 26];

    fn cells(smooth: &SmoothMask, change: Option<(usize, f32)>) -> Tensor<4> {
        let dims = smooth.cells();
        let count = dims.iter().product();
        let mut values: Vec<f32> = (0..count).map(|i| (i as f32 * 1.7).sin() * 0.5 + 0.5).collect();
        if let Some((index, change)) = change {
            values[index] += change;
        }
        Tensor::from_data(TensorData::new(values, dims), &Device::flex())
    }

    #[test]
    fn masks_are_those_of_torchray() {
        let smooth = SmoothMask::new(SIZE, 3, 7.0, &Device::flex()).unwrap();
        let bytes = include_bytes!("../../../tests/numerics/masks/reference.safetensors");
        let file = SafeTensors::deserialize(bytes).unwrap();
        let view = file.tensor("smooth_mask").unwrap();
        let mask = smooth.apply(cells(&smooth, None));
        assert_eq!(mask.dims()[1..], *view.shape());
        let expected =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        for (found, expected) in read_back(mask).unwrap().into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
    }

    #[test]
    fn a_mask_covers_the_picture() {
        for (size, step, sigma) in [(SIZE, 3, 7.0), ([28, 28], 1, 2.6), ([224, 100], 7, 21.0)] {
            let smooth = SmoothMask::new(size, step, sigma, &Device::flex()).unwrap();
            let mask =
                smooth.of_picture(smooth.apply(Tensor::ones(smooth.cells(), &Device::flex())));
            assert_eq!(mask.dims(), [1, 1, size[0], size[1]]);
            let values = read_back(mask).unwrap();
            assert!(values.iter().all(|value| (0.9..=1.0).contains(value)));
        }
    }

    #[test]
    fn a_reach_that_memory_cannot_hold_is_refused() {
        let error = SmoothMask::new([224, 224], 1, 100.0, &Device::flex()).unwrap_err();
        assert!(error.to_string().contains("203×203 cells"), "{error}");
    }

    #[test]
    fn its_gradient_agrees_with_finite_differences() {
        const STEP: f32 = 1e-2;
        let smooth = SmoothMask::new(SIZE, 3, 7.0, &Device::flex()).unwrap();
        let score = |mask: Tensor<4>| mask.square().sum();
        let slope = read_back(gradient(&cells(&smooth, None), |c| score(smooth.apply(c)))).unwrap();
        for index in [0, 5, 17, 30, slope.len() - 1] {
            let at = |change| {
                let mask = smooth.apply(cells(&smooth, Some((index, change))));
                read_back(score(mask)).unwrap()[0]
            };
            let expected = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            assert!(
                (slope[index] - expected).abs() < 2e-2 * (1.0 + expected.abs()),
                "{index}: {} for {expected}",
                slope[index]
            );
        }
    }
}
