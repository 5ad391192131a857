//! The colour bar of a difference, inside its cell, where it is seen without scrolling.

use crate::explorer::paint::cell::label;
use crate::explorer::paint::text_on_picture::shadowed;
use egui::{Align2, Color32, Id, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use hyaline::display::{ColourMap, Difference};
use hyaline::text::number;

/// Pieces that the bar is drawn in.
const STEPS: usize = 48;
/// Thickness of the bar, points.
const THICKNESS: f32 = 8.0;

/// Draws the bar along the lower edge of a cell, with its ends and what it is of above it.
pub fn difference_bar(ui: &Ui, cell: Rect, id: Id, difference: Difference) {
    let bar = Rect::from_min_max(
        cell.left_bottom() + vec2(4.0, -4.0 - THICKNESS),
        cell.right_bottom() + vec2(-4.0, -4.0),
    );
    let painter = ui.painter().with_clip_rect(cell.intersect(ui.clip_rect()));
    let x = |step: usize| bar.left() + bar.width() * step as f32 / STEPS as f32;
    for step in 0..STEPS {
        let [r, g, b] = ColourMap::OrangePurple.colour((step as f32 + 0.5) / STEPS as f32);
        let piece = Rect::from_x_y_ranges(x(step)..=x(step + 1) + 0.5, bar.y_range());
        painter.rect_filled(piece.intersect(bar), 0.0, Color32::from_rgb(r, g, b));
    }
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, Color32::from_gray(40)), StrokeKind::Outside);
    let scale = difference.scale();
    let [low, high] = [scale.low, scale.high].map(number);
    let y = bar.top() - 1.0;
    shadowed(&painter, pos2(bar.left(), y), Align2::LEFT_BOTTOM, &low, 10.0);
    shadowed(&painter, pos2(bar.right(), y), Align2::RIGHT_BOTTOM, &high, 10.0);
    let middle = pos2(bar.center().x, y);
    shadowed(&painter, middle, Align2::CENTER_BOTTOM, difference.words(), 10.0);
    let response = ui.interact(bar.expand2(vec2(0.0, 4.0)), id, Sense::hover());
    label(&response, format!("difference of {}, from {low} to {high}", difference.words()));
    response.on_hover_text(match difference {
        Difference::Raw { .. } => {
            "The second map less the first, of values as they are, on the scale that both maps share"
        }
        Difference::Normalised { .. } => {
            "The second map less the first, each divided by the end of its own scale: equal colours \
             here do not mean equal values"
        }
    });
}
