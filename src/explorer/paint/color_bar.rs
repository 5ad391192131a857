//! Colour bars.

use crate::attribution::Method;
use crate::display::{ColorMap, Norm, Scale};
use crate::explorer::paint::cell::label;
use crate::explorer::paint::theme;
use crate::text::number;
use egui::{Align2, FontId, Rect, Sense, Ui, pos2, vec2};

/// Pieces that a colour bar is drawn in.
const COLOR_BAR_STEPS: usize = 64;
/// Thickness of a colour bar, points.
const THICKNESS: f32 = 12.0;

/// A colour bar: colours with the values at their ends, and their unit.
pub struct Bar {
    scale: Scale,
    color_map: ColorMap,
    unit: &'static str,
    about: String,
}

impl Bar {
    /// For maps of a method, shown by a norm on a scale.
    pub fn new(method: &dyn Method, norm: Norm, color_map: ColorMap, scale: Scale) -> Self {
        let (unit, words) = (method.description().unit, norm.words());
        let about = format!("{words}; in units of: {unit}");
        Self { scale, color_map, unit, about }
    }

    /// Beside a row, upwards.
    pub fn show(&self, ui: &mut Ui, side: f32) {
        let (rect, response) = ui.allocate_exact_size(vec2(theme::COLOR_BAR, side), Sense::hover());
        label(&response, self.text());
        let bar = Rect::from_min_size(rect.min, vec2(THICKNESS, side));
        let part = |from: f32, to: f32| {
            let y = |share: f32| bar.bottom() - bar.height() * share;
            Rect::from_min_max(pos2(bar.left(), y(to)), pos2(bar.right(), y(from) + 0.5))
        };
        paint_bar(ui, bar, self.color_map, part);
        let x = bar.right() + 5.0;
        write(ui, pos2(x, bar.top()), Align2::LEFT_TOP, number(self.scale.high));
        write(ui, pos2(x, bar.bottom()), Align2::LEFT_BOTTOM, number(self.scale.low));
        if self.scale.centred {
            write(ui, pos2(x, bar.center().y), Align2::LEFT_CENTER, "0".into());
        }
        self.write_unit_upwards(ui, pos2(rect.right() - 18.0, rect.center().y), side);
        response.on_hover_text(&self.about);
    }

    /// The unit, turned, where it has room beside the bar.
    fn write_unit_upwards(&self, ui: &Ui, middle: egui::Pos2, side: f32) {
        let color = ui.visuals().weak_text_color();
        let galley = ui.painter().layout_no_wrap(self.unit.into(), bar_font(), color);
        if galley.size().x > side - 36.0 {
            return;
        }
        let start = middle + vec2(0.0, galley.size().x / 2.0);
        let text = egui::epaint::TextShape::new(start, galley, color);
        ui.painter().add(text.with_angle(-std::f32::consts::FRAC_PI_2));
    }

    /// Above a column, to the right, with values and unit below.
    pub fn show_across(&self, ui: &mut Ui, side: f32) {
        let (rect, response) = ui.allocate_exact_size(vec2(side, 40.0), Sense::hover());
        label(&response, self.text());
        let bar = Rect::from_min_size(rect.min, vec2(side, THICKNESS));
        let part = |from: f32, to: f32| {
            let x = |share: f32| bar.left() + bar.width() * share;
            Rect::from_min_max(pos2(x(from), bar.top()), pos2(x(to) + 0.5, bar.bottom()))
        };
        paint_bar(ui, bar, self.color_map, part);
        let y = bar.bottom() + 1.0;
        write(ui, pos2(bar.left(), y), Align2::LEFT_TOP, number(self.scale.low));
        write(ui, pos2(bar.right(), y), Align2::RIGHT_TOP, number(self.scale.high));
        if self.scale.centred {
            write(ui, pos2(bar.center().x, y), Align2::CENTER_TOP, "0".into());
        }
        let clip = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let (at, color) = (pos2(bar.left(), y + 13.0), ui.visuals().weak_text_color());
        clip.text(at, Align2::LEFT_TOP, self.unit, bar_font(), color);
        response.on_hover_text(&self.about);
    }

    fn text(&self) -> String {
        format!("colour bar from {} to {}", number(self.scale.low), number(self.scale.high))
    }
}

fn bar_font() -> FontId {
    FontId::proportional(11.0)
}

fn write(ui: &Ui, at: egui::Pos2, align: Align2, text: String) {
    ui.painter().text(at, align, text, bar_font(), ui.visuals().text_color());
}

/// Paints the parts of a bar, each from one share of its length to another.
fn paint_bar(ui: &Ui, bar: Rect, color_map: ColorMap, part: impl Fn(f32, f32) -> Rect) {
    let share = |step: usize| step as f32 / COLOR_BAR_STEPS as f32;
    for step in 0..COLOR_BAR_STEPS {
        let [r, g, b] = color_map.color(share(step) + 0.5 / COLOR_BAR_STEPS as f32);
        let rect = part(share(step), share(step + 1)).intersect(bar);
        ui.painter().rect_filled(rect, 0.0, egui::Color32::from_rgb(r, g, b));
    }
}
