//! Masks as pictures: zero or black is background, every other value an object.

use super::names::Names;
use super::parse::checked_size;
use super::{Annotations, Frame, Region, RunLengths, Shape};
use crate::file::{extension, stem};
use image::{DynamicImage, GenericImageView, ImageFormat, ImageReader, Limits};
use ndarray::{Array2, ArrayView2, Axis};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::PathBuf;

const LOSSLESS: [&str; 5] = ["png", "bmp", "tif", "tiff", "gif"];
const LOSSY: [&str; 3] = ["jpg", "jpeg", "jfif"];
const MARKS: [&str; 2] = ["_mask", "-mask"];
const MAX_DECODER_BYTES: u64 = 1 << 30;
/// A mask with more values counts as a picture.
const MAX_OBJECTS: usize = 64;
/// The palette colour that VOC outlines objects with.
const VOID: u8 = 255;

pub(super) fn is_mask_extension(extension: &str) -> bool {
    LOSSLESS.contains(&extension) || LOSSY.contains(&extension)
}

/// Those of a folder's files that are masks: the ones called so, or else those that keep values, or
/// else JPEG.
pub(super) fn among(files: &[PathBuf]) -> Vec<&PathBuf> {
    let of = |extensions: &[&str]| -> Vec<&PathBuf> {
        files.iter().filter(|file| extensions.contains(&extension(file).as_str())).collect()
    };
    let (lossless, lossy) = (of(&LOSSLESS), of(&LOSSY));
    let is_called_mask = |file: &&PathBuf| MARKS.iter().any(|mark| stem(file).ends_with(mark));
    let called: Vec<_> = lossless.iter().chain(&lossy).copied().filter(is_called_mask).collect();
    [called, lossless, lossy].into_iter().find(|masks| !masks.is_empty()).unwrap_or_default()
}

/// The name of the picture that a mask belongs to.
pub(super) fn picture_name(name: &str) -> &str {
    MARKS.iter().find_map(|mark| name.strip_suffix(mark)).unwrap_or(name)
}

/// Reads the objects of one picture.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    names: &Names,
    found: &mut Annotations,
) -> Result<(), String> {
    let levels = Levels::read(bytes)?;
    let size: [usize; 2] = levels.values.dim().into();
    let is_of_two = levels.is_of_two();
    let objects = if is_of_two {
        found.tally.note(
            "masks with levels of grey between black and white are parted at half (128 of 255)",
        );
        objects(levels.bright().view())?
    } else {
        levels.check()?;
        objects(levels.values.view())?
    };
    let frame = Frame::Size(size);
    found.picture(name, frame)?;
    for (value, stretches) in objects {
        let region = Region::new(Shape::Mask(RunLengths::new(size, stretches)));
        let label = names.of(value as usize).filter(|_| levels.has_numbers && !is_of_two);
        found.take(|| name.to_string(), name, frame, Ok(Region { label, ..region }));
    }
    names.note.iter().for_each(|note| found.tally.note(note));
    Ok(())
}

/// Columns that are copied at a time, so that of each row a whole cache line is used.
const STRIP: usize = 16;

/// Stretches of pixels of every value but zero, counted down the columns.
fn objects(values: ArrayView2<u32>) -> Result<BTreeMap<u32, Vec<Range<u32>>>, String> {
    let mut objects: BTreeMap<u32, Vec<Range<u32>>> = BTreeMap::new();
    let (mut run, mut place) = ((0, 0), 0);
    for strip in values.axis_chunks_iter(Axis(1), STRIP) {
        for value in down_the_columns(strip) {
            if value != run.0 {
                take(&mut objects, run.0, run.1..place)?;
                run = (value, place);
            }
            place += 1;
        }
    }
    take(&mut objects, run.0, run.1..place)?;
    Ok(objects)
}

/// The values of a few columns, one column after the other.
fn down_the_columns(strip: ArrayView2<u32>) -> Vec<u32> {
    let (height, width) = strip.dim();
    let mut columns = vec![0; height * width];
    for (y, row) in strip.outer_iter().enumerate() {
        row.iter().enumerate().for_each(|(x, value)| columns[x * height + y] = *value);
    }
    columns
}

/// Adds a stretch to its value's object.
fn take(
    objects: &mut BTreeMap<u32, Vec<Range<u32>>>,
    value: u32,
    stretch: Range<u32>,
) -> Result<(), String> {
    if value != 0 {
        objects.entry(value).or_default().push(stretch);
    }
    match objects.len() > MAX_OBJECTS {
        true => Err(format!(
            "more than {MAX_OBJECTS} values: a mask has 0 where there is nothing and one value for each object"
        )),
        false => Ok(()),
    }
}

/// Colours that are not grey lie above every level of grey.
const COLOUR: u32 = 1 << 24;

/// A mask as it was decoded.
struct Levels {
    /// The value of every pixel, H×W.
    values: Array2<u32>,
    /// The value of white, where these are levels of grey.
    white: Option<u32>,
    /// Values stand for classes: they are neither colours nor parted.
    has_numbers: bool,
    is_lossy: bool,
}

