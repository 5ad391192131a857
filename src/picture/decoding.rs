//! Files of pictures as upright pixels of 8 bits.

use super::jpeg::{self, End};
use super::limits::{MAX_DECODER_BYTES, checked_dimensions, is_halved};
use super::on_white::on_white;
use super::{halved, jpeg_xl, tiff};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::io::Cursor;

const KNOWN: &str = "PNG, JPEG, WebP, BMP, TIFF, GIF, JPEG XL";
const TRUNCATED: &str = "the file ends before the picture does; copy or download it again";

/// The picture in a file.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    /// Upright RGB on white, at half its width and height where it is large.
    pub image: RgbImage,
    /// Width and height that the file has, upright.
    pub size: [u32; 2],
    pub notes: Vec<String>,
}

impl Decoded {
    fn whole(image: DynamicImage) -> Self {
        let size = [image.width(), image.height()];
        Self { image: on_white(image), size, notes: vec![] }
    }

    fn halved(mut image: DynamicImage, [width, height]: [u32; 2], turned: Orientation) -> Self {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        image.apply_orientation(turned);
        let lies = matches!(turned, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
        let size = if lies { [height, width] } else { [width, height] };
        let note = format!(
            "{}×{} px, of which half the width and height is kept: means of 2×2 px",
            size[0], size[1]
        );
        Self { image: image.into_rgb8(), size, notes: vec![note] }
    }
}

/// The picture in a file, of which a large one is decoded by rows where its kind allows that, and
/// else whole, with four bytes a pixel at most.
///
/// # Errors
/// When it can't be decoded, or is too large or too small.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    if tiff::is_tiff(bytes) {
        let read = tiff::decoded(bytes).map(|image| image.map(Decoded::whole));
        return read.unwrap_or_else(|| decode_as(bytes, ImageFormat::Tiff));
    }
    if jpeg_xl::is_jpeg_xl(bytes) {
        return jpeg_xl::decoded(bytes).map(Decoded::whole);
    }
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => decode_jpeg(bytes),
        Ok(format) if format.reading_enabled() => decode_as(bytes, format),
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

fn decode_as(bytes: &[u8], format: ImageFormat) -> Result<Decoded, String> {
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions();
    checked_dimensions(width, height)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    decoder.set_limits(limits).map_err(|e| e.to_string())?;
    let orientation = decoder.orientation().map_err(|e| e.to_string())?;
    let is_halved = is_halved(width, height);
    if is_halved
        && format == ImageFormat::Png
        && let Some(half) = halved::png(bytes)?
    {
        return Ok(Decoded::halved(half.into(), [width, height], orientation));
    }
    if decoder.total_bytes() > MAX_DECODER_BYTES {
        return Err(format!(
            "{width}×{height} px of this kind need too much memory; save 8 bits a value"
        ));
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    match &image {
        DynamicImage::ImageRgb32F(image) => tiff::check_floats(image.as_raw())?,
        DynamicImage::ImageRgba32F(image) => tiff::check_floats(image.as_raw())?,
        _ => {}
    }
    if is_halved {
        let half = halved::halved(&image).ok_or("its rows differ in length")?;
        return Ok(Decoded::halved(half.into(), [width, height], orientation));
    }
    image.apply_orientation(orientation);
    Ok(Decoded::whole(image))
}

/// A JPEG. The decoder fills what is missing of it, so that its end is looked for before. Where
/// only the end's marker is missing, whatever follows changes no pixel.
fn decode_jpeg(bytes: &[u8]) -> Result<Decoded, String> {
    const FILLERS: [[u8; 64]; 2] = [[0x00; 64], [0xa5; 64]];
    let decoded = |bytes: &[u8]| decode_as(bytes, ImageFormat::Jpeg);
    match jpeg::end(bytes) {
        End::Marked => decoded(bytes),
        End::Early => Err(TRUNCATED.into()),
        End::InLastScan => {
            let [one, other] = FILLERS.map(|filler| decoded(&jpeg::ended(bytes, &filler)));
            let mut decoded = one?;
            match other.is_ok_and(|other| other == decoded) {
                true => {
                    let note = "the file lacks the marker of its end; all pixels are there";
                    decoded.notes.push(note.into());
                    Ok(decoded)
                }
                false => Err(TRUNCATED.into()),
            }
        }
    }
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
        let whole = decode(&bytes).unwrap();
        assert!(whole.notes.is_empty());
        let ended = decode(&bytes[..bytes.len() - 2]).unwrap();
        assert!(
            ended.image == whole.image && ended.notes[0].contains("marker"),
            "{:?}",
            ended.notes
        );
        for left in [2, 5, 10, 20, 40, 60, 80, 90, 95, 98] {
            let cut = decode(&bytes[..bytes.len() * left / 100]);
            assert!(cut.unwrap_err().contains("ends before"), "{left} %");
        }
        let film = [&bytes[..], b"\0\0\0\x18ftypmp42\xff\xda\0\x02film"].concat();
        assert!(decode(&film).unwrap() == whole);
    }

    #[test]
    fn a_large_picture_is_kept_at_half_its_size_and_says_its_own() {
        let (width, height) = (20_000, 5_001);
        let mut bytes = vec![];
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_depth(png::BitDepth::One);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        // Black above, white below.
        let row = |y: u32| vec![if y < height / 2 { 0 } else { 255 }; width as usize / 8];
        let rows: Vec<u8> = (0..height).flat_map(row).collect();
        writer.write_image_data(&rows).unwrap();
        writer.finish().unwrap();
        let Decoded { image, size, notes } = decode(&bytes).unwrap();
        assert_eq!((image.dimensions(), size), ((10_000, 2_501), [20_000, 5_001]));
        assert!(notes[0].starts_with("20000×5001 px"), "{notes:?}");
        assert_eq!(image.get_pixel(9_999, 0).0, [0; 3]);
        assert_eq!(image.get_pixel(0, 2_500).0, [255; 3]);
    }

    #[test]
    fn turned_pictures_are_as_large_as_they_are_upright() {
        let half = DynamicImage::from(RgbImage::new(4, 2));
        let turned = Decoded::halved(half.clone(), [8, 4], Orientation::Rotate90);
        assert_eq!((turned.image.dimensions(), turned.size), ((2, 4), [4, 8]));
        assert_eq!(Decoded::halved(half, [8, 4], Orientation::Rotate180).size, [8, 4]);
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
