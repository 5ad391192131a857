//! Maps that are kept on screen while other pictures, methods or networks are looked at.

use crate::explorer::files::export::SIDE;
use egui::{ColorImage, Context, TextureHandle, TextureOptions};

/// A map as it was shown.
pub struct Pin {
    title: String,
    texture: TextureHandle,
}

/// The maps that are kept.
#[derive(Default)]
pub struct Pins(Vec<Pin>);

impl Pin {
    /// The picture of a map, as it is shown now.
    pub fn new(ctx: &Context, title: String, image: ColorImage) -> Self {
        Self { title, texture: ctx.load_texture("pin", image, TextureOptions::LINEAR) }
    }
}

impl Pins {
    pub fn add(&mut self, pin: Pin) {
        self.0.push(pin);
    }

    /// A window for each pinned map.
    pub fn show(&mut self, ctx: &Context) {
        let middle = ctx.content_rect().center();
        let mut index = 0;
        self.0.retain(|pin| {
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
