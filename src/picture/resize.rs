//! Resizing as Pillow does it.

use super::limits::MAX_WHOLE_PIXELS;
use super::{Filter, Placement};
use fast_image_resize as fir;
use image::imageops;
use ndarray::Array3;

/// Pixels of 8 bits that can be resized.
pub(super) trait Resizable: image::Pixel<Subpixel = u8> + 'static {
    type Resized: fir::PixelTrait;
}

impl Resizable for image::Rgb<u8> {
    type Resized = fir::pixels::U8x3;
}

impl Resizable for image::Luma<u8> {
    type Resized = fir::pixels::U8;
}

pub(super) type Pixels<P> = image::ImageBuffer<P, Vec<u8>>;

pub(super) fn resized_and_cropped<P: Resizable>(
    image: &Pixels<P>,
    placement: &Placement,
    filter: Filter,
) -> Result<Pixels<P>, String> {
    let [h, w] = placement.resized;
    if h as u64 * w as u64 > MAX_WHOLE_PIXELS {
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
    let bytes =
        resized_bytes::<P::Resized>(image.as_raw(), image.dimensions(), (width, height), filter);
    Ok(Pixels::from_raw(width, height, bytes?).expect("a byte for each value"))
}

/// Resizes values of one type, so that the library's code for the others is not in the program.
fn resized_bytes<P: fir::PixelTrait>(
    bytes: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    filter: Filter,
) -> Result<Vec<u8>, String> {
    let failed = |e: &dyn std::fmt::Display| format!("it can't be resized: {e}");
    let source = fir::images::ImageRef::new(from.0, from.1, bytes, P::pixel_type())
        .map_err(|e| failed(&e))?;
    let mut target = fir::images::Image::new(to.0, to.1, P::pixel_type());
    let options = fir::ResizeOptions::new().resize_alg(filter.algorithm());
    let views = source.typed_image::<P>().zip(target.typed_image_mut::<P>());
    let (source, mut view) = views.expect("both are of the type they were made with");
    fir::Resizer::new().resize_typed(&source, &mut view, &options).map_err(|e| failed(&e))?;
    Ok(target.into_vec())
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
    let (from, to) = ((from_width as u32, from_height as u32), (width as u32, height as u32));
    let channel = |values: Vec<f32>| {
        let bytes = bytemuck::cast_slice(&values);
        let resized = resized_bytes::<fir::pixels::F32>(bytes, from, to, filter);
        bytemuck::pod_collect_to_vec::<u8, f32>(&resized.expect("four bytes a value"))
    };
    let planes = pixels.outer_iter().map(|plane| channel(plane.iter().copied().collect()));
    Array3::from_shape_vec((channels, height, width), planes.flatten().collect())
        .expect("every plane has the new size")
}
