//! What a frame leaves for the next one.

use super::grid::PreviousMaps;
use crate::explorer::files::dropped::Drops;
use crate::explorer::grid::annotations::Boxes;
use crate::explorer::grid::probe::Pointed;
use crate::explorer::paint::reduced_maps::ReducedMaps;
use crate::explorer::paint::textures::Textures;
use crate::explorer::paint::theme;
use hyaline::display::Norms;
use hyaline::file::stem;
use image::RgbaImage;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A line of values and one of what a network says, points.
const CAPTION: f32 = 34.0;

/// What frames leave for the next one: caches of what is on screen, and where things were drawn.
#[derive(Default)]
pub struct Frame {
    pub reduced: ReducedMaps,
    pub textures: Textures,
    pub thumbnails: HashMap<u64, egui::TextureHandle>,
    pub boxes: Boxes,
    /// What files may be let go on.
    pub drops: Drops,
    /// The last finished map of each picture, network and method with its class, shown until the next
    /// one is done.
    pub previous: PreviousMaps,
    pub pointed: Pointed,
    /// The side of a cell, points.
    pub shown_cell: f32,
    /// The height of what stands below a picture's cells, where pictures are rows: the most so far, points.
    pub caption: f32,
    /// Which pictures there was room for, where several are shown.
    pub visible_pictures: std::ops::Range<usize>,
    /// The file that the window's title names.
    pub titled: Option<PathBuf>,
    /// The size of the window, points.
    pub window_size: Option<egui::Vec2>,
}

impl Frame {
    pub fn new() -> Self {
        Self { shown_cell: *theme::CELL.start(), caption: CAPTION, ..Self::default() }
    }

    /// Forgets what the last frame did not draw.
    pub fn begin(&mut self, norms: &Norms) {
        self.pointed.begin();
        self.drops.begin();
        self.textures.forget_hidden();
        self.reduced.begin(norms);
    }

    pub fn keep_thumbnail(&mut self, ctx: &egui::Context, picture: u64, thumbnail: &RgbaImage) {
        let size = [thumbnail.width() as usize, thumbnail.height() as usize];
        let image = egui::ColorImage::from_rgba_unmultiplied(size, thumbnail);
        let texture = ctx.load_texture("thumbnail", image, egui::TextureOptions::LINEAR);
        self.thumbnails.insert(picture, texture);
    }

    /// Panels take two frames to settle after the window has another size.
    pub fn note_window_size(&mut self, ctx: &egui::Context) {
        // As the system counts it, whatever the scale of texts.
        let size = Some(ctx.content_rect().size() * ctx.zoom_factor());
        if size != self.window_size {
            self.window_size = size;
            ctx.request_repaint();
        }
    }

    /// Calls the window by its session.
    pub fn show_title(&mut self, ctx: &egui::Context, session: Option<&Path>) {
        if self.titled.as_deref() != session {
            self.titled = session.map(Path::to_path_buf);
            let title = session.map(|path| format!("{} – Hyaline", stem(path)));
            let title = title.unwrap_or_else(|| "Hyaline".into());
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }
}
