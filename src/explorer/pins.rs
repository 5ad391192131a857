//! Maps that are kept on screen while other pictures, methods or networks are looked at.

use super::Explorer;
use super::cell::{Cell, Look};
use super::export::SIDE;
use egui::{Context, TextureHandle, TextureOptions};

/// A map as it was shown.
pub(super) struct Pin {
    title: String,
    texture: TextureHandle,
}

impl Explorer {
    /// Keeps the map of a cell on screen, over its picture, as it is shown now.
    pub(super) fn pin(&mut self, ctx: &Context, title: String, cell: &Cell, look: &Look) {
        if let Some(image) = self.panel_image(cell, look) {
            let texture = ctx.load_texture("pin", image, TextureOptions::LINEAR);
            self.panels.pins.push(Pin { title, texture });
        }
    }

    /// A window for each pinned map.
    pub(super) fn pin_windows(&mut self, ctx: &Context) {
        let middle = ctx.content_rect().center();
        let mut index = 0;
        self.panels.pins.retain(|pin| {
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
