//! Opening pictures: decoding, EXIF orientation, resizing, arrays.

pub mod annotation;
mod decoding;
mod filter;
mod halved;
mod jpeg;
mod jpeg_xl;
mod limits;
mod on_white;
mod placement;
mod preprocessing;
mod resize;
pub mod superpixels;
mod tiff;

pub use filter::Filter;
pub use limits::{MAX_PIXELS, MIN_SIDE};
pub use placement::Placement;
pub use preprocessing::Preprocessing;
pub use resize::{resized_pixels, resized_values};

use crate::error::{Error, Result};
use crate::file::{extension, sha256, stem};
use crate::npy;
use image::{DynamicImage, RgbImage, RgbaImage};
use ndarray::{Array3, Ix3};
use std::path::{Path, PathBuf};

const EXTENSIONS: [&str; 11] =
    ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "npy", "jfif", "jxl"];

/// A picture as opened, before any network's preprocessing.
#[derive(Debug, Clone)]
pub struct Picture {
    pub name: String,
    pub path: PathBuf,
    pub content: Content,
    /// Width and height of the upright picture in the file, of which [`Content`] may keep a half.
    size: [usize; 2],
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Notes on how it was read.
    pub notes: Vec<String>,
}

/// Pixels of a picture.
#[derive(Debug, Clone)]
pub enum Content {
    /// Upright 8-bit RGB; transparency is blended with white. Of very large pictures this is half
    /// the width and height.
    Rgb(RgbImage),
    /// A `.npy` array, C×H×W in [0,1], used exactly as it is.
    Exact(Array3<f32>),
}

impl Picture {
    /// Opens PNG, JPEG, WebP, BMP, TIFF, GIF or JPEG XL (the first frame), turned upright by its
    /// EXIF orientation, or a `.npy` array (C×H×W, float32 in [0,1]).
    ///
    /// # Errors
    /// When the file can't be read or decoded, or is too large or too small to explain.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("cannot open picture {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        Self::from_bytes(path, &bytes)
    }

    /// A picture whose file's content is here already, as [`Picture::open`].
    ///
    /// # Errors
    /// When it can't be decoded, or is too large or too small to explain.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let what = || format!("cannot open picture {}", path.display());
        if bytes.is_empty() {
            return Err(Error::new(what(), "the file is empty"));
        }
        let read = match extension(path) == "npy" {
            true => exact(bytes).map(|array| {
                let (_, height, width) = array.dim();
                (Content::Exact(array), [width, height], vec![])
            }),
            false => decoding::decode(bytes).map(|decoded| {
                let size = decoded.size.map(|side| side as usize);
                (Content::Rgb(decoded.image), size, decoded.notes)
            }),
        };
        let (content, size, notes) = read.map_err(|why| Error::new(what(), why))?;
        Ok(Self {
            name: stem(path),
            path: path.to_path_buf(),
            content,
            size,
            sha256: sha256(bytes),
            notes,
        })
    }

    /// True for the names of files that [`Picture::open`] takes.
    pub fn is_picture_file(path: &Path) -> bool {
        EXTENSIONS.contains(&extension(path).as_str())
    }

    /// File endings for dialogs.
    pub fn extensions() -> &'static [&'static str] {
        &EXTENSIONS
    }

    /// Width and height in pixels, those of the file: annotations count in them, and readings.
    pub fn size(&self) -> (usize, usize) {
        let [width, height] = self.size;
        (width, height)
    }

    /// A small copy that fits a square of `side` pixels.
    pub fn thumbnail(&self, side: u32) -> RgbaImage {
        let image = match &self.content {
            Content::Rgb(image) => DynamicImage::from(image.clone()),
            Content::Exact(array) => DynamicImage::from(to_rgb(array)),
        };
        image.thumbnail(side, side).into_rgba8()
    }

    /// Where the picture lies in a network's input. Exact arrays are the input themselves.
    pub fn placement(&self, input: &Preprocessing) -> Placement {
        let (width, height) = self.size();
        match self.content {
            Content::Rgb(_) => Placement::new([height, width], input),
            Content::Exact(_) => Placement::exact([height, width]),
        }
    }

    /// What a network sees, C×H×W in [0,1]: the short side resized, the centre cropped.
    ///
    /// # Errors
    /// When an exact array is not of the network's size, the picture is too long and narrow, or the
    /// network takes neither colours nor grey.
    pub fn pixels(&self, input: &Preprocessing) -> Result<Array3<f32>> {
        let [height, width] = input.size;
        match &self.content {
            Content::Exact(array) if array.dim() == (input.channels, height, width) => {
                Ok(array.clone())
            }
            Content::Exact(array) => Err(Error::new(
                format!("cannot use {} as it is", self.path.display()),
                format!(
                    "the array is {:?}, the network takes ({}, {height}, {width})",
                    array.dim(),
                    input.channels
                ),
            )),
            Content::Rgb(_) if !matches!(input.channels, 1 | 3) => Err(Error::new(
                format!("cannot use picture {}", self.path.display()),
                format!("it has 3 channels, the network takes {}", input.channels),
            )
            .hint(format!("a .npy array of ({}, {height}, {width}) can be used", input.channels))),
            Content::Rgb(image) => {
                let placed =
                    resize::resized_and_cropped(image, &self.placement(input), input.resize);
                let image = placed.map_err(|why| {
                    Error::new(format!("cannot use picture {}", self.path.display()), why)
                })?;
                Ok(to_array(&image, input.channels))
            }
        }
    }
}

fn exact(bytes: &[u8]) -> std::result::Result<Array3<f32>, String> {
    let values = npy::array(bytes)?.values;
    let shape = values.shape().to_vec();
    let array = values.into_dimensionality::<Ix3>();
    let array = array.map_err(|_| format!("the array is {shape:?}; it must be C×H×W"))?;
    let (channels, height, width) = array.dim();
    if channels == 0 || height.min(width) < MIN_SIDE as usize {
        return Err(format!(
            "the array is {:?}; it must be channels × height × width, each side at least {MIN_SIDE}",
            array.dim()
        ));
    }
    match array.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(format!(
            "it holds {value}; pixels must be in [0,1] (bytes divided by 255), the network normalises itself"
        )),
        None => Ok(array.as_standard_layout().into_owned()),
    }
}

fn to_array(image: &RgbImage, channels: usize) -> Array3<f32> {
    let (width, height) = image.dimensions();
    let shape = (channels, height as usize, width as usize);
    if channels == 1 {
        return Array3::from_shape_fn(shape, |(_, y, x)| {
            f32::from(grey(image.get_pixel(x as u32, y as u32).0)) / 255.0
        });
    }
    Array3::from_shape_fn(shape, |(c, y, x)| {
        f32::from(image.get_pixel(x as u32, y as u32).0[c.min(2)]) / 255.0
    })
}

/// Luma of ITU-R BT.601 in Pillow's fixed point.
fn grey([r, g, b]: [u8; 3]) -> u8 {
    let weighted = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b);
    ((weighted + 0x8000) >> 16) as u8
}

/// An 8-bit picture of [0,1] pixels (C×H×W), rounded to the nearest level: grey of one channel, and
/// of more the first three.
pub fn to_rgb(pixels: &Array3<f32>) -> RgbImage {
    let (channels, height, width) = pixels.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let level = |c: usize| {
            let value = pixels[[c.min(channels - 1), y as usize, x as usize]];
            (value.clamp(0.0, 1.0) * 255.0).round() as u8
        };
        image::Rgb([level(0), level(1), level(2)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_pillows() {
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
        assert_eq!(colours.map(grey), [76, 150, 29, 255]);
    }
}
