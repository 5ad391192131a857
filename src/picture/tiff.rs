//! TIFFs that the image library leaves out: palettes, and levels of grey as floating-point numbers.

use super::limits::{MAX_DECODER_BYTES, checked_whole};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

const CLASSIC: [&[u8; 4]; 2] = [b"II*\0", b"MM\0*"];
const BIG: [&[u8; 4]; 2] = [b"II+\0", b"MM\0+"];
const PHOTOMETRIC: u16 = 262;
const PALETTE: u8 = 3;
const BLACK_IS_ZERO: u8 = 1;

/// Whether a file is a TIFF, of those with addresses of 64 bits too.
pub(super) fn is_tiff(bytes: &[u8]) -> bool {
    CLASSIC.into_iter().chain(BIG).any(|start| bytes.starts_with(start))
}

/// The picture, turned upright, if it is one of these kinds.
///
/// # Errors
/// When it is one and can't be read, or contains invalid pixels.
pub(super) fn decoded(bytes: &[u8]) -> Option<Result<DynamicImage, String>> {
    let place = palette_mark(bytes);
    if let Some(place) = place {
        let mut indices = bytes.to_vec();
        indices[place] = BLACK_IS_ZERO;
        return Some(opened(&indices).and_then(with_palette));
    }
    let mut decoder = opened(bytes).ok()?;
    let is_float = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).ok()?? == [3];
    let is_grey = matches!(decoder.colortype(), Ok(ColorType::Gray(16 | 32 | 64)));
    (is_float && is_grey).then(|| of_floats(decoder))
}

type Opened<'a> = Decoder<Cursor<&'a [u8]>>;

fn opened(bytes: &[u8]) -> Result<Opened<'_>, String> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_DECODER_BYTES as usize;
    limits.intermediate_buffer_size = MAX_DECODER_BYTES as usize;
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut decoder = decoder.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(|e| e.to_string())?;
    checked_whole(width, height)?;
    Ok(decoder)
}

/// Where the first picture says that its colours are of a palette.
fn palette_mark(bytes: &[u8]) -> Option<usize> {
    let is_big_endian = bytes.starts_with(b"MM");
    let number = |place: usize, size: usize| -> Option<usize> {
        let bytes = bytes.get(place..place.checked_add(size)?)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = match is_big_endian {
            true => bytes.iter().fold(0, join),
            false => bytes.iter().rev().fold(0, join),
        };
        usize::try_from(number).ok()
    };
    // Sizes of addresses, of the number of entries, and of an entry; where an entry's value begins.
    let [start, address, count, entry, value] = match BIG.iter().any(|b| bytes.starts_with(*b)) {
        true => [8, 8, 8, 20, 12],
        false => [4, 4, 2, 12, 8],
    };
    let directory = number(start, address)?;
    let entries = number(directory, count)?.min(1 << 16);
    let place = (0..entries)
        .map(|index| directory + count + index * entry)
        .find(|place| number(*place, 2) == Some(usize::from(PHOTOMETRIC)))?;
    let value = place + value + usize::from(is_big_endian);
    (bytes.get(value) == Some(&PALETTE)).then_some(value)
}

fn with_palette(mut decoder: Opened) -> Result<DynamicImage, String> {
    let failed = |e: tiff::TiffError| e.to_string();
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let ColorType::Gray(bits @ (1 | 2 | 4 | 8)) = decoder.colortype().map_err(failed)? else {
        return Err("a palette of more than 256 colours is not read; save it as RGB".into());
    };
    let colours = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(failed)?;
    let count = colours.len() / 3;
    let DecodingResult::U8(packed) = decoder.read_image().map_err(failed)? else {
        return Err("its palette's indices are no bytes".into());
    };
    let (bits, row) = (usize::from(bits), (width as usize * usize::from(bits)).div_ceil(8));
    let index = |x: usize, y: usize| {
        let byte = packed.get(y * row + x * bits / 8).copied().unwrap_or_default();
        usize::from(byte >> (8 - bits - x * bits % 8)) & ((1 << bits) - 1)
    };
    let image = RgbImage::from_fn(width, height, |x, y| {
        let index = index(x as usize, y as usize);
        let level = |channel: usize| colours.get(channel * count + index).map_or(0, |c| c >> 8);
        image::Rgb([level(0), level(1), level(2)].map(|level| level as u8))
    });
    Ok(upright(decoder, image.into()))
}

fn of_floats(mut decoder: Opened) -> Result<DynamicImage, String> {
    let (width, height) = decoder.dimensions().map_err(|e| e.to_string())?;
    let values: Vec<f32> = match decoder.read_image().map_err(|e| e.to_string())? {
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        _ => return Err("its levels of grey are no floating-point numbers".into()),
    };
    check_floats(&values)?;
    let level = |x: u32, y: u32| {
        let value = values.get(y as usize * width as usize + x as usize);
        (value.copied().unwrap_or_default() * 255.0).round() as u8
    };
    let image = image::GrayImage::from_fn(width, height, |x, y| image::Luma([level(x, y)]));
    Ok(upright(decoder, image.into()))
}

/// Floating-point pixels are 0 to 1: others would be cut off.
///
/// # Errors
/// When one is not.
pub(super) fn check_floats(values: &[f32]) -> Result<(), String> {
    const SLACK: f32 = 1e-3;
    if values.iter().all(|value| (-SLACK..=1.0 + SLACK).contains(value)) {
        return Ok(());
    }
    let ends = values.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[least, most], value| {
        [least.min(*value), most.max(*value)]
    });
    Err(format!(
        "its floating-point pixels are {} to {}, which must be 0 to 1; scale them, or save 8 or 16 bits",
        ends[0], ends[1]
    ))
}

fn upright(mut decoder: Opened, mut image: DynamicImage) -> DynamicImage {
    let stated = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    image.apply_orientation(
        stated.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms),
    );
    image
}
