//! Opening pictures: decoding, EXIF orientation, resizing, arrays.

use crate::error::{Error, Result};
use crate::model::{Preprocessing, hex};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage, RgbaImage, imageops};
use ndarray::Array3;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Pictures above this are refused before they are decoded: they could fill the memory.
pub const MAX_PIXELS: u64 = 100_000_000;
/// Pictures below this on a side show nothing to explain.
pub const MIN_SIDE: u32 = 8;
const MAX_DECODER_BYTES: u64 = 1 << 30;
const EXTENSIONS: [&str; 10] =
    ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "npy", "jfif"];

/// How pixels are mixed when a picture is resized; each is antialiased when it shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    Nearest,
    Bilinear,
    /// Catmull–Rom, a = −0.5, as Pillow's.
    Bicubic,
    Lanczos,
}

impl Filter {
    fn kernel(self) -> imageops::FilterType {
        match self {
            Filter::Nearest => imageops::FilterType::Nearest,
            Filter::Bilinear => imageops::FilterType::Triangle,
            Filter::Bicubic => imageops::FilterType::CatmullRom,
            Filter::Lanczos => imageops::FilterType::Lanczos3,
        }
    }
}

/// A picture as opened, before any network's preprocessing.
#[derive(Debug, Clone)]
pub struct Picture {
    pub name: String,
    pub path: PathBuf,
    pub content: Content,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Pixels of a picture.
#[derive(Debug, Clone)]
pub enum Content {
    /// Upright 8-bit RGB; transparency is laid on white.
    Rgb(RgbImage),
    /// A `.npy` array, C×H×W in [0,1], used exactly as it is.
    Exact(Array3<f32>),
}

impl Picture {
    /// Opens PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame), turned upright by its EXIF
    /// orientation, or a `.npy` array (C×H×W, float32 in [0,1]).
    ///
    /// # Errors
    /// When the file can't be read or decoded, or is too large or too small to explain.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("cannot open picture {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        if bytes.is_empty() {
            return Err(Error::new(what(), "the file is empty"));
        }
        let array = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let content = if array {
            exact(&bytes).map(Content::Exact)
        } else {
            decode(&bytes).map(Content::Rgb)
        };
        Ok(Self {
            name: crate::model::stem(path),
            path: path.to_path_buf(),
            content: content.map_err(|why| Error::new(what(), why))?,
            sha256: hex(&Sha256::digest(&bytes)),
        })
    }

    /// True for the names of files that [`Picture::open`] takes.
    pub fn is_picture_file(path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    }

    /// File endings for dialogs.
    pub fn extensions() -> &'static [&'static str] {
        &EXTENSIONS
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        match &self.content {
            Content::Rgb(image) => (image.width() as usize, image.height() as usize),
            Content::Exact(array) => (array.dim().2, array.dim().1),
        }
    }

    /// A small copy that fits a square of `side` pixels.
    pub fn thumbnail(&self, side: u32) -> RgbaImage {
        let image = match &self.content {
            Content::Rgb(image) => DynamicImage::from(image.clone()),
            Content::Exact(array) => DynamicImage::from(to_rgb(array)),
        };
        image.thumbnail(side, side).into_rgba8()
    }

    /// What a network sees, C×H×W in [0,1]: the short side resized, the centre cropped.
    ///
    /// # Errors
    /// When an exact array is not of the network's size.
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
            Content::Rgb(image) => {
                let image = resized_and_cropped(image, input);
                Ok(to_array(&image, input.channels))
            }
        }
    }
}

fn decode(bytes: &[u8]) -> std::result::Result<RgbImage, String> {
    let reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    if reader.format().is_none() {
        return Err("it is none of PNG, JPEG, WebP, BMP, TIFF, GIF".into());
    }
    let mut decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let limit = MAX_PIXELS / 1_000_000;
        return Err(format!(
            "{width}×{height} px is more than {limit} million pixels; shrink it first"
        ));
    }
    if width.min(height) < MIN_SIDE {
        return Err(format!("{width}×{height} px is too small, each side needs {MIN_SIDE}"));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    decoder.set_limits(limits).map_err(|e| e.to_string())?;
    let orientation = decoder.orientation().map_err(|e| e.to_string())?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    image.apply_orientation(orientation);
    Ok(on_white(image))
}

/// RGB, with transparent pixels laid on white paper.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mix = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        image::Rgb([mix(r, a), mix(g, a), mix(b, a)])
    })
}

fn exact(bytes: &[u8]) -> std::result::Result<Array3<f32>, String> {
    use ndarray_npy::ReadNpyExt;
    let array = Array3::<f32>::read_npy(Cursor::new(bytes))
        .map_err(|e| format!("it is not a C×H×W float32 .npy array: {e}"))?;
    let (channels, height, width) = array.dim();
    if !matches!(channels, 1 | 3) || height.min(width) < MIN_SIDE as usize {
        return Err(format!(
            "the array is {:?}; it must be 1 or 3 channels × height × width, each side at least {MIN_SIDE}",
            array.dim()
        ));
    }
    match array.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => {
            Err(format!("it holds {value}; pixels must be in [0,1], the network normalises itself"))
        }
        None => Ok(array.as_standard_layout().into_owned()),
    }
}

fn resized_and_cropped(image: &RgbImage, input: &Preprocessing) -> RgbImage {
    let [height, width] = input.size.map(|side| side as u32);
    let scaled = |side: u32| (side as f32 / input.crop).round().max(1.0);
    // The picture covers the (enlarged) input; what stands out is cropped.
    let scale = (scaled(width) / image.width() as f32).max(scaled(height) / image.height() as f32);
    let side = |length: u32, least: u32| ((length as f32 * scale).round() as u32).max(least);
    let (w, h) = (side(image.width(), width), side(image.height(), height));
    let whole = if (w, h) == image.dimensions() {
        image.clone()
    } else {
        imageops::resize(image, w, h, input.resize.kernel())
    };
    imageops::crop_imm(&whole, (w - width) / 2, (h - height) / 2, width, height).to_image()
}

fn to_array(image: &RgbImage, channels: usize) -> Array3<f32> {
    let (width, height) = image.dimensions();
    let shape = (channels, height as usize, width as usize);
    if channels == 1 {
        let grey = imageops::grayscale(image);
        return Array3::from_shape_fn(shape, |(_, y, x)| {
            f32::from(grey.get_pixel(x as u32, y as u32).0[0]) / 255.0
        });
    }
    Array3::from_shape_fn(shape, |(c, y, x)| {
        f32::from(image.get_pixel(x as u32, y as u32).0[c.min(2)]) / 255.0
    })
}

/// An 8-bit picture of [0,1] pixels (1 or 3 channels × H×W), rounded to the nearest level.
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
