//! What has the keyboard's focus, where a widget is painted by hand, and what a drop would go to.

use crate::explorer::paint::theme;
use egui::{Rect, Response, StrokeKind, Ui};

/// A ring around a widget that has the keyboard's focus.
pub fn show_focus(ui: &Ui, response: &Response) {
    if response.has_focus() {
        ring(ui, response.rect);
    }
}

/// A ring around what the next key or drop goes to, within its edge so that nothing cuts it off.
pub fn ring(ui: &Ui, rect: Rect) {
    ui.painter().rect_stroke(rect, 2.0, theme::focus(ui.visuals()), StrokeKind::Inside);
}
