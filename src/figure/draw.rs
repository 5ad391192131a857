//! From a layout to SVG: text stays text, pictures stay as they are.

use super::Fonts;
use super::layout::{Item, Layout, Text, What};
use super::table::{Cell, ColourBar, Panel, Table};
use crate::display::LEVELS;
use crate::error::{Error, Result};
use crate::plot::canvas::{Canvas, INK, Page, Rect, TextStyle};
use crate::plot::chart::{self, ChartStyle};
use crate::session::FigureOptions;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use std::thread;

/// Widths of lines, points.
const THIN: f64 = 0.4;
const CURVE: f64 = 1.0;
/// Around what people drew around: dark below bright shows on every map.
const BOX: [(f64, &str); 2] = [(1.6, "#000000"), (0.8, "#ffe650")];

/// A figure on a canvas.
///
/// # Errors
/// When a picture can't be written as PNG.
pub fn draw(grid: &Table, layout: &Layout, options: &FigureOptions) -> Result<Canvas> {
    let pngs = pngs(grid, layout)?;
    let mut canvas = Canvas::default();
    let axis = grid.axis();
    for (item, png) in layout.items.iter().zip(&pngs) {
        let rect = item.rect;
        match &item.what {
            What::Panel([row, column]) => {
                let Cell::Panel(panel) = &grid.cells[*row][*column] else { continue };
                canvas.image(rect, png.as_deref().unwrap_or_default(), panel.smooth);
                marks(&mut canvas, panel, rect);
                if options.border > 0.0 {
                    canvas.border(rect, INK, options.border);
                }
            }
            What::Chart([row, column], [left, lower]) => {
                let Cell::Chart(lines) = &grid.cells[*row][*column] else { continue };
                let style = ChartStyle {
                    text: layout.small,
                    line: CURVE,
                    grid: THIN,
                    has_left_numbers: *left,
                    has_lower_numbers: *lower,
                };
                chart::draw(&mut canvas, rect, &axis, lines, &style);
            }
            What::Bar(_) => {
                canvas.image(rect, png.as_deref().unwrap_or_default(), true);
                canvas.border(rect, INK, THIN);
            }
            What::Text(text) => write(&mut canvas, text),
            What::Sample(colour) => {
                let [x, y, width, height] = rect;
                let y = y + 0.5 * height;
                canvas.line([[x, y], [x + width, y]], colour, CURVE);
            }
        }
    }
    Ok(canvas)
}

/// What the canvas is written on, with what readers find in the file.
pub fn page<'a>(
    layout: &Layout,
    options: &FigureOptions,
    fonts: &'a Fonts,
    metadata: Option<&'a str>,
) -> Page<'a> {
    Page {
        size: layout.size,
        unit: "pt",
        families: &fonts.families,
        ground: (!options.transparent).then_some("#ffffff"),
        metadata,
    }
}

fn write(canvas: &mut Canvas, text: &Text) {
    let lettering = TextStyle { size: text.size, bold: false, colour: text.colour };
    match text.upwards {
        true => canvas.lettered_upwards(text.baseline, text.anchor, lettering, &text.content),
        false => canvas.lettered(text.baseline, text.anchor, lettering, &text.content),
    }
}

fn marks(canvas: &mut Canvas, panel: &Panel, [left, top, width, height]: Rect) {
    for [x, y, w, h] in &panel.boxes {
        // A box that reaches beyond the picture ends with it, and its lines lie within.
        let [x1, y1] = [x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)];
        let [x2, y2] = [(x + w).clamp(0.0, 1.0), (y + h).clamp(0.0, 1.0)];
        let within = 0.5 * BOX[0].0;
        let place = [
            left + x1 * width + within,
            top + y1 * height + within,
            ((x2 - x1) * width - 2.0 * within).max(0.0),
            ((y2 - y1) * height - 2.0 * within).max(0.0),
        ];
        for (thickness, colour) in BOX {
            canvas.border(place, colour, thickness);
        }
    }
}

/// The pictures of items, by all cores.
fn pngs(grid: &Table, layout: &Layout) -> Result<Vec<Option<Vec<u8>>>> {
    let of = |item: &Item| -> Result<Option<Vec<u8>>> {
        match &item.what {
            What::Panel([row, column]) => match &grid.cells[*row][*column] {
                Cell::Panel(panel) => png(&panel.image).map(Some),
                _ => Ok(None),
            },
            What::Bar(bar) => png(&gradient(bar, item.rect[3] > item.rect[2])).map(Some),
            _ => Ok(None),
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = layout.items.len().div_ceil(cores).max(1);
    let parts: Vec<Result<Vec<_>>> = thread::scope(|scope| {
        let of = &of;
        let parts: Vec<_> = layout
            .items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(of).collect()))
            .collect();
        parts.into_iter().map(|part| part.join().expect("encoding does not panic")).collect()
    });
    Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.concat())
}

/// All colours of a bar, low ones at the left or below.
pub fn gradient(bar: &ColourBar, upwards: bool) -> RgbImage {
    let table = bar.colour_map.table();
    let last = LEVELS as u32 - 1;
    match upwards {
        true => RgbImage::from_fn(1, LEVELS as u32, |_, y| image::Rgb(table[(last - y) as usize])),
        false => RgbImage::from_fn(LEVELS as u32, 1, |x, _| image::Rgb(table[x as usize])),
    }
}

/// A picture as PNG.
///
/// # Errors
/// When it has no pixels or too many.
pub fn png(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    encoder
        .write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8)
        .map_err(|e| Error::new("cannot write a picture as PNG", e))?;
    Ok(bytes)
}
