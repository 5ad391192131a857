//! Random changes of training pictures.

use super::Pictures;
use crate::random::RandomStream;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How training pictures are augmented, differently in every epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augmentation {
    /// Shifts by up to an eighth of the side, over black, as by padding and cropping; half of the
    /// pictures mirrored (He et al. 2016, "Deep Residual Learning", section 4.2).
    #[default]
    Standard,
    /// Shifts alone, for pictures whose mirror image means something else.
    Shift,
    None,
}

impl Augmentation {
    /// Pixels in [0,1] of some pictures, one after another. What happens to a picture depends on
    /// the seed, the epoch and its index alone.
    pub fn apply(
        self,
        pictures: &Pictures,
        indices: &[usize],
        seed: u64,
        epoch: usize,
    ) -> Vec<f32> {
        let size = pictures.shape.iter().product::<usize>();
        let mut pixels = vec![0.0; indices.len() * size];
        pixels.par_chunks_mut(size).zip(indices).for_each(|(pixels, index)| {
            let (shift, mirrored) = self.draw(pictures.shape, seed, epoch, *index);
            place(pictures.picture(*index), pixels, pictures.shape, shift, mirrored);
        });
        pixels
    }

    /// The shift down and to the right, pixels, and whether the picture is mirrored.
    fn draw(self, shape: [usize; 3], seed: u64, epoch: usize, index: usize) -> ([isize; 2], bool) {
        if self == Self::None {
            return ([0, 0], false);
        }
        let name = (epoch.to_string(), index.to_string());
        let mut random = RandomStream::new(seed, "augmentation", &name.0, &name.1).generator();
        let mut shift = |side: usize| {
            let most = (side / 8) as i32;
            random.random_range(-most..=most) as isize
        };
        let shift = [shift(shape[1]), shift(shape[2])];
        (shift, self == Self::Standard && random.random())
    }
}

/// Writes a picture, shifted over black.
fn place(
    bytes: &[u8],
    pixels: &mut [f32],
    [_, height, width]: [usize; 3],
    [down, right]: [isize; 2],
    mirrored: bool,
) {
    let planes = pixels.chunks_exact_mut(height * width).zip(bytes.chunks_exact(height * width));
    for (pixels, bytes) in planes {
        for (row, pixels) in pixels.chunks_exact_mut(width).enumerate() {
            let from = usize::try_from(row as isize - down).ok().filter(|row| *row < height);
            let Some(from) = from else { continue };
            let bytes = &bytes[from * width..][..width];
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let from = usize::try_from(column as isize - right).ok();
                if let Some(from) = from.filter(|column| *column < width) {
                    let from = if mirrored { width - 1 - from } else { from };
                    *pixel = f32::from(bytes[from]) / 255.0;
                }
            }
        }
    }
}
