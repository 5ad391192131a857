//! Colour bars.

use crate::explorer::paint::cell::label;
use egui::{FontId, Rect, Sense, Ui, pos2, vec2};
use hyaline::attribution::Method;
use hyaline::display::{ColourMap, Norm, Scale};
use hyaline::text::number;

/// Pieces that a colour bar is drawn in.
const STEPS: usize = 64;
/// Height of a line with a colour bar, points.
const LINE: f32 = 14.0;

/// A colour bar: colours with the values at their ends.
pub struct Bar {
    scale: Scale,
    colour_map: ColourMap,
    about: String,
}

impl Bar {
    /// For maps of a method, shown by a norm on a scale.
    pub fn new(method: &dyn Method, norm: Norm, colour_map: ColourMap, scale: Scale) -> Self {
        let (unit, words) = (method.description().unit, norm.words());
        let about = format!("{words}; in units of: {unit}");
        Self { scale, colour_map, about }
    }

    /// In a line of text, to the right, between the values at its ends.
    pub fn show_in_line(&self, ui: &mut Ui, width: f32) {
        let size = vec2(width, LINE);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        label(&response, self.text());
        let galley = |value: f32| {
            let colour = ui.visuals().text_color();
            ui.painter().layout_no_wrap(number(value), bar_font(), colour)
        };
        let [low, high] = [self.scale.low, self.scale.high].map(galley);
        let bar = Rect::from_min_max(
            rect.left_top() + vec2(low.size().x + 4.0, 2.0),
            rect.right_bottom() - vec2(high.size().x + 4.0, 2.0),
        );
        let part = |from: f32, to: f32| {
            let x = |share: f32| bar.left() + bar.width() * share;
            Rect::from_min_max(pos2(x(from), bar.top()), pos2(x(to) + 0.5, bar.bottom()))
        };
        if bar.is_positive() {
            paint_bar(ui, bar, self.colour_map, part);
        }
        let y = |galley: &egui::Galley| rect.center().y - galley.size().y / 2.0;
        let colour = ui.visuals().text_color();
        ui.painter().galley(pos2(rect.left(), y(&low)), low.clone(), colour);
        ui.painter().galley(pos2(rect.right() - high.size().x, y(&high)), high.clone(), colour);
        response.on_hover_text(&self.about);
    }

    fn text(&self) -> String {
        format!("colour bar from {} to {}", number(self.scale.low), number(self.scale.high))
    }
}

fn bar_font() -> FontId {
    FontId::proportional(11.0)
}

/// Paints the parts of a bar, each from one share of its length to another.
fn paint_bar(ui: &Ui, bar: Rect, colour_map: ColourMap, part: impl Fn(f32, f32) -> Rect) {
    let share = |step: usize| step as f32 / STEPS as f32;
    for step in 0..STEPS {
        let [r, g, b] = colour_map.colour(share(step) + 0.5 / STEPS as f32);
        let rect = part(share(step), share(step + 1)).intersect(bar);
        ui.painter().rect_filled(rect, 0.0, egui::Color32::from_rgb(r, g, b));
    }
}
