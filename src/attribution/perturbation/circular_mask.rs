//! The start of meaningful perturbation: the smallest disc in the middle of the picture that hides
//! the class (Fong and Vedaldi 2017, section 4.3), with the radii of the SAM paper's code.

use crate::attribution::blur::{Border, gaussian_blur};
use burn::tensor::{Device, Tensor, TensorData};

/// Discs that are tried, from radius zero on (SAM).
pub const DISCS: usize = 35;
/// By how much their radii differ, px at 224 (SAM).
const DISC_STEP: f32 = 5.0;
/// Deviation of the blur of these discs, px at 224 (SAM).
const DISC_BLUR: f32 = 10.0;
/// Share of the probability that the chosen disc may leave (the paper, section 4.3).
const DISC_LEAVES: f32 = 0.01;
/// Masks (N×1×h×w of `cells`) that are zero in discs of growing radius, with blurred edges, for a
/// picture of `size`; lengths are `scale` times those of one at 224 px.
pub fn circular_masks(
    cells: [usize; 2],
    size: [usize; 2],
    scale: f32,
    device: &Device,
) -> Tensor<4> {
    let radius = |index: usize| index as f32 * DISC_STEP * scale;
    let discs: Vec<f32> = (0..DISCS).flat_map(|index| disc(cells, size, radius(index))).collect();
    let data = TensorData::new(discs, [DISCS, 1, cells[0], cells[1]]);
    let cell = size[0].max(size[1]) as f32 / cells[0].max(cells[1]) as f32;
    let sigma = DISC_BLUR * scale / cell;
    gaussian_blur(Tensor::from_data(data, device), sigma, Border::Edge).neg() + 1.0
}

/// One in the cells whose middle lies within a distance (px) of the picture's middle.
fn disc(cells: [usize; 2], size: [usize; 2], radius: f32) -> Vec<f32> {
    let [rows, columns] = [0, 1].map(|axis| {
        let (cells, side) = (cells[axis] as f32, size[axis] as f32);
        move |cell: usize| ((cell as f32 + 0.5) / cells - 0.5) * side
    });
    let inside = |(y, x)| f32::from(rows(y).hypot(columns(x)) <= radius);
    let cells = (0..cells[0]).flat_map(|y| (0..cells[1]).map(move |x| (y, x)));
    cells.map(inside).collect()
}

/// The first disc that leaves less than a hundredth of what the largest one takes, by the
/// probabilities that discs leave and that of the whole picture.
pub fn smallest_disc(scores: &[f32], whole: f32) -> usize {
    let last = scores.len() - 1;
    let left = |score: f32| (score - scores[last]) / (whole - scores[last]);
    scores.iter().position(|score| left(*score) < DISC_LEAVES).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_disc_that_takes_nearly_all_is_chosen() {
        assert_eq!(smallest_disc(&[0.9, 0.5, 0.105, 0.02, 0.1], 0.9), 2);
        // Where the largest disc removes nothing, it is the start.
        assert_eq!(smallest_disc(&[0.9, 0.9, 0.9], 0.9), 2);
    }
}
