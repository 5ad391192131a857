//! The menus, and how maps are shown.

use super::Explorer;
use super::command::{Command, MENUS};
use crate::figure::{ColorMap, Scope};
use egui::{Button, ComboBox, Panel, Slider, Ui};

impl Explorer {
    pub(super) fn toolbar(&mut self, ui: &mut Ui) {
        Panel::top("menus").show(ui, |ui| self.menus(ui));
        if !self.document.is_empty() {
            Panel::top("display").show(ui, |ui| {
                ui.add_space(2.0);
                ui.horizontal_wrapped(|ui| self.display_controls(ui));
                ui.add_space(2.0);
            });
        }
    }

    fn menus(&mut self, ui: &mut Ui) {
        let mut chosen = None;
        egui::MenuBar::new().ui(ui, |ui| {
            for (title, commands) in MENUS {
                ui.menu_button(title, |ui| {
                    for command in commands {
                        let keys = command.keys(ui.ctx());
                        let button = Button::new(command.text()).shortcut_text(keys);
                        if ui.add_enabled(self.can(*command), button).clicked() {
                            chosen = Some(*command);
                            ui.close();
                        }
                    }
                });
            }
        });
        if let Some(command) = chosen {
            let ctx = ui.ctx().clone();
            self.perform(command, &ctx);
        }
    }

    fn display_controls(&mut self, ui: &mut Ui) {
        self.target_chooser(ui);
        self.pair_chooser(ui);
        ui.separator();
        let view = &mut self.view;
        let label = ui.label("Opacity");
        ui.add(Slider::new(&mut view.opacity, 0.0..=1.0).fixed_decimals(2))
            .labelled_by(label.id)
            .on_hover_text("Of the map over the picture");
        let label = ui.label("Threshold");
        ui.add(Slider::new(&mut view.threshold, 0.0..=1.0).fixed_decimals(2))
            .labelled_by(label.id)
            .on_hover_text("Leave out places weaker than this share of the scale");
        ui.separator();
        let label = ui.label("Colours");
        ComboBox::from_id_salt("colours")
            .selected_text(view.color_map.map_or("by method", ColorMap::name))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut view.color_map, None, "by method");
                for map in ColorMap::ALL {
                    ui.selectable_value(&mut view.color_map, Some(map), map.name());
                }
            })
            .response
            .labelled_by(label.id);
        let label = ui.label("Scale");
        ComboBox::from_id_salt("scale")
            .selected_text(scope_text(view.norm.scope))
            .show_ui(ui, |ui| {
                for scope in [Scope::Row, Scope::Panel] {
                    ui.selectable_value(&mut view.norm.scope, scope, scope_text(scope));
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text("Cells with one scale can be compared; cells scaled alone can't");
        ui.checkbox(&mut view.smooth, "Smooth")
            .on_hover_text("Enlarge pixels bilinearly instead of showing them");
        ui.checkbox(&mut view.fade, "Fade")
            .on_hover_text("Let weak places show the picture through");
        if self.document.annotations.is_some() {
            ui.checkbox(&mut view.boxes, "Boxes").on_hover_text("Show what people drew around");
        }
    }

    /// The table of keys.
    pub(super) fn help(&mut self, ctx: &egui::Context) {
        let mut open = self.view.help;
        egui::Window::new("Keys and mouse")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .max_height(ctx.content_rect().height() - 80.0)
            .vscroll(true)
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .show(ctx, |ui| {
                egui::Grid::new("keys").num_columns(2).striped(true).show(ui, |ui| {
                    for command in MENUS.iter().flat_map(|(_, commands)| *commands) {
                        ui.label(command.text());
                        ui.monospace(command.keys(ctx));
                        ui.end_row();
                    }
                    for (what, how) in [
                        ("Open anything", "drop files or folders on the window"),
                        ("Magnify the picture in all cells", "Ctrl + wheel, or pinch"),
                        ("Move it", "drag"),
                        ("Values under the pointer in all cells", "hover a cell"),
                        ("One cell alone, and back", "double click"),
                        ("Each of a pair in the other's place", "hold Shift"),
                    ] {
                        ui.label(what);
                        ui.monospace(how);
                        ui.end_row();
                    }
                });
            });
        self.view.help = open;
    }
}

fn scope_text(scope: Scope) -> &'static str {
    match scope {
        Scope::Row => "one a method",
        Scope::Panel => "each cell alone",
    }
}

impl Explorer {
    /// A button for a command, as menus name it.
    pub(super) fn command_button(&mut self, ui: &mut Ui, command: Command) {
        let keys = command.keys(ui.ctx());
        if ui.button(command.text()).on_hover_text(keys).clicked() {
            let ctx = ui.ctx().clone();
            self.perform(command, &ctx);
        }
    }
}
