//! Quickshift: every pixel points to its nearest denser one; trees are segments.

use super::{in_reading_order, rgb, squared_distance, to_lab};
use ndarray::{Array2, Array3};

/// Vedaldi, Soatto 2008, Quick Shift and Kernel Methods for Mode Seeking, in L*a*b* and places.
/// Segments need not be connected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quickshift {
    /// Weight of colours against positions.
    pub ratio: f64,
    /// Deviation of the density's Gaussian kernel, in pixels; the search ends at three of it.
    pub kernel_size: f64,
    /// No pixel points farther than this, in pixels and scaled L*a*b* units.
    pub max_distance: f64,
}

impl Default for Quickshift {
    fn default() -> Self {
        Self { ratio: 1.0, kernel_size: 5.0, max_distance: 10.0 }
    }
}

type Place = (usize, usize);

impl Quickshift {
    /// Labels of a picture. Of two pixels that are equally dense, to the digits of f32, the earlier
    /// in reading order counts as denser; scikit-image adds noise (σ 10⁻⁵) to the densities
    /// instead, which cuts plain areas at random.
    pub fn segment(&self, pixels: &Array3<f32>) -> Array2<usize> {
        let image = rgb(pixels).mapv(|colour| to_lab(colour).map(|v| v * self.ratio));
        let (height, width) = image.dim();
        let reach = (3.0 * self.kernel_size).ceil() as usize;
        let window =
            |place: usize, size| place.saturating_sub(reach)..(place + reach + 1).min(size);
        let around = |(y, x): Place| {
            let columns = window(x, width);
            window(y, height).flat_map(move |y| columns.clone().map(move |x| (y, x)))
        };
        let apart = |a: Place, b: Place| {
            let (y, x) = (a.0 as f64 - b.0 as f64, a.1 as f64 - b.1 as f64);
            squared_distance(image[a], image[b]) + y * y + x * x
        };
        let sharpness = -0.5 / self.kernel_size.powi(2);
        let density = Array2::from_shape_fn((height, width), |pixel| {
            around(pixel).map(|other| (apart(pixel, other) * sharpness).exp()).sum::<f64>() as f32
        });
        let is_denser = |other: Place, pixel: Place| {
            let (theirs, own) = (density[other], density[pixel]);
            theirs > own || theirs == own && other < pixel
        };
        let parent = Array2::from_shape_fn((height, width), |pixel| {
            let denser = around(pixel).filter(|other| is_denser(*other, pixel));
            let nearest = denser
                .map(|other| (apart(pixel, other), other))
                .reduce(|best, next| if next.0 < best.0 { next } else { best });
            match nearest {
                Some((distance, other)) if distance.sqrt() <= self.max_distance => other,
                _ => pixel,
            }
        });
        let roots = to_roots(parent);
        in_reading_order(roots.mapv(|(y, x)| y * width + x))
    }
}

/// Every pixel's root: each round doubles how far the pointers reach.
fn to_roots(mut parent: Array2<Place>) -> Array2<Place> {
    loop {
        let farther = parent.mapv(|place| parent[place]);
        if farther == parent {
            return parent;
        }
        parent = farther;
    }
}
