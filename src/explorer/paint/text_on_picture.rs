//! Writing on pictures: values in pixels that are large enough.

use crate::explorer::paint::theme;
use crate::explorer::state::zoom::PictureTransform;
use egui::{Align2, FontId, Pos2, Ui, vec2};
use hyaline::text::number;
use image::RgbaImage;
use ndarray::Array2;

/// Points that a pixel must take for its value to be written in it.
const LEGIBLE: f32 = 40.0;

/// Whether pixels of so many rows and columns are large enough to write in.
pub fn is_legible(transform: &PictureTransform, size: [usize; 2]) -> bool {
    transform.pixel_rect([0, 0], size).size().min_elem() >= LEGIBLE
}

/// Writes the values of a map into its pixels, where these are large enough.
pub fn write_values(ui: &Ui, transform: &PictureTransform, values: &Array2<f32>) {
    let text = |[row, column]: [usize; 2]| vec![number(values[[row, column]])];
    write_in_pixels(ui, transform, values.dim().into(), text);
}

/// Writes red, green and blue into the pixels of a picture, where these are large enough.
pub fn write_colours(ui: &Ui, transform: &PictureTransform, image: &RgbaImage) {
    let (width, height) = image.dimensions();
    let text = |[row, column]: [usize; 2]| {
        let [r, g, b, _] = image.get_pixel(column as u32, row as u32).0;
        [r, g, b].map(|value| value.to_string()).to_vec()
    };
    write_in_pixels(ui, transform, [height as usize, width as usize], text);
}

fn write_in_pixels(
    ui: &Ui,
    transform: &PictureTransform,
    size: [usize; 2],
    text: impl Fn([usize; 2]) -> Vec<String>,
) {
    let seen = transform.cell.intersect(ui.clip_rect()).intersect(transform.input);
    if !is_legible(transform, size) || !seen.is_positive() {
        return;
    }
    let painter = ui.painter().with_clip_rect(seen);
    let pixel = |at: Pos2| {
        let share = (at - transform.input.min) / transform.input.size();
        let index = |share: f32, count: usize| ((share * count as f32) as usize).min(count - 1);
        [index(share.y, size[0]), index(share.x, size[1])]
    };
    let [first, last] = [pixel(seen.min), pixel(seen.max)];
    for row in first[0]..=last[0] {
        for column in first[1]..=last[1] {
            let rect = transform.pixel_rect([row, column], size).intersect(seen);
            let lines = text([row, column]);
            let height = 11.0;
            let top = rect.center().y - height * (lines.len() as f32 - 1.0) / 2.0;
            for (index, line) in lines.iter().enumerate() {
                let at = Pos2::new(rect.center().x, top + height * index as f32);
                shadowed(&painter, at, Align2::CENTER_CENTER, line, 10.0);
            }
        }
    }
}

/// Bright writing in a dark rim, which shows on every colour.
pub fn shadowed(painter: &egui::Painter, at: Pos2, align: Align2, text: &str, size: f32) {
    let font = FontId::proportional(size);
    let [bright, dark] = theme::ON_PICTURE;
    for rim in [vec2(1.0, 1.0), vec2(-1.0, 1.0), vec2(1.0, -1.0), vec2(-1.0, -1.0)] {
        painter.text(at + rim, align, text, font.clone(), dark);
    }
    painter.text(at, align, text, font, bright);
}
