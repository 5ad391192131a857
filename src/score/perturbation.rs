//! Perturbations of pictures, for infidelity.

use ndarray::{Array3, Axis};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

/// How a picture is perturbed. What is drawn is not clamped, except for
/// [`Perturbation::NoisyBaseline`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// A square, its side drawn from 1 to `side` pixels, takes the mean colour.
    Square { side: usize },
    /// I ~ N(0, σ²) on every value (Captum's example).
    Gaussian { sigma: f32 },
    /// x − I is the mean colour with noise N(0, σ²), clamped to [0,1] (published code of Yeh et
    /// al.).
    NoisyBaseline { sigma: f32 },
}

impl Perturbation {
    /// A perturbed picture, C×H×W.
    pub(super) fn draw(
        self,
        pixels: &Array3<f32>,
        colour: &[f32],
        generator: &mut impl Rng,
    ) -> Array3<f32> {
        match self {
            Perturbation::Square { side } => without_square(pixels, colour, side, generator),
            Perturbation::Gaussian { sigma } => {
                pixels.mapv(|value| value - sigma * normal(generator))
            }
            Perturbation::NoisyBaseline { sigma } => {
                Array3::from_shape_fn(pixels.dim(), |(channel, ..)| {
                    (colour[channel] + sigma * normal(generator)).clamp(0.0, 1.0)
                })
            }
        }
    }
}

fn normal(generator: &mut impl Rng) -> f32 {
    StandardNormal.sample(generator)
}

fn without_square(
    pixels: &Array3<f32>,
    colour: &[f32],
    side: usize,
    generator: &mut impl Rng,
) -> Array3<f32> {
    let (_, height, width) = pixels.dim();
    let side = generator.random_range(1..=side.clamp(1, height.min(width)));
    let [top, left] = [height, width].map(|size| generator.random_range(0..=size - side));
    let mut picture = pixels.clone();
    for (mut plane, colour) in picture.axis_iter_mut(Axis(0)).zip(colour) {
        for (y, x) in (top..top + side).flat_map(|y| (left..left + side).map(move |x| (y, x))) {
            plane[[y, x]] = *colour;
        }
    }
    picture
}

/// The removed fraction of each value's difference from the mean colour; zero where there was none.
pub(super) fn shares(pixels: &Array3<f32>, picture: &Array3<f32>, colour: &[f32]) -> Array3<f32> {
    Array3::from_shape_fn(pixels.dim(), |(channel, y, x)| {
        let value = pixels[[channel, y, x]];
        match value - colour[channel] {
            0.0 => 0.0,
            whole => (value - picture[[channel, y, x]]) / whole,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    const COLOUR: [f32; 2] = [0.25, 2.0];

    fn drawn(perturbation: Perturbation, times: usize) -> Vec<Array3<f32>> {
        let pixels = Array3::from_elem((2, 9, 6), 0.75);
        let mut generator = ChaCha8Rng::seed_from_u64(4);
        (0..times).map(|_| perturbation.draw(&pixels, &COLOUR, &mut generator)).collect()
    }

    #[test]
    fn squares_take_the_mean_colour_and_all_sizes() {
        let mut seen = [0; 7];
        for picture in drawn(Perturbation::Square { side: 40 }, 300) {
            let places: Vec<_> = picture.indexed_iter().filter(|(_, v)| **v != 0.75).collect();
            assert!(places.iter().all(|((channel, ..), value)| **value == COLOUR[*channel]));
            let rows = places.iter().map(|((_, y, _), _)| *y);
            let side = rows.clone().max().unwrap() - rows.min().unwrap() + 1;
            assert_eq!(places.len(), 2 * side * side);
            seen[side] += 1;
        }
        assert!(seen[0] == 0 && seen[1..].iter().all(|count| *count > 25), "{seen:?}");
    }

    #[test]
    fn noise_has_its_deviation_and_a_noisy_baseline_forgets_the_picture() {
        let deviation = |pictures: &[Array3<f32>], mean: f32| {
            let values = || pictures.iter().flatten();
            let squares = values().map(|value| (value - mean).powi(2));
            (squares.sum::<f32>() / values().count() as f32).sqrt()
        };
        let noisy = drawn(Perturbation::Gaussian { sigma: 0.1 }, 50);
        assert!((deviation(&noisy, 0.75) - 0.1).abs() < 0.005);
        let noisy = drawn(Perturbation::NoisyBaseline { sigma: 0.1 }, 50);
        let [first, second] = [0, 1].map(|channel| {
            let planes = noisy.iter().map(|picture| {
                picture.index_axis(Axis(0), channel).to_owned().insert_axis(Axis(0))
            });
            planes.collect::<Vec<_>>()
        });
        assert!((deviation(&first, 0.25) - 0.1).abs() < 0.005);
        // Above 1 all is clamped.
        assert!(second.iter().flatten().all(|value| *value == 1.0));
    }

    #[test]
    fn shares_are_of_the_way_to_the_mean_colour() {
        let pixels = Array3::from_shape_vec((1, 1, 4), vec![0.5, 0.5, 0.5, 1.0]).unwrap();
        let picture = Array3::from_shape_vec((1, 1, 4), vec![0.5, 0.75, 1.0, 0.0]).unwrap();
        let found = shares(&pixels, &picture, &[1.0]);
        assert_eq!(found.iter().copied().collect::<Vec<_>>(), [0.0, 0.5, 1.0, 0.0]);
    }
}