impl Levels {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let format = image::guess_format(bytes).map_err(|_| "it is no picture")?;
        let is_lossy = format == ImageFormat::Jpeg;
        let kept = [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif];
        if !is_lossy && !kept.contains(&format) {
            return Err(format!("{format:?} may change values; masks are PNG, BMP, TIFF or GIF"));
        }
        if format == ImageFormat::Png
            && let Some(values) = palette_indices(bytes)?
        {
            return Ok(Self { values, white: None, has_numbers: true, is_lossy });
        }
        let image = decoded(bytes, format)?;
        let mut levels = of_image(&image);
        levels.is_lossy = is_lossy;
        Ok(levels)
    }

    /// Pixels by their brightness, in 256 steps.
    fn histogram(&self) -> Option<[usize; 256]> {
        let white = u64::from(self.white?);
        let mut histogram = [0; 256];
        for value in &self.values {
            // White itself is the usual case, where a division of each pixel would be felt.
            let level =
                if white == 255 { u64::from(*value) } else { u64::from(*value) * 255 / white };
            histogram[level.min(255) as usize] += 1;
        }
        Some(histogram)
    }

    /// Whether it is a picture of black and white with levels of grey between: most pixels lie near
    /// the ends, and most of the many levels do not, as they would if they numbered objects.
    fn is_of_two(&self) -> bool {
        const NEAR: usize = 26;
        const MANY: usize = 8;
        let Some(histogram) = self.histogram() else { return false };
        let levels = |counts: &[usize]| counts.iter().filter(|count| **count > 0).count();
        let pixels = |counts: &[usize]| counts.iter().sum::<usize>();
        let (dark, rest) = histogram.split_at(NEAR);
        let (middle, bright) = rest.split_at(256 - 2 * NEAR);
        let of_two = pixels(bright) > 0 && pixels(middle) * 3 <= pixels(dark) + pixels(bright);
        let many = levels(&histogram) >= MANY && levels(middle) * 2 >= levels(&histogram);
        of_two && (many || self.is_lossy)
    }

    /// 1 for every pixel above half of white, 0 for the others.
    fn bright(&self) -> Array2<u32> {
        let half = self.white.unwrap_or_default() / 2;
        self.values.mapv(|value| u32::from(value > half))
    }

    fn check(&self) -> Result<(), String> {
        match self.is_lossy {
            false => Ok(()),
            true => Err("JPEG may change values, and this one is not black and white; masks are PNG, BMP, TIFF or GIF".into()),
        }
    }
}

fn decoded(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, String> {
    let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    let (width, height) = size.map_err(|e| e.to_string())?;
    checked_size(u64::from(height), u64::from(width))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|e| e.to_string())
}

/// Levels of grey, or colours; transparent pixels are zero.
fn of_image(image: &DynamicImage) -> Levels {
    let shape = (image.height() as usize, image.width() as usize);
    if let DynamicImage::ImageLuma16(image) = image {
        let level = |(y, x)| u32::from(image.get_pixel(x as u32, y as u32).0[0]);
        let values = Array2::from_shape_fn(shape, level);
        return Levels { values, white: Some(65_535), has_numbers: true, is_lossy: false };
    }
    let mut is_grey = true;
    let values = Array2::from_shape_fn(shape, |(y, x)| {
        let [r, g, b, alpha] = image.get_pixel(x as u32, y as u32).0;
        match alpha {
            0 => 0,
            _ if r == g && g == b => u32::from(r),
            _ => {
                is_grey = false;
                COLOUR | u32::from_be_bytes([0, r, g, b])
            }
        }
    });
    Levels { values, white: is_grey.then_some(255), has_numbers: is_grey, is_lossy: false }
}

/// Places in the palette, where a PNG has one.
fn palette_indices(bytes: &[u8]) -> Result<Option<Array2<u32>>, String> {
    let limits = png::Limits { bytes: MAX_DECODER_BYTES as usize };
    let decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let info = reader.info();
    if info.color_type != png::ColorType::Indexed {
        return Ok(None);
    }
    let [height, width] = checked_size(u64::from(info.height), u64::from(info.width))?;
    let bits = info.bit_depth as usize;
    let mut packed = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
    let row = reader.next_frame(&mut packed).map_err(|e| e.to_string())?.line_size;
    Ok(Some(Array2::from_shape_fn((height, width), |(y, x)| {
        let byte = packed[y * row + x * bits / 8];
        let index = (byte >> (8 - bits - x * bits % 8)) & (0xff >> (8 - bits));
        if index == VOID { 0 } else { u32::from(index) }
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_go_down_the_columns() {
        // More columns than a strip has; an object goes on from one strip into the next.
        let values = Array2::from_shape_fn((3, 40), |(y, x)| match (y, x) {
            (_, 15 | 16) | (0, 35) => 7,
            (1, 30) | (2, 39) => 2,
            _ => 0,
        });
        let found = objects(values.view()).unwrap();
        assert_eq!(
            found,
            BTreeMap::from([(7, vec![45..51, 105..106]), (2, vec![91..92, 119..120])])
        );
        let many = Array2::from_shape_fn((10, 10), |(y, x)| (10 * y + x) as u32);
        assert!(objects(many.view()).is_err());
    }
}
