//! Files of pictures as upright pixels of 8 bits.

use super::jpeg::{self, End};
use super::limits::{MAX_DECODER_BYTES, checked_dimensions};
use super::{jpeg_xl, tiff};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::io::Cursor;

const KNOWN: &str = "PNG, JPEG, WebP, BMP, TIFF, GIF, JPEG XL";
const TRUNCATED: &str = "the file ends before the picture does; copy or download it again";

/// The picture in a file, and notes on it.
///
/// # Errors
/// When it can't be decoded, or is too large or too small.
pub(super) fn decode(bytes: &[u8]) -> Result<(RgbImage, Vec<String>), String> {
    if tiff::is_tiff(bytes) {
        let read = tiff::decoded(bytes);
        let image = read.unwrap_or_else(|| decode_as(bytes, ImageFormat::Tiff))?;
        return Ok((on_white(image), vec![]));
    }
    if jpeg_xl::is_jpeg_xl(bytes) {
        return Ok((on_white(jpeg_xl::decoded(bytes)?), vec![]));
    }
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => decode_jpeg(bytes),
        Ok(format) if format.reading_enabled() => Ok((on_white(decode_as(bytes, format)?), vec![])),
        _ => Err(unknown(bytes)),
    }
}

/// What a file is, where that is known, and that it is not read.
fn unknown(bytes: &[u8]) -> String {
    let brand = bytes.get(4..12).and_then(|box_| box_.strip_prefix(b"ftyp"));
    let is = match (brand, bytes) {
        (Some(b"avif" | b"avis"), _) => "AVIF",
        (Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"mif1" | b"msf1"), _) => "HEIC",
        (Some(_), _) => "a film",
        (_, [0, 0, 0, 12, b'j', b'P', ..]) => "JPEG 2000",
        (_, [b'8', b'B', b'P', b'S', ..]) => "Photoshop's",
        (_, [b'%', b'P', b'D', b'F', ..]) => "PDF",
        (_, [b'<', ..]) => "SVG or other text",
        _ => return format!("it is none of {KNOWN}"),
    };
    format!("it is {is}, none of {KNOWN}; convert it to PNG first")
}

fn decode_as(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, String> {
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions();
    checked_dimensions(width, height)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    decoder.set_limits(limits).map_err(|e| e.to_string())?;
    let orientation = decoder.orientation().map_err(|e| e.to_string())?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    match &image {
        DynamicImage::ImageRgb32F(image) => tiff::check_floats(image.as_raw())?,
        DynamicImage::ImageRgba32F(image) => tiff::check_floats(image.as_raw())?,
        _ => {}
    }
    image.apply_orientation(orientation);
    Ok(image)
}

/// A JPEG. The decoder fills what is missing of it, so that its end is looked for before. Where
/// only the end's marker is missing, whatever follows changes no pixel.
fn decode_jpeg(bytes: &[u8]) -> Result<(RgbImage, Vec<String>), String> {
    const FILLERS: [[u8; 64]; 2] = [[0x00; 64], [0xa5; 64]];
    let decoded = |bytes: &[u8]| decode_as(bytes, ImageFormat::Jpeg);
    match jpeg::end(bytes) {
        End::Marked => Ok((on_white(decoded(bytes)?), vec![])),
        End::Early => Err(TRUNCATED.into()),
        End::InLastScan => {
            let [one, other] = FILLERS.map(|filler| decoded(&jpeg::ended(bytes, &filler)));
            let image = one?;
            match other.is_ok_and(|other| other == image) {
                true => {
                    let note = "the file lacks the marker of its end; all pixels are there";
                    Ok((on_white(image), vec![note.into()]))
                }
                false => Err(TRUNCATED.into()),
            }
        }
    }
}

/// RGB, with transparent pixels blended with white.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        let image =
            RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 3, y as u8 * 3, (x * y) as u8]));
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        bytes
    }

    #[test]
    fn a_jpeg_that_lacks_more_than_its_end_is_refused() {
        let bytes = jpeg();
        let (whole, notes) = decode(&bytes).unwrap();
        assert!(notes.is_empty());
        let (ended, notes) = decode(&bytes[..bytes.len() - 2]).unwrap();
        assert!(ended == whole && notes[0].contains("marker"), "{notes:?}");
        for left in [2, 5, 10, 20, 40, 60, 80, 90, 95, 98] {
            let cut = decode(&bytes[..bytes.len() * left / 100]);
            assert!(cut.unwrap_err().contains("ends before"), "{left} %");
        }
        let film = [&bytes[..], b"\0\0\0\x18ftypmp42\xff\xda\0\x02film"].concat();
        assert!(decode(&film).unwrap() == (whole, vec![]));
    }

    #[test]
    fn what_is_no_picture_is_named() {
        for (bytes, words) in [
            (&b"\0\0\0\x1cftypavif\0\0\0\0"[..], "AVIF"),
            (b"\0\0\0\x1cftypheic\0\0\0\0", "HEIC"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
            (b"hello", "it is none of PNG"),
            (b"", "it is none of PNG"),
        ] {
            let why = decode(bytes).unwrap_err();
            assert!(why.contains(words) && why.contains("none of PNG"), "{why}");
        }
    }
}
