//! Laying a colour-mapped map over a picture. The explorer's shader does the same on the GPU, and
//! a test holds the two together.

use crate::attribution::bilinear;
use crate::display::{ColourMap, Scale};
use image::RgbImage;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Usual opacity of a map over its picture.
pub const OPACITY: f32 = 0.85;
/// Contours are where strength passes multiples of one in so many.
pub const BANDS: f32 = 4.0;

/// What of a map is shown over its picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Its colours.
    #[default]
    Heatmap,
    /// The picture alone, darker where the map is weak.
    Mask,
    /// Lines where strength passes 25, 50 and 75 % of the scale.
    Contours,
}

impl Style {
    pub const ALL: [Self; 3] = [Self::Heatmap, Self::Mask, Self::Contours];

    pub fn name(self) -> &'static str {
        match self {
            Self::Heatmap => "heatmap",
            Self::Mask => "masked picture",
            Self::Contours => "contours",
        }
    }
}

/// How a map lies over its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    pub colour_map: ColourMap,
    pub scale: Scale,
    pub style: Style,
    /// Of the map over the picture, or of the darkness beside a mask, in [0,1].
    pub opacity: f32,
    /// Places weaker than this are left out, in [0,1] of the scale.
    pub threshold: f32,
    /// Weak places are more transparent than strong ones.
    pub fade: bool,
    /// Enlarge a coarse map smoothly (bilinear) instead of showing its cells.
    pub smooth: bool,
    /// The picture without its colours, so that only the map has some.
    pub grey: bool,
}

impl Overlay {
    /// The usual way: strong, weak places faded, coarse maps smoothed.
    pub fn new(colour_map: ColourMap, scale: Scale) -> Self {
        Self {
            colour_map,
            scale,
            style: Style::Heatmap,
            opacity: OPACITY,
            threshold: 0.0,
            fade: true,
            smooth: true,
            grey: false,
        }
    }

    /// How much of a place is shown, in [0,1].
    fn presence(&self, value: f32) -> f32 {
        let strength = self.scale.strength(value);
        match strength >= self.threshold {
            true if self.fade => strength,
            true => 1.0,
            false => 0.0,
        }
    }

    /// Which of the bands between contours a value lies in.
    fn band(&self, value: f32) -> f32 {
        let strength = self.scale.strength(value);
        match strength >= self.threshold {
            true => (strength * BANDS).floor().min(BANDS - 1.0),
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
        let at = [y as usize, x as usize];
        let below = below(picture.get_pixel(x, y).0, overlay.grey);
        let (over, alpha) = over(&map, at, overlay);
        let mixed = |c: usize| below[c] * (1.0 - alpha) + f32::from(over[c]) * alpha;
        image::Rgb([0, 1, 2].map(|c| mixed(c).round() as u8))
    })
}

/// A colour of the picture, or the mean of its channels.
fn below(colour: [u8; 3], grey: bool) -> [f32; 3] {
    let colour = colour.map(f32::from);
    if grey { [colour.iter().sum::<f32>() / 3.0; 3] } else { colour }
}

/// What lies over a pixel, and its opacity.
fn over(map: &Array2<f32>, at: [usize; 2], overlay: &Overlay) -> ([u8; 3], f32) {
    let value = map[at];
    let colour = overlay.colour_map.colour(overlay.scale.place(value));
    match overlay.style {
        Style::Heatmap => (colour, overlay.opacity * overlay.presence(value)),
        Style::Mask => ([0; 3], overlay.opacity * (1.0 - overlay.presence(value))),
        Style::Contours if is_contour(map, at, overlay) => (colour, overlay.opacity),
        Style::Contours => (colour, 0.0),
    }
}

/// Whether the pixels on both sides of one lie in different bands.
fn is_contour(map: &Array2<f32>, [y, x]: [usize; 2], overlay: &Overlay) -> bool {
    let [bottom, right] = [map.nrows() - 1, map.ncols() - 1];
    let band = |y: usize, x: usize| overlay.band(map[[y, x]]);
    band(y, x.saturating_sub(1)) != band(y, (x + 1).min(right))
        || band(y.saturating_sub(1), x) != band((y + 1).min(bottom), x)
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
            scale: Scale { low: 0.0, high: 1.0, centred: false },
            opacity: 0.5,
            fade: false,
            smooth: false,
            ..Overlay::new(ColourMap::Grey, Scale { low: 0.0, high: 1.0, centred: false })
        }
    }

    /// The red of the two pixels of a picture of (120, 90, 90) with a map of 0 and 1 over it.
    fn reds(overlay: &Overlay) -> (u8, u8) {
        let picture = RgbImage::from_pixel(2, 1, image::Rgb([120, 90, 90]));
        let blended = blend(&picture, &arr2(&[[0.0, 1.0]]), overlay);
        (blended.get_pixel(0, 0).0[0], blended.get_pixel(1, 0).0[0])
    }

    #[test]
    fn opacity_mixes_and_the_threshold_leaves_the_picture() {
        assert_eq!(reds(&overlay()), (60, 188));
        assert_eq!(reds(&Overlay { threshold: 0.5, ..overlay() }), (120, 188));
        assert_eq!(reds(&Overlay { grey: true, threshold: 0.5, ..overlay() }), (100, 178));
    }

    #[test]
    fn a_mask_darkens_what_is_weak() {
        let mask = Overlay { style: Style::Mask, fade: true, ..overlay() };
        assert_eq!(reds(&mask), (60, 120));
        assert_eq!(reds(&Overlay { opacity: 1.0, ..mask }), (0, 120));
    }

    #[test]
    fn contours_lie_between_bands_and_nowhere_else() {
        let contours = Overlay { style: Style::Contours, opacity: 1.0, ..overlay() };
        let picture = RgbImage::from_pixel(6, 1, image::Rgb([7, 7, 7]));
        let map = arr2(&[[0.0, 0.1, 0.2, 0.4, 0.45, 0.49]]);
        let blended = blend(&picture, &map, &contours);
        let is_line: Vec<bool> = blended.pixels().map(|pixel| pixel.0 != [7, 7, 7]).collect();
        assert_eq!(is_line, [false, false, true, true, false, false]);
    }
}
