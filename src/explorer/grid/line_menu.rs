//! Rows and columns in another order: by dragging their names, or by a menu.

use crate::explorer::context::Context;
use crate::explorer::paint::context_menu::context_menu;
use crate::explorer::paint::focus::ring;
use crate::explorer::state::reorder::GridLine;
use egui::{Response, Ui};
use hyaline::attribution;

/// Lets a name that senses clicks and drags be dragged onto another, and gives it a menu.
pub fn orderable(ui: &Ui, cx: &mut Context, name: &Response, line: GridLine) {
    // Texts have no name of their own where the keyboard goes to them.
    let text = format!("Move {}", name_of(cx, line));
    name.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
    name.dnd_set_drag_payload(line);
    let same_kind =
        |other: &GridLine| std::mem::discriminant(other) == std::mem::discriminant(&line);
    if name.dnd_hover_payload::<GridLine>().is_some_and(|other| same_kind(&other)) {
        ring(ui, name.rect.expand(2.0));
    }
    if let Some(dropped) = name.dnd_release_payload::<GridLine>() {
        cx.document.reorder(*dropped, line);
    }
    context_menu(name, |ui| order_menu(ui, cx, line));
}

fn name_of(cx: &Context, line: GridLine) -> String {
    match line {
        GridLine::Method(id) => {
            attribution::method(id).map_or(id, |method| method.description().name).into()
        }
        GridLine::Network(id) => {
            let model = cx.document.models.iter().find(|open| open.id == id);
            model.map_or(String::new(), |open| open.value.name.clone())
        }
    }
}

fn order_menu(ui: &mut Ui, cx: &mut Context, line: GridLine) {
    let take_out = match line {
        GridLine::Method(_) => "Hide",
        GridLine::Network(_) => "Close",
    };
    for (text, by) in [("Move before its neighbour", -1), ("Move after its neighbour", 1)] {
        let neighbour = cx.document.neighbour(line, by);
        if ui.add_enabled(neighbour.is_some(), egui::Button::new(text)).clicked()
            && let Some(to) = neighbour
        {
            cx.document.reorder(line, to);
        }
    }
    if let GridLine::Network(id) = line
        && ui.button("Hide").on_hover_text("Keep it open; the library shows it again").clicked()
    {
        cx.document.set_shown(id, false);
    }
    if ui.button(take_out).clicked() {
        cx.document.take_out(line);
    }
}
