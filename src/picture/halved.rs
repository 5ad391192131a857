//! Pictures of more pixels than are kept, at half their width and height.

use super::limits::MAX_DECODER_BYTES;
use super::on_white::on_white;
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use png::{ColorType, Limits, Transformations};
use std::io::Cursor;

/// What becomes of a picture that comes row by row: every 2×2 pixels are their mean. The last row and
/// column of odd ones stand for themselves.
struct Halved {
    width: usize,
    above: Option<Vec<u8>>,
    pixels: Vec<u8>,
}

impl Halved {
    fn new(width: u32, height: u32) -> Self {
        let size = width.div_ceil(2) as usize * height.div_ceil(2) as usize;
        Self { width: width as usize, above: None, pixels: Vec::with_capacity(3 * size) }
    }

    /// Takes a row of RGB.
    fn add(&mut self, row: Vec<u8>) {
        match self.above.take() {
            Some(above) => self.merge(&above, &row),
            None => self.above = Some(row),
        }
    }

    fn merge(&mut self, above: &[u8], below: &[u8]) {
        for x in (0..self.width).step_by(2) {
            let beside = (x + 1).min(self.width - 1);
            for channel in 0..3 {
                let [left, right] = [3 * x + channel, 3 * beside + channel];
                let four = [above[left], above[right], below[left], below[right]];
                self.pixels.push((four.map(u16::from).iter().sum::<u16>() + 2).div_euclid(4) as u8);
            }
        }
    }

    fn image(mut self) -> Option<RgbImage> {
        if let Some(last) = self.above.take() {
            self.merge(&last, &last);
        }
        let width = self.width.div_ceil(2);
        let height = self.pixels.len() / (3 * width);
        RgbImage::from_raw(width as u32, height as u32, self.pixels)
    }
}

/// A decoded picture at half its width and height, RGB on white.
pub(super) fn halved(image: &DynamicImage) -> Option<RgbImage> {
    let (width, height) = (image.width(), image.height());
    let mut halved = Halved::new(width, height);
    for y in 0..height {
        halved.add(on_white(image.crop_imm(0, y, width, 1)).into_raw());
    }
    halved.image()
}

/// A PNG at half its width and height, of which never more than a row is decoded; none where its rows
/// do not come in their order.
///
/// # Errors
/// When it can't be decoded.
pub(super) fn png(bytes: &[u8]) -> Result<Option<RgbImage>, String> {
    let failed = |e: png::DecodingError| e.to_string();
    let limits = Limits { bytes: MAX_DECODER_BYTES as usize };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(failed)?;
    if reader.info().interlaced {
        return Ok(None);
    }
    let (width, height) = reader.info().size();
    let (color, _) = reader.output_color_type();
    let mut halved = Halved::new(width, height);
    for _ in 0..height {
        let row =
            reader.next_row().map_err(failed)?.ok_or("the file ends before the picture does")?;
        let row =
            row_of(color, width, row.data()).ok_or("a row has another length than it says")?;
        halved.add(on_white(row).into_raw());
    }
    Ok(halved.image())
}

fn row_of(color: ColorType, width: u32, values: &[u8]) -> Option<DynamicImage> {
    let values = values.to_vec();
    match color {
        ColorType::Grayscale => GrayImage::from_raw(width, 1, values).map(Into::into),
        ColorType::GrayscaleAlpha => GrayAlphaImage::from_raw(width, 1, values).map(Into::into),
        ColorType::Rgb | ColorType::Indexed => RgbImage::from_raw(width, 1, values).map(Into::into),
        ColorType::Rgba => RgbaImage::from_raw(width, 1, values).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::ImageFormat;

    #[test]
    fn every_four_pixels_become_their_mean() {
        let image = RgbImage::from_fn(5, 3, |x, y| image::Rgb([(40 * x) as u8, 90 * y as u8, 7]));
        let half = halved(&image.into()).unwrap();
        assert_eq!(half.dimensions(), (3, 2));
        assert_eq!(half.get_pixel(0, 0).0, [20, 45, 7]);
        assert_eq!(half.get_pixel(1, 0).0, [100, 45, 7]);
        assert_eq!(half.get_pixel(2, 1).0, [160, 180, 7], "the last ones stand for themselves");
    }

    #[test]
    fn a_png_row_by_row_is_the_whole_one_halved() {
        let pixel = |x: u32, y: u32| [(9 * x) as u8, (13 * y) as u8, (x * y) as u8, (40 * x) as u8];
        let rgba = RgbaImage::from_fn(11, 7, |x, y| image::Rgba(pixel(x, y)));
        let rgba = DynamicImage::from(rgba);
        for image in [
            DynamicImage::from(rgba.to_luma8()),
            rgba.to_luma_alpha8().into(),
            rgba.to_rgb8().into(),
            rgba,
        ] {
            let mut file = Cursor::new(vec![]);
            image.write_to(&mut file, ImageFormat::Png).unwrap();
            let streamed = png(file.get_ref()).unwrap();
            assert!(streamed == halved(&image), "{:?}", image.color());
            let file = file.into_inner();
            assert!(png(&file[..file.len() / 2]).is_err(), "a cut file is refused");
        }
    }
}
