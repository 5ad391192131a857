//! A control: an edge detector, which convincing maps may resemble without any network.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::{Array3, Axis};

pub struct Sobel;

static DESCRIPTION: Description = Description {
    id: "sobel",
    name: "Sobel edges",
    family: Family::Control,
    paper: "Adebayo et al. 2018, Sanity Checks for Saliency Maps, on edge detectors; here Sobel's operator, repeated pixels beyond the border",
    formula: "√(G_x² + G_y²) of the luminance, G_x = [1 2 1]ᵀ[−1 0 1]/8 ∗ Y, G_y = G_x turned; in luminance a pixel",
    shape: MapShape::Plane,
    unit: "luminance per pixel",
    passes: "none",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[],
};

/// Luminance of red, green and blue (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

impl Method for Sobel {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 0, backwards: 0 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        Ok(edges(&to_map(job.pixels.clone())?))
    }
}

/// Size of the luminance's gradient (1×H×W) of a picture, C×H×W.
fn edges(pixels: &Array3<f32>) -> Array3<f32> {
    let (channels, height, width) = pixels.dim();
    let luminance = match channels {
        3 => (0..3).map(|c| &pixels.index_axis(Axis(0), c) * LUMA[c]).reduce(|a, b| a + b),
        _ => pixels.mean_axis(Axis(0)),
    };
    let luminance = luminance.expect("a picture has channels");
    let at = |y: usize, x: usize| {
        // One before the first, or one after the last, is the border itself.
        luminance[[y.saturating_sub(1).min(height - 1), x.saturating_sub(1).min(width - 1)]]
    };
    let smooth = |values: [f32; 3]| (values[0] + 2.0 * values[1] + values[2]) / 8.0;
    Array3::from_shape_fn((1, height, width), |(_, y, x)| {
        let across = smooth([0, 1, 2].map(|i| at(y + i, x + 2) - at(y + i, x)));
        let down = smooth([0, 1, 2].map(|i| at(y + 2, x + i) - at(y, x + i)));
        across.hypot(down)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_its_slope() {
        let ramp = Array3::from_shape_fn((1, 7, 9), |(_, y, x)| 0.03 * x as f32 - 0.04 * y as f32);
        let found = edges(&ramp);
        assert!((found[[0, 3, 4]] - 0.05).abs() < 1e-6);
        // At the border one of the two neighbours is the pixel itself.
        assert!((found[[0, 3, 0]] - 0.015f32.hypot(0.04)).abs() < 1e-6);
        assert!((found[[0, 6, 4]] - 0.03f32.hypot(0.02)).abs() < 1e-6);
    }

    #[test]
    fn colours_of_one_luminance_have_no_edge() {
        let picture = Array3::from_shape_fn((3, 5, 5), |(c, _, x)| match (c, x < 2) {
            (0, true) => 1.0,
            (1, false) => LUMA[0] / LUMA[1],
            _ => 0.0,
        });
        assert!(edges(&picture).iter().all(|value| value.abs() < 1e-6));
    }
}
