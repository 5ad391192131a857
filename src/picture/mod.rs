//! Opening pictures: decoding, EXIF orientation, resizing, arrays.

pub mod annotation;
mod placement;
mod preprocessing;
pub mod superpixels;

pub use placement::Placement;
pub use preprocessing::Preprocessing;

use crate::error::{Error, Result};
use crate::file::{extension, sha256, stem};
use fast_image_resize as fir;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage, imageops,
};
use ndarray::{Array3, ArrayView3};
use serde::{Deserialize, Serialize};
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
    fn algorithm(self) -> fir::ResizeAlg {
        match self {
            Filter::Nearest => fir::ResizeAlg::Nearest,
            Filter::Bilinear => fir::ResizeAlg::Convolution(fir::FilterType::Bilinear),
            Filter::Bicubic => fir::ResizeAlg::Convolution(fir::FilterType::CatmullRom),
            Filter::Lanczos => fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3),
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
        let array = extension(path) == "npy";
        let content =
            if array { exact(bytes).map(Content::Exact) } else { decode(bytes).map(Content::Rgb) };
        Ok(Self {
            name: stem(path),
            path: path.to_path_buf(),
            content: content.map_err(|why| Error::new(what(), why))?,
            sha256: sha256(bytes),
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
    /// When an exact array is not of the network's size, or the picture is too long and narrow.
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
                let placed = resized_and_cropped(image, &self.placement(input), input.resize);
                let image = placed.map_err(|why| {
                    Error::new(format!("cannot use picture {}", self.path.display()), why)
                })?;
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
    if reader.format() == Some(ImageFormat::Jpeg) && !is_whole_jpeg(bytes) {
        return Err("the file ends before the picture does; copy or download it again".into());
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

/// Whether a JPEG has its end marker after its last scan: the decoder would fill a missing rest
/// with grey. Inside a scan's data neither marker can occur.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut pairs = bytes.windows(2);
    let scan = pairs.rposition(|pair| pair == [0xFF, 0xDA]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xFF, 0xD9]))
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
    use ndarray_npy::ViewNpyExt;
    // Viewing, unlike reading, checks a header's claims before it believes them.
    let array = ArrayView3::<f32>::view_npy(bytes)
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

fn resized_and_cropped(
    image: &RgbImage,
    placement: &Placement,
    filter: Filter,
) -> std::result::Result<RgbImage, String> {
    let [h, w] = placement.resized;
    if h as u64 * w as u64 > MAX_PIXELS {
        let (from_w, from_h) = image.dimensions();
        return Err(format!("{from_w}×{from_h} px is too long and narrow; crop it first"));
    }
    let whole = resized(image, w as u32, h as u32, filter)?;
    let [y, x] = placement.corner.map(|place| place as u32);
    let [height, width] = placement.size.map(|side| side as u32);
    Ok(imageops::crop_imm(&whole, x, y, width, height).to_image())
}

/// Resizes as Pillow does: first across, then down, each rounded to 8 bits.
fn resized(
    image: &RgbImage,
    width: u32,
    height: u32,
    filter: Filter,
) -> std::result::Result<RgbImage, String> {
    let across = resized_once(image, width, image.height(), filter)?;
    resized_once(&across, width, height, filter)
}

fn resized_once(
    image: &RgbImage,
    width: u32,
    height: u32,
    filter: Filter,
) -> std::result::Result<RgbImage, String> {
    if (width, height) == image.dimensions() {
        return Ok(image.clone());
    }
    let failed = |e: &dyn std::fmt::Display| format!("it can't be resized: {e}");
    let (from_w, from_h) = image.dimensions();
    let source = fir::images::ImageRef::new(from_w, from_h, image.as_raw(), fir::PixelType::U8x3)
        .map_err(|e| failed(&e))?;
    let mut target = fir::images::Image::new(width, height, fir::PixelType::U8x3);
    let options = fir::ResizeOptions::new().resize_alg(filter.algorithm());
    fir::Resizer::new().resize(&source, &mut target, &options).map_err(|e| failed(&e))?;
    RgbImage::from_raw(width, height, target.into_vec()).ok_or_else(|| failed(&"wrong size"))
}

/// Pixels (C×H×W) at another size, bicubically, antialiased where they shrink.
pub fn resized_pixels(pixels: &Array3<f32>, [height, width]: [usize; 2]) -> Array3<f32> {
    let (channels, from_height, from_width) = pixels.dim();
    if (from_height, from_width) == (height, width) {
        return pixels.clone();
    }
    let options = fir::ResizeOptions::new().resize_alg(Filter::Bicubic.algorithm());
    let channel = |values: Vec<f32>| {
        let (from_width, from_height) = (from_width as u32, from_height as u32);
        let bytes = bytemuck::cast_slice(&values);
        let source =
            fir::images::ImageRef::new(from_width, from_height, bytes, fir::PixelType::F32)
                .expect("four bytes a value");
        let mut target = fir::images::Image::new(width as u32, height as u32, fir::PixelType::F32);
        fir::Resizer::new().resize(&source, &mut target, &options).expect("both are of one kind");
        bytemuck::pod_collect_to_vec::<u8, f32>(target.buffer())
    };
    let planes = pixels.outer_iter().map(|plane| channel(plane.iter().copied().collect()));
    Array3::from_shape_vec((channels, height, width), planes.flatten().collect())
        .expect("every plane has the new size")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_pillows() {
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
        assert_eq!(colours.map(grey), [76, 150, 29, 255]);
    }

    #[test]
    fn a_jpeg_without_its_end_is_not_whole() {
        let mut bytes = Vec::new();
        let image = RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8, y as u8, 0]));
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        assert!(decode(&bytes).is_ok());
        let cut = &bytes[..bytes.len() * 2 / 3];
        assert!(decode(cut).unwrap_err().contains("ends before"));
    }
}
