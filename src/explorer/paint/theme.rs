//! Design tokens: every colour and distance of the window.

use crate::plot::palette;
use egui::{Color32, Theme, vec2};

/// Distance between unlike things, points.
pub const GAP: f32 = 8.0;
/// Side of a picture in a list, points.
pub const THUMBNAIL: f32 = 40.0;
/// Width of a colour bar with its numbers, points.
pub const COLOR_BAR: f32 = 72.0;
/// Sides that a cell of the grid may have, points.
pub const CELL: std::ops::RangeInclusive<f32> = 72.0..=720.0;
/// Side of a cell that leaves room for others, points.
pub const COMFORTABLE_CELL: f32 = 264.0;

/// Laid over the window while files hover above it, and the writing on it.
pub const SCRIM: Color32 = Color32::from_rgba_premultiplied(0, 0, 0, 170);
pub const ON_SCRIM: Color32 = Color32::WHITE;

/// Width of the column with the methods' names in a grid of a width, points.
pub fn row_header(grid: f32) -> f32 {
    (0.22 * grid).clamp(80.0, 128.0)
}

/// A panel at a side that leaves the middle of a small window its room.
pub fn side_panel(ui: &egui::Ui, panel: egui::Panel, width: f32) -> egui::Panel {
    let window = ui.ctx().content_rect().width();
    let (least, most) = (140.0, (0.3 * window).max(150.0));
    panel.default_size(width.min(0.27 * window).max(least)).size_range(least..=most)
}

/// Colours of the methods' curves.
pub fn series(index: usize, theme: Theme) -> Color32 {
    let [r, g, b] = match theme {
        Theme::Dark => palette::of_series(index, &palette::ON_DARK, 255),
        Theme::Light => palette::of_series(index, &palette::ON_LIGHT, 0),
    };
    Color32::from_rgb(r, g, b)
}

/// Widths (points) and colours of the lines around annotated objects.
pub const ANNOTATION: [(f32, Color32); 2] =
    [(3.0, Color32::from_black_alpha(170)), (1.5, Color32::from_rgb(255, 230, 80))];

/// Widths (points) and colours of the lines around the place under the pointer.
pub const CROSSHAIR: [(f32, Color32); 2] =
    [(3.0, Color32::from_black_alpha(150)), (1.0, Color32::WHITE)];

/// Writing on pictures, and its shadow: together they show on every colour.
pub const ON_PICTURE: [Color32; 2] = [Color32::WHITE, Color32::BLACK];

/// Behind pictures and maps: grey, so that it leaves their colours alone.
pub fn canvas(visuals: &egui::Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_gray(44) } else { Color32::from_gray(208) }
}

/// Behind a cell that has no map.
pub fn empty_cell(visuals: &egui::Visuals) -> Color32 {
    visuals.faint_bg_color
}

/// Bars of probabilities.
pub fn probability(visuals: &egui::Visuals) -> Color32 {
    visuals.selection.bg_fill.gamma_multiply(0.55)
}

/// Sets both themes up.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = vec2(GAP, 5.0);
        style.spacing.button_padding = vec2(8.0, 3.0);
        style.spacing.slider_width = 90.0;
        style.interaction.tooltip_delay = 0.3;
        for size in style.text_styles.values_mut() {
            size.size = size.size.max(11.0);
        }
    });
}

/// egui's fonts, with its monospaced one standing in for signs that the proportional one lacks:
/// the arrows of buttons and the operators of formulas.
fn fonts() -> egui::FontDefinitions {
    let mut fonts = egui::FontDefinitions::default();
    let monospaced = fonts.families.get(&egui::FontFamily::Monospace).cloned().unwrap_or_default();
    let proportional = fonts.families.entry(egui::FontFamily::Proportional).or_default();
    for name in monospaced {
        if !proportional.contains(&name) {
            proportional.push(name);
        }
    }
    fonts
}
