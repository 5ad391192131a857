//! Resizing as Pillow does it.

use super::{Filter, MAX_PIXELS, Placement};
use fast_image_resize as fir;
use image::imageops;
use ndarray::Array3;

/// Pixels of 8 bits that can be resized.
pub(super) trait Resizable: image::Pixel<Subpixel = u8> + 'static {
    const TYPE: fir::PixelType;
}

impl Resizable for image::Rgb<u8> {
    const TYPE: fir::PixelType = fir::PixelType::U8x3;
}

impl Resizable for image::Luma<u8> {
    const TYPE: fir::PixelType = fir::PixelType::U8;
}

pub(super) type Pixels<P> = image::ImageBuffer<P, Vec<u8>>;

pub(super) fn resized_and_cropped<P: Resizable>(
    image: &Pixels<P>,
    placement: &Placement,
    filter: Filter,
) -> Result<Pixels<P>, String> {
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
fn resized<P: Resizable>(
    image: &Pixels<P>,
    width: u32,
    height: u32,
    filter: Filter,
) -> Result<Pixels<P>, String> {
    let across = resized_once(image, width, image.height(), filter)?;
    resized_once(&across, width, height, filter)
}

fn resized_once<P: Resizable>(
    image: &Pixels<P>,
    width: u32,
    height: u32,
    filter: Filter,
) -> Result<Pixels<P>, String> {
    if (width, height) == image.dimensions() {
        return Ok(image.clone());
    }
    let failed = |e: &dyn std::fmt::Display| format!("it can't be resized: {e}");
    let (from_w, from_h) = image.dimensions();
    let source = fir::images::ImageRef::new(from_w, from_h, image.as_raw(), P::TYPE)
        .map_err(|e| failed(&e))?;
    let mut target = fir::images::Image::new(width, height, P::TYPE);
    let options = fir::ResizeOptions::new().resize_alg(filter.algorithm());
    fir::Resizer::new().resize(&source, &mut target, &options).map_err(|e| failed(&e))?;
    Pixels::from_raw(width, height, target.into_vec()).ok_or_else(|| failed(&"wrong size"))
}

/// Pixels (C×H×W) at another size, bicubically, antialiased where they shrink.
pub fn resized_pixels(pixels: &Array3<f32>, size: [usize; 2]) -> Array3<f32> {
    resized_values(pixels, size, Filter::Bicubic)
}

/// Any values (C×H×W) at another size, antialiased where they shrink.
pub fn resized_values(
    pixels: &Array3<f32>,
    [height, width]: [usize; 2],
    filter: Filter,
) -> Array3<f32> {
    let (channels, from_height, from_width) = pixels.dim();
    if (from_height, from_width) == (height, width) {
        return pixels.clone();
    }
    let options = fir::ResizeOptions::new().resize_alg(filter.algorithm());
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
