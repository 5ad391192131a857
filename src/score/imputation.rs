//! What stands in for removed pixels.

use super::linear_imputation::interpolate;
use crate::error::{Error, Result};
use crate::parameter::{Kind, Parameter};
use ndarray::{Array2, Array3, Axis, Zip};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal};
use serde::Serialize;

/// How a removed pixel looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Substrate {
    /// The colour that the network normalises to zero (Deletion in RISE).
    Mean,
    Black,
    /// The picture's own mean, channel by channel (ROAR, and "fixed" in ROAD).
    PictureMean,
    /// The picture blurred as RISE does for Insertion.
    Blur,
    /// Drawn uniformly from [0,1], every value for itself.
    Uniform,
    /// The weighted mean of its neighbours, plus noise of this deviation (ROAD).
    Linear {
        noise: f32,
    },
}

/// Deviation of ROAD's noise.
const ROAD_NOISE: f32 = 0.01;

impl Substrate {
    /// As in ROAD's published code: noise of deviation 0.01, here in pixel units.
    pub const ROAD: Self = Substrate::Linear { noise: ROAD_NOISE };

    /// The substrate that one of [`SUBSTRATES`] names.
    pub fn named(name: &str) -> Self {
        match name {
            "mean" => Substrate::Mean,
            "black" => Substrate::Black,
            "picture-mean" => Substrate::PictureMean,
            "blur" => Substrate::Blur,
            "uniform" => Substrate::Uniform,
            _ => Substrate::ROAD,
        }
    }
}

/// Names of substrates.
pub const SUBSTRATES: &[&str] = &["mean", "black", "picture-mean", "blur", "uniform", "linear"];

/// The parameter of scores that remove pixels, with their own default.
pub(super) const fn substrate(default: &'static str, source: &'static str) -> Parameter {
    Parameter {
        id: "substrate",
        help: "what removed pixels become: the colour that the network normalises to zero (mean), black, the picture's mean, its blur (11×11, σ 5), values drawn uniformly, or means of their neighbours with noise (linear)",
        unit: "",
        kind: Kind::Choice { default, options: SUBSTRATES },
        source,
    }
}

/// Replaces pixels of one picture. What it draws it draws once, so a pixel turns to the same value
/// whatever else is removed, except for the mean of its neighbours.
#[derive(Debug, Clone)]
pub struct Imputer {
    pixels: Array3<f32>,
    fill: Fill,
}

#[derive(Debug, Clone)]
enum Fill {
    With(Array3<f32>),
    Linear { noise: Array3<f32> },
}

impl Imputer {
    /// Memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        // The pixels and what stands in for them.
        2 * size_of::<f32>() * self.pixels.len()
    }

    /// For a picture (C×H×W in [0,1]) and a network whose zero is `mean_colour`.
    ///
    /// # Errors
    /// When the colour does not fit the picture, the picture is empty, or the noise is negative or
    /// not finite.
    pub fn new(
        substrate: Substrate,
        pixels: &Array3<f32>,
        mean_colour: &[f32],
        generator: &mut impl Rng,
    ) -> Result<Self> {
        let failed = |why: String| Error::new("cannot remove pixels", why);
        let (channels, shape) = (pixels.dim().0, pixels.dim());
        if pixels.is_empty() || mean_colour.len() != channels {
            let count = mean_colour.len();
            return Err(failed(format!("a colour of {count} values, a picture of {shape:?}")));
        }
        let mean = Array3::from_shape_fn(shape, |(channel, ..)| mean_colour[channel]);
        let fill = match substrate {
            Substrate::Mean => Fill::With(mean),
            Substrate::Black => Fill::With(Array3::zeros(shape)),
            Substrate::PictureMean => Fill::With(Array3::from_shape_fn(shape, |(channel, ..)| {
                pixels.index_axis(Axis(0), channel).mean().expect("the picture is not empty")
            })),
            Substrate::Blur => Fill::With(rise_blur(&(pixels - &mean)) + mean),
            Substrate::Uniform => {
                Fill::With(Array3::from_shape_simple_fn(shape, || generator.random()))
            }
            Substrate::Linear { noise } => {
                let normal = Normal::new(0.0, noise).ok().filter(|_| noise >= 0.0);
                let normal = normal.ok_or_else(|| failed(format!("noise of deviation {noise}")))?;
                let noise = Array3::from_shape_simple_fn(shape, || normal.sample(generator));
                Fill::Linear { noise }
            }
        };
        Ok(Self { pixels: pixels.clone(), fill })
    }

    /// The picture without some pixels (H×W). What replaces them is not clamped to [0,1].
    ///
    /// # Errors
    /// When the mask is not of the picture's size, or neighbours' means can't be computed because
    /// the picture is not finite.
    pub fn impute(&self, removed: &Array2<bool>) -> Result<Array3<f32>> {
        let (_, height, width) = self.pixels.dim();
        if removed.dim() != (height, width) {
            let why = format!("a mask of {:?}, a picture of {height}×{width}", removed.dim());
            return Err(Error::new("cannot remove pixels", why));
        }
        let fill = match &self.fill {
            Fill::With(fill) => fill,
            Fill::Linear { noise } => &(interpolate(&self.pixels, removed)? + noise),
        };
        let mut picture = self.pixels.clone();
        for (mut plane, fill) in picture.outer_iter_mut().zip(fill.outer_iter()) {
            Zip::from(&mut plane).and(fill).and(removed).for_each(|value, fill, removed| {
                if *removed {
                    *value = *fill;
                }
            });
        }
        Ok(picture)
    }
}

