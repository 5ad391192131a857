//! Painting cells: maps over pictures, and what stands where there is no map.

use crate::explorer::paint::overlay::CellPaint;
use crate::explorer::paint::text_on_picture::{is_legible, write_values};
use crate::explorer::paint::theme;
use crate::explorer::state::zoom::PictureTransform;
use egui::{Align2, FontId, Rect, Response, RichText, Ui, UiBuilder, pos2, vec2};
use hyaline::display::Overlay;
use hyaline::engine::{Running, Subject};
use ndarray::Array2;
use std::sync::Arc;

/// Paints a map over what a network sees, and its values where there is room; `textures` tells the
/// maps on screen apart.
pub fn paint(
    ui: &Ui,
    transform: &PictureTransform,
    clip: Rect,
    textures: u64,
    seen: &Subject,
    (map, mut overlay): (Arc<Array2<f32>>, Overlay),
) {
    overlay.smooth &= !is_legible(transform, map.dim().into());
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    let (picture, rect) = (seen.image().clone(), transform.input);
    let paint = CellPaint { cell: textures, picture, map: map.clone(), overlay, rect };
    painter.add(egui_wgpu::Callback::new_paint_callback(clip, paint));
    write_values(ui, &transform.clipped(clip), &map);
}

pub fn label(response: &Response, text: String) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &text));
}

pub fn waiting(ui: &Ui, rect: Rect, text: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    let colour = ui.visuals().weak_text_color();
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(12.0),
        colour,
    );
}

pub fn failed(ui: &mut Ui, rect: Rect, why: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(8.0)), |ui| {
        ui.add(
            egui::Label::new(RichText::new(why).small().color(ui.visuals().error_fg_color)).wrap(),
        );
    });
}

/// A bar along the lower edge.
pub fn progress(ui: &Ui, rect: Rect, running: &Running, has_map: bool) {
    if !has_map {
        waiting(ui, rect, "working");
    }
    let share = running.done as f32 / running.total.max(1) as f32;
    let track = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 4.0), rect.max);
    ui.painter().rect_filled(track, 0.0, ui.visuals().extreme_bg_color);
    let done = Rect::from_min_size(track.min, vec2(track.width() * share, track.height()));
    ui.painter().rect_filled(done, 0.0, theme::progress(ui.visuals()));
}
