//! Superpixels: a picture cut into segments of similar pixels, as scikit-image 0.26 does it.
//!
//! Pictures are C×H×W in [0,1] with 1 or 3 channels; a segmentation is H×W labels, numbered without
//! gaps from 0 in reading order of the segments' first pixels.

mod felzenszwalb;
mod quickshift;
mod slic;

pub use felzenszwalb::Felzenszwalb;
pub use quickshift::Quickshift;
pub use slic::Slic;

use ndarray::{Array2, Array3, Axis};
use std::collections::HashMap;

/// A colour, or any three coordinates of one.
type Colour = [f64; 3];

/// The pixels as red, green and blue, which are alike where the picture is grey.
fn rgb(pixels: &Array3<f32>) -> Array2<Colour> {
    let (channels, height, width) = pixels.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        [0, 1, 2].map(|c| f64::from(pixels[(c.min(channels - 1), y, x)]))
    })
}

/// CIE L*a*b* (D65, 2°) of sRGB.
fn to_lab(rgb: Colour) -> Colour {
    /// CIE XYZ of linear sRGB, over the white point of D65.
    const XYZ: [Colour; 3] = [
        [0.412_453, 0.357_580, 0.180_423],
        [0.212_671, 0.715_160, 0.072_169],
        [0.019_334, 0.119_193, 0.950_227],
    ];
    const WHITE: Colour = [0.950_47, 1.0, 1.088_83];
    let linear = rgb.map(|v| if v > 0.04045 { ((v + 0.055) / 1.055).powf(2.4) } else { v / 12.92 });
    let [x, y, z] = [0, 1, 2].map(|i| {
        let sum: f64 = XYZ[i].iter().zip(linear).map(|(weight, v)| weight * v).sum();
        let share = sum / WHITE[i];
        if share > 0.008_856 { share.cbrt() } else { 7.787 * share + 16.0 / 116.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn squared_distance(a: Colour, b: Colour) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Gaussian blur, σ in pixels; the kernel ends at 4σ and the picture is mirrored at its borders,
/// border pixels included, as in SciPy.
fn blurred(mut image: Array2<Colour>, sigma: f64) -> Array2<Colour> {
    let radius = (4.0 * sigma + 0.5) as isize;
    if radius == 0 {
        return image;
    }
    let weight = |offset: isize| (-0.5 * (offset as f64 / sigma).powi(2)).exp();
    let sum: f64 = (-radius..=radius).map(weight).sum();
    let kernel: Vec<(isize, f64)> = (-radius..=radius).map(|o| (o, weight(o) / sum)).collect();
    for axis in [Axis(0), Axis(1)] {
        for mut lane in image.lanes_mut(axis) {
            let input = lane.to_vec();
            for (place, output) in lane.iter_mut().enumerate() {
                *output = kernel.iter().fold([0.0; 3], |sum, (offset, weight)| {
                    let pixel = input[mirrored(place as isize + offset, input.len())];
                    [0, 1, 2].map(|c| sum[c] + weight * pixel[c])
                });
            }
        }
    }
    image
}

fn mirrored(place: isize, size: usize) -> usize {
    let place = place.rem_euclid(2 * size as isize) as usize;
    place.min(2 * size - 1 - place)
}

/// The same segments, numbered without gaps in reading order of their first pixels.
fn in_reading_order(labels: Array2<usize>) -> Array2<usize> {
    let mut numbers = HashMap::new();
    labels.mapv_into(|label| {
        let next = numbers.len();
        *numbers.entry(label).or_insert(next)
    })
}

/// How many segments there are.
pub fn count(labels: &Array2<usize>) -> usize {
    labels.iter().max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn lab_has_its_corners() {
        let white = to_lab([1.0; 3]);
        assert!((white[0] - 100.0).abs() < 1e-3 && white[1].abs() < 0.01 && white[2].abs() < 0.02);
        assert_eq!(to_lab([0.0; 3]), [0.0; 3]);
        // The primaries as tables give them.
        for (rgb, expected) in
            [([1.0, 0.0, 0.0], [53.24, 80.09, 67.20]), ([0.0, 0.0, 1.0], [32.30, 79.19, -107.86])]
        {
            let error = squared_distance(to_lab(rgb), expected).sqrt();
            assert!(error < 0.05, "{rgb:?}: {:?}", to_lab(rgb));
        }
    }

    #[test]
    fn blur_keeps_constants_and_sums_to_the_borders() {
        let mut point = Array2::from_elem((7, 5), [0.25, 0.0, 1.0]);
        point[[0, 4]][1] = 1.0;
        let sum = |image: &Array2<Colour>, c: usize| image.iter().map(|p| p[c]).sum::<f64>();
        let blurred = blurred(point, 3.0);
        assert!(blurred.iter().all(|p| (p[0] - 0.25).abs() < 1e-12 && (p[2] - 1.0).abs() < 1e-12));
        assert!((sum(&blurred, 1) - 1.0).abs() < 1e-12, "mirrors lose nothing");
    }

    #[test]
    fn labels_follow_reading_order() {
        let labels = in_reading_order(arr2(&[[7, 7, 2], [9, 7, 2]]));
        assert_eq!(labels, arr2(&[[0, 0, 1], [2, 0, 1]]));
        assert_eq!(count(&labels), 3);
    }
}
