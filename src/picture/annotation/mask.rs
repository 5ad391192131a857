//! Masks as pictures: zero or black is background, every other value an object.

use super::{Annotations, Frame, Region, RunLengths, Shape, checked_size};
use crate::file::{extension, stem};
use image::{DynamicImage, GenericImageView, ImageFormat, ImageReader, Limits};
use ndarray::{Array2, ArrayView2};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

const EXTENSIONS: [&str; 5] = ["png", "bmp", "tif", "tiff", "gif"];
const MARKS: [&str; 2] = ["_mask", "-mask"];
const MAX_DECODER_BYTES: u64 = 1 << 30;
/// A mask of more values is taken for a picture.
const MAX_OBJECTS: usize = 64;
/// The palette colour that VOC outlines objects with.
const VOID: u8 = 255;

pub(super) fn is_mask_extension(extension: &str) -> bool {
    EXTENSIONS.contains(&extension)
}

/// Whether a file's name says that it is the mask of another.
pub(super) fn is_called_mask(path: &Path) -> bool {
    MARKS.iter().any(|mark| stem(path).ends_with(mark)) && is_mask_extension(&extension(path))
}

/// The name of the picture that a mask belongs to.
pub(super) fn picture_name(path: &Path) -> String {
    let name = stem(path);
    let bare = MARKS.iter().find_map(|mark| name.strip_suffix(mark));
    bare.map_or(name.clone(), str::to_string)
}

/// Reads the objects of one picture.
pub(super) fn read(name: &str, bytes: &[u8], found: &mut Annotations) -> Result<(), String> {
    let values = values(bytes).map_err(|why| format!("{name}: {why}"))?;
    let size: [usize; 2] = values.dim().into();
    let objects = objects(values.view()).map_err(|why| format!("{name}: {why}"))?;
    let frame = Frame::Size(size);
    found.picture(name, frame)?;
    for (value, stretches) in objects {
        let mut region = Region::new(Shape::Mask(RunLengths::new(size, stretches)));
        region.label = Some(label(value));
        found.add(name, frame, region, name)?;
    }
    Ok(())
}

/// Stretches of pixels of every value but zero, counted down the columns.
fn objects(values: ArrayView2<u32>) -> Result<BTreeMap<u32, Vec<Range<u32>>>, String> {
    let mut objects: BTreeMap<u32, Vec<Range<u32>>> = BTreeMap::new();
    for (&value, place) in values.t().into_iter().zip(0u32..).filter(|(value, _)| **value != 0) {
        let stretches = objects.entry(value).or_default();
        match stretches.last_mut() {
            Some(last) if last.end == place => last.end += 1,
            _ => stretches.push(place..place + 1),
        }
        if objects.len() > MAX_OBJECTS {
            return Err(format!(
                "more than {MAX_OBJECTS} values: a mask has 0 where there is nothing and one value for each object"
            ));
        }
    }
    Ok(objects)
}

/// Colours that are not grey lie above every level of grey.
const COLOUR: u32 = 1 << 24;

fn label(value: u32) -> String {
    match value.checked_sub(COLOUR) {
        Some(colour) => format!("#{colour:06x}"),
        None => value.to_string(),
    }
}

/// The value of every pixel, H×W.
fn values(bytes: &[u8]) -> Result<Array2<u32>, String> {
    let format = image::guess_format(bytes).map_err(|_| "it is no picture")?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Bmp | ImageFormat::Tiff | ImageFormat::Gif)
    {
        return Err(format!("{format:?} may change values; masks are PNG, BMP, TIFF or GIF"));
    }
    if format == ImageFormat::Png
        && let Some(indices) = palette_indices(bytes)?
    {
        return Ok(indices);
    }
    let size = ImageReader::with_format(Cursor::new(bytes), format).into_dimensions();
    let (width, height) = size.map_err(|e| e.to_string())?;
    checked_size(u64::from(height), u64::from(width))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    Ok(levels(&reader.decode().map_err(|e| e.to_string())?))
}

/// Levels of grey, or colours; transparent pixels are zero.
fn levels(image: &DynamicImage) -> Array2<u32> {
    let shape = (image.height() as usize, image.width() as usize);
    if let DynamicImage::ImageLuma16(image) = image {
        return Array2::from_shape_fn(shape, |(y, x)| {
            u32::from(image.get_pixel(x as u32, y as u32).0[0])
        });
    }
    Array2::from_shape_fn(shape, |(y, x)| {
        let [r, g, b, alpha] = image.get_pixel(x as u32, y as u32).0;
        match alpha {
            0 => 0,
            _ if r == g && g == b => u32::from(r),
            _ => COLOUR | u32::from_be_bytes([0, r, g, b]),
        }
    })
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
