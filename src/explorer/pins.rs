//! Maps that are kept on screen while other pictures, methods or networks are looked at.

use super::Explorer;
use super::cell::{Cell, Look};
use crate::attribution::bilinear;
use crate::figure::blend;
use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use image::imageops::{FilterType, resize};
use image::{DynamicImage, RgbImage};

/// A map as it was shown.
pub(super) struct Pin {
    title: String,
    texture: TextureHandle,
}

/// Side of a pinned picture, pixels at least.
const SIDE: u32 = 256;

impl Explorer {
    /// Keeps the map of a cell on screen, over its picture, as it is shown now.
    pub(super) fn pin(&mut self, ctx: &Context, title: String, cell: &Cell, look: &Look) {
        let (Some(map), Some(seen)) = (cell.map().cloned(), &cell.seen) else { return };
        let picture = DynamicImage::from((*seen.image).clone()).into_rgb8();
        let scale = look.scale.unwrap_or_else(|| self.display.scale(&[&map], look.norm));
        let overlay = self.overlay_of(&map, look, scale);
        let values = self.display.reduced(&map, look.norm);
        let picture = enlarged(&picture, overlay.smooth);
        let size = [picture.height() as usize, picture.width() as usize];
        let shown = match overlay.smooth {
            true => blend(&picture, &bilinear(&values, size), &overlay),
            false => blend(&picture, &values, &overlay),
        };
        let size = [shown.width() as usize, shown.height() as usize];
        let image = ColorImage::from_rgb(size, &shown);
        let texture = ctx.load_texture("pin", image, TextureOptions::LINEAR);
        self.pins.push(Pin { title, texture });
    }

    /// A window for each pinned map.
    pub(super) fn pin_windows(&mut self, ctx: &Context) {
        let middle = ctx.content_rect().center();
        let mut index = 0;
        self.pins.retain(|pin| {
            let mut is_open = true;
            let offset = egui::Vec2::splat(24.0 * index as f32) - egui::vec2(140.0, 160.0);
            index += 1;
            egui::Window::new(&pin.title)
                .id(egui::Id::unique(("pin", pin.texture.id())))
                .open(&mut is_open)
                .default_pos(middle + offset)
                .default_width(SIDE as f32)
                .collapsible(true)
                .show(ctx, |ui| {
                    let image = egui::Image::new(&pin.texture).alt_text(&pin.title);
                    ui.add(image.max_width(ui.available_width().max(96.0)).shrink_to_fit());
                });
            is_open
        });
    }
}

/// A small picture by a whole factor, so that its pixels stay sharp where they are wanted.
fn enlarged(picture: &RgbImage, smooth: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = SIDE.div_ceil(width.max(height)).max(1);
    let filter = if smooth { FilterType::Triangle } else { FilterType::Nearest };
    resize(picture, factor * width, factor * height, filter)
}
