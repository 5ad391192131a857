//! Laying a colour-mapped map over a picture. The explorer's shader does the same on the GPU, and
//! a test holds the two together.

use super::{ColorMap, Scale};
use crate::attribution::bilinear;
use image::RgbImage;
use ndarray::Array2;

/// Usual opacity of a map over its picture.
pub const OPACITY: f32 = 0.85;

/// How a map lies over its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    pub color_map: ColorMap,
    pub scale: Scale,
    /// Of the map over the picture, in [0,1].
    pub opacity: f32,
    /// Places weaker than this are left out, in [0,1] of the scale.
    pub threshold: f32,
    /// Weak places are more transparent than strong ones.
    pub fade: bool,
    /// Enlarge a coarse map smoothly (bilinear) instead of showing its cells.
    pub smooth: bool,
}

impl Overlay {
    /// The usual way: strong, weak places faded, coarse maps smoothed.
    pub fn new(color_map: ColorMap, scale: Scale) -> Self {
        Self { color_map, scale, opacity: OPACITY, threshold: 0.0, fade: true, smooth: true }
    }

    /// Opacity of the map where it has a value.
    pub fn alpha(&self, value: f32) -> f32 {
        let strength = self.scale.strength(value);
        match strength >= self.threshold {
            true if self.fade => self.opacity * strength,
            true => self.opacity,
            false => 0.0,
        }
    }
}

/// The picture with the map over it. sRGB values are mixed as they are, as matplotlib does.
pub fn blend(picture: &RgbImage, map: &Array2<f32>, overlay: &Overlay) -> RgbImage {
    let (width, height) = picture.dimensions();
    let size = [height as usize, width as usize];
    let map = match overlay.smooth {
        true => bilinear(map, size),
        false => nearest(map, size),
    };
    RgbImage::from_fn(width, height, |x, y| {
        let value = map[[y as usize, x as usize]];
        let (color, alpha) =
            (overlay.color_map.color(overlay.scale.place(value)), overlay.alpha(value));
        let below = picture.get_pixel(x, y).0;
        image::Rgb([0, 1, 2].map(|c| {
            let mixed = f32::from(below[c]) * (1.0 - alpha) + f32::from(color[c]) * alpha;
            mixed.round() as u8
        }))
    })
}

fn nearest(map: &Array2<f32>, [height, width]: [usize; 2]) -> Array2<f32> {
    let (rows, columns) = map.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        map[[(2 * y + 1) * rows / (2 * height), (2 * x + 1) * columns / (2 * width)]]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    fn overlay() -> Overlay {
        Overlay {
            color_map: ColorMap::Grey,
            scale: Scale { low: 0.0, high: 1.0, centred: false },
            opacity: 0.5,
            threshold: 0.0,
            fade: false,
            smooth: false,
        }
    }

    #[test]
    fn opacity_mixes_and_the_threshold_leaves_the_picture() {
        let picture = RgbImage::from_pixel(2, 1, image::Rgb([100, 100, 100]));
        let map = arr2(&[[0.0, 1.0]]);
        let mixed = blend(&picture, &map, &overlay());
        assert_eq!((mixed.get_pixel(0, 0).0[0], mixed.get_pixel(1, 0).0[0]), (50, 178));
        let cut = blend(&picture, &map, &Overlay { threshold: 0.5, ..overlay() });
        assert_eq!((cut.get_pixel(0, 0).0[0], cut.get_pixel(1, 0).0[0]), (100, 178));
    }
}
