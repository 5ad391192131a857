//! Panels at the sides of the window, and the rails that stand for them.

use crate::explorer::command::Command;
use crate::explorer::context::Context;
use crate::explorer::paint::theme;
use crate::explorer::state::side_panel::SidePanel;
use egui::{Align, Layout, Panel, Ui, WidgetInfo, vec2};

/// Width of a rail, points.
const RAIL: f32 = 30.0;

/// A panel of a width, or its rail; the panel begins with its name and a button that makes it a rail.
pub fn side_panel(
    ui: &mut Ui,
    cx: &mut Context,
    (side, width): (SidePanel, f32),
    content: impl FnOnce(&mut Ui, &mut Context),
) {
    if !side.is_open(cx.view, ui.ctx().content_rect().width()) {
        return rail(ui, cx, side);
    }
    theme::side_panel(ui, panel(side, side.name()), width).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.strong(match side {
                SidePanel::Library => "Library",
                SidePanel::Curves => "Insertion and Deletion",
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| toggle(ui, cx, side, true));
        });
        content(ui, cx);
    });
}

fn panel(side: SidePanel, id: &'static str) -> Panel {
    match side {
        SidePanel::Library => Panel::left(id),
        SidePanel::Curves => Panel::right(id),
    }
}

fn rail(ui: &mut Ui, cx: &mut Context, side: SidePanel) {
    let rail = panel(
        side,
        match side {
            SidePanel::Library => "library rail",
            SidePanel::Curves => "curves rail",
        },
    );
    let frame = egui::Frame::side_top_panel(ui.style()).inner_margin(2.0);
    rail.resizable(false).exact_size(RAIL).frame(frame).show(ui, |ui| {
        ui.vertical_centered(|ui| toggle(ui, cx, side, false));
        let colour = ui.visuals().text_color();
        let name = ui.painter().layout_no_wrap(
            side.name().into(),
            egui::FontId::proportional(12.0),
            colour,
        );
        // From top to bottom, so that its upper left corner is the turned text's upper right one.
        let at =
            ui.cursor().left_top() + vec2(f32::midpoint(ui.available_width(), name.size().y), 4.0);
        let text = egui::epaint::TextShape::new(at, name, colour);
        ui.painter().add(text.with_angle(std::f32::consts::FRAC_PI_2));
    });
}

/// A button that makes a rail of the panel, or the panel of its rail.
fn toggle(ui: &mut Ui, cx: &mut Context, side: SidePanel, is_open: bool) {
    let (command, is_left) = match side {
        SidePanel::Library => (Command::ToggleLibrary, true),
        SidePanel::Curves => (Command::ToggleCurves, false),
    };
    let arrow = if is_open == is_left { "«" } else { "»" };
    let what = if is_open { "Collapse" } else { "Show" };
    let text = format!("{what} {}", side.name().to_lowercase());
    let about = format!("{text}\n{}", command.keys(ui.ctx()));
    let button = ui.small_button(arrow).on_hover_text(about);
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &text));
    if button.clicked() {
        cx.run(command);
    }
}
