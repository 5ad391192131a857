//! Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004, Image Quality Assessment: From
//! Error Visibility to Structural Similarity, section III).

use super::pair::{self, Reason};
use crate::parameter::{Kind, Parameter, Values};
use crate::score::measured::Measured;
use ndarray::{Array2, Array3, ArrayView2, Zip};

/// Pixels on each side of a window's centre, and its deviation: 11×11 pixels, σ 1.5.
const RADIUS: usize = 5;
const SIGMA: f64 = 1.5;
const SIDE: usize = 2 * RADIUS + 1;
/// Stabilisers as shares of the data range.
const K: [f64; 2] = [0.01, 0.03];

pub(super) const SCALE: Parameter = Parameter {
    id: "scale",
    help: "own divides each map by its largest magnitude and takes 1 for the range, 2 with negative values; joint compares the maps as they are, over the range that both span",
    unit: "",
    kind: Kind::Choice { default: "own", options: &["own", "joint"] },
    source: "own: Adebayo et al. 2018 (published code); joint: Quantus 0.6",
};

/// SSIM of two maps of one shape, the mean over their channels, for values of a known range.
///
/// Equal to scikit-image's `structural_similarity` with `gaussian_weights=True` and
/// `use_sample_covariance=False`, which it recommends to match the paper: windows that the border
/// cuts don't count.
pub fn ssim(a: &Array3<f32>, b: &Array3<f32>, range: f64) -> Measured {
    compare(a, b, |_, _| Ok((1.0, 1.0, range)))
}

/// SSIM of each map divided by its largest magnitude: maps of networks whose gradients differ in
/// size are compared by their structure.
pub fn ssim_of_own_scale(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    compare(a, b, |a, b| {
        let is_signed = a.iter().chain(b).any(|value| *value < 0.0);
        Ok((largest(a)?, largest(b)?, if is_signed { 2.0 } else { 1.0 }))
    })
}

/// SSIM of maps as they are, over the range from the smallest to the largest value of both.
pub fn ssim_of_joint_range(a: &Array3<f32>, b: &Array3<f32>) -> Measured {
    compare(a, b, |a, b| {
        let values = || a.iter().chain(b).map(|value| f64::from(*value));
        let range = values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min);
        Ok((1.0, 1.0, range))
    })
}

pub(super) fn measure(a: &Array3<f32>, b: &Array3<f32>, values: &Values) -> Measured {
    match values.choice(SCALE.id) {
        "joint" => ssim_of_joint_range(a, b),
        _ => ssim_of_own_scale(a, b),
    }
}

/// The largest magnitude of a map.
fn largest(map: &Array3<f32>) -> Result<f64, Reason> {
    match map.iter().fold(0.0f32, |largest, value| largest.max(value.abs())) {
        0.0 => Err("a map is zero everywhere"),
        largest => Ok(f64::from(largest)),
    }
}

/// `scales` gives what each map is divided by, and the range then.
fn compare(
    a: &Array3<f32>,
    b: &Array3<f32>,
    scales: impl Fn(&Array3<f32>, &Array3<f32>) -> Result<(f64, f64, f64), Reason>,
) -> Measured {
    let similarity = || {
        pair::check(a, b)?;
        let (channels, height, width) = a.dim();
        if height.min(width) < SIDE {
            return Err("the maps are smaller than SSIM's window of 11×11");
        }
        let (of_a, of_b, range) = scales(a, b)?;
        if !(range > 0.0 && range.is_finite()) {
            return Err("the maps have no range, as if both were one constant");
        }
        let planes = a.outer_iter().zip(b.outer_iter());
        let sum: f64 = planes.map(|(a, b)| of_planes((&a, of_a), (&b, of_b), range)).sum();
        Ok(sum / channels as f64)
    };
    similarity().into()
}

fn of_planes(
    (a, of_a): (&ArrayView2<f32>, f64),
    (b, of_b): (&ArrayView2<f32>, f64),
    range: f64,
) -> f64 {
    let a = a.mapv(|value| f64::from(value) / of_a);
    let b = b.mapv(|value| f64::from(value) / of_b);
    let [c1, c2] = K.map(|k| (k * range).powi(2));
    let [mean_a, mean_b] = [&a, &b].map(windowed);
    let [aa, bb, ab] = [&a * &a, &b * &b, &a * &b].map(|product| windowed(&product));
    let (mut sum, windows) = (0.0, mean_a.len() as f64);
    let means = Zip::from(&mean_a).and(&mean_b);
    means.and(&aa).and(&bb).and(&ab).for_each(|a, b, aa, bb, ab| {
        let luminance = (2.0 * a * b + c1) / (a * a + b * b + c1);
        let (variances, covariance) = (aa - a * a + bb - b * b, ab - a * b);
        sum += luminance * (2.0 * covariance + c2) / (variances + c2);
    });
    sum / windows
}

/// Gaussian means over all windows that lie inside.
fn windowed(plane: &Array2<f64>) -> Array2<f64> {
    let weight = |tap: usize| (-0.5 * ((tap as f64 - RADIUS as f64) / SIGMA).powi(2)).exp();
    let sum: f64 = (0..SIDE).map(weight).sum();
    let weights: [f64; SIDE] = std::array::from_fn(|tap| weight(tap) / sum);
    let mean = |value: &dyn Fn(usize) -> f64| -> f64 {
        weights.iter().enumerate().map(|(tap, weight)| weight * value(tap)).sum()
    };
    let (height, width) = (plane.nrows() + 1 - SIDE, plane.ncols() + 1 - SIDE);
    let down =
        Array2::from_shape_fn((height, plane.ncols()), |(y, x)| mean(&|tap| plane[[y + tap, x]]));
    Array2::from_shape_fn((height, width), |(y, x)| mean(&|tap| down[[y, x + tap]]))
}