/// Gaussian of σ 5 over 11×11 pixels, zero beyond the border, for pictures whose mean colour is zero:
/// what Insertion starts from. Size and σ are those of RISE (Petsiuk, Das, Saenko 2018); the kernel
/// of its published code is flatter, because it folds the tails back in.
fn rise_blur(picture: &Array3<f32>) -> Array3<f32> {
    const RADIUS: isize = 5;
    const SIGMA: f32 = 5.0;
    let weight = |offset: isize| (-0.5 * (offset as f32 / SIGMA).powi(2)).exp();
    let sum: f32 = (-RADIUS..=RADIUS).map(weight).sum();
    let along = |picture: &Array3<f32>, axis: usize| {
        Array3::from_shape_fn(picture.dim(), |(channel, y, x)| {
            let tap = |offset: isize| {
                let mut place = [channel, y, x];
                place[axis] = place[axis].checked_add_signed(offset)?;
                Some(weight(offset) / sum * picture.get(place)?)
            };
            (-RADIUS..=RADIUS).filter_map(tap).sum()
        })
    };
    along(&along(picture, 1), 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    fn imputed(substrate: Substrate, pixels: &Array3<f32>, removed: &Array2<bool>) -> Array3<f32> {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        Imputer::new(substrate, pixels, &[0.4, 0.6], &mut generator)
            .unwrap()
            .impute(removed)
            .unwrap()
    }

    fn picture() -> Array3<f32> {
        Array3::from_shape_fn((2, 8, 6), |(c, y, x)| (1 + c + 2 * y * x) as f32 / 79.3)
    }

    const ALL: [Substrate; 6] = [
        Substrate::Mean,
        Substrate::Black,
        Substrate::PictureMean,
        Substrate::Blur,
        Substrate::Uniform,
        Substrate::ROAD,
    ];

    #[test]
    fn only_what_is_removed_changes() {
        let removed = Array2::from_shape_fn((8, 6), |(y, x)| y > 3 && x % 2 == 0);
        for substrate in ALL {
            let found = imputed(substrate, &picture(), &removed);
            for ((channel, y, x), value) in found.indexed_iter() {
                let same = *value == picture()[[channel, y, x]];
                assert_eq!(same, !removed[[y, x]], "{substrate:?} at {channel} {y} {x}");
            }
        }
    }

    #[test]
    fn colours_are_what_they_are_called() {
        let all = Array2::from_elem((8, 6), true);
        let first = |substrate| {
            let found = imputed(substrate, &picture(), &all);
            [found[[0, 0, 0]], found[[1, 7, 5]]]
        };
        assert_eq!(first(Substrate::Mean), [0.4, 0.6]);
        assert_eq!(first(Substrate::Black), [0.0, 0.0]);
        let mean = |channel| picture().index_axis(Axis(0), channel).mean().unwrap();
        assert_eq!(first(Substrate::PictureMean), [mean(0), mean(1)]);
    }

    #[test]
    fn the_blur_of_a_point_is_rises_kernel() {
        let mut point = Array3::zeros((1, 15, 15));
        point[[0, 7, 7]] = 1.0;
        let blurred = rise_blur(&point);
        assert!((blurred.sum() - 1.0).abs() < 1e-5);
        assert!((blurred[[0, 9, 7]] / blurred[[0, 7, 7]] - (-0.08f32).exp()).abs() < 1e-6);
        assert!(blurred[[0, 2, 7]] > 0.0 && blurred[[0, 1, 7]] == 0.0);
        // Near the border the kernel's rest falls on nothing.
        assert!(
            rise_blur(&Array3::ones((1, 15, 15))).index_axis(Axis(1), 0).iter().all(|v| *v < 0.6)
        );
    }

    #[test]
    fn drawn_values_depend_on_the_seed_alone() {
        let some = Array2::from_shape_fn((8, 6), |(y, _)| y == 2);
        let more = Array2::from_shape_fn((8, 6), |(y, _)| y <= 2);
        let [few, many] = [some, more].map(|mask| imputed(Substrate::Uniform, &picture(), &mask));
        assert_eq!(few.index_axis(Axis(1), 2), many.index_axis(Axis(1), 2));
    }

    #[test]
    fn broken_input_is_refused() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut new = |substrate, pixels: &Array3<f32>, colour: &[f32]| {
            Imputer::new(substrate, pixels, colour, &mut generator).is_err()
        };
        assert!(new(Substrate::Mean, &picture(), &[0.5]));
        assert!(new(Substrate::Mean, &Array3::zeros((2, 0, 3)), &[0.5, 0.5]));
        assert!(new(Substrate::Linear { noise: f32::NAN }, &picture(), &[0.5, 0.5]));
        assert!(new(Substrate::Linear { noise: -1.0 }, &picture(), &[0.5, 0.5]));
    }
}
