//! Methods and networks in the order that a person wants: by dragging their names, or by a menu.

use super::context::Context;
use super::context_menu::context_menu;
use super::document::Document;
use egui::{Response, Stroke, Ui};

/// A row or column of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Method(&'static str),
    Network(u64),
}

impl Document {
    /// Puts a method or network in the place of another of its kind, which moves on.
    pub(super) fn reorder(&mut self, line: Line, to: Line) {
        match (line, to) {
            (Line::Method(id), Line::Method(to)) => {
                let place = |id| self.methods.iter().position(|c| c.method.description().id == id);
                if let (Some(from), Some(to)) = (place(id), place(to)) {
                    let choice = self.methods.remove(from);
                    self.methods.insert(to, choice);
                }
            }
            (Line::Network(id), Line::Network(to)) => {
                let place = |id| self.models.iter().position(|open| open.id == id);
                if let (Some(from), Some(to)) = (place(id), place(to)) {
                    let model = self.models.remove(from);
                    self.models.insert(to, model);
                }
            }
            _ => {}
        }
    }

    /// The shown line of the same kind before (−1) or after (1).
    fn neighbour(&self, line: Line, by: isize) -> Option<Line> {
        let lines: Vec<Line> = match line {
            Line::Method(_) => {
                self.shown_methods().map(|c| Line::Method(c.method.description().id)).collect()
            }
            Line::Network(_) => self.models.iter().map(|open| Line::Network(open.id)).collect(),
        };
        let place = lines.iter().position(|other| *other == line)?;
        lines.get(place.checked_add_signed(by)?).copied()
    }

    /// Takes a method out of the grid, or closes a network.
    fn take_out(&mut self, line: Line) {
        match line {
            Line::Method(id) => {
                let is_it = |c: &&mut crate::engine::MethodChoice| c.method.description().id == id;
                if let Some(choice) = self.methods.iter_mut().find(is_it) {
                    choice.shown = false;
                }
            }
            Line::Network(id) => self.models.retain(|open| open.id != id),
        }
    }
}

/// Lets a name that senses clicks and drags be dragged onto another, and gives it a menu.
pub fn orderable(ui: &Ui, cx: &mut Context, name: &Response, line: Line) {
    name.dnd_set_drag_payload(line);
    let same_kind = |other: &Line| std::mem::discriminant(other) == std::mem::discriminant(&line);
    if name.dnd_hover_payload::<Line>().is_some_and(|other| same_kind(&other)) {
        let stroke = Stroke::new(2.0, ui.visuals().selection.bg_fill);
        ui.painter().rect_stroke(name.rect, 2.0, stroke, egui::StrokeKind::Outside);
    }
    if let Some(dropped) = name.dnd_release_payload::<Line>() {
        cx.document.reorder(*dropped, line);
    }
    context_menu(name, |ui| order_menu(ui, cx, line));
}

fn order_menu(ui: &mut Ui, cx: &mut Context, line: Line) {
    let take_out = match line {
        Line::Method(_) => "Hide",
        Line::Network(_) => "Close",
    };
    for (text, by) in [("Move before its neighbour", -1), ("Move after its neighbour", 1)] {
        let neighbour = cx.document.neighbour(line, by);
        if ui.add_enabled(neighbour.is_some(), egui::Button::new(text)).clicked()
            && let Some(to) = neighbour
        {
            cx.document.reorder(line, to);
        }
    }
    if ui.button(take_out).clicked() {
        cx.document.take_out(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_move_and_the_rest_keeps_its_order() {
        let mut document = Document::default();
        let names = |document: &Document| -> Vec<&str> {
            document.shown_methods().map(|choice| choice.method.description().id).collect()
        };
        let before = names(&document);
        let [first, second, third] = before[..] else { panic!("three methods are shown at first") };
        document.reorder(Line::Method(third), Line::Method(first));
        assert_eq!(names(&document), [third, first, second]);
        let next = document.neighbour(Line::Method(third), 1).unwrap();
        document.reorder(Line::Method(third), next);
        assert_eq!(names(&document), [first, third, second]);
        assert_eq!(document.neighbour(Line::Method(first), -1), None);
        document.take_out(Line::Method(third));
        assert_eq!(names(&document), [first, second]);
    }
}
