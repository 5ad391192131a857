//! The menus, and how maps are shown.

use super::Explorer;
use super::command::{Command, Menu};
use super::open_panels::PanelId;
use crate::display::Arrangement;
use egui::{Button, ComboBox, Panel, Slider, Ui};

impl Explorer {
    pub(super) fn toolbar(&mut self, ui: &mut Ui) {
        Panel::top("menus").show(ui, |ui| self.menus(ui));
        if !self.state.document.is_empty() {
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
            for menu in Menu::ALL {
                ui.menu_button(menu.title(), |ui| {
                    for command in menu.commands() {
                        if command == Command::SaveSession {
                            self.recent_menu(ui);
                        }
                        let keys = command.keys(ui.ctx());
                        let button = Button::new(command.name()).shortcut_text(keys);
                        let button = ui.add_enabled(self.can(command), button);
                        if button.on_hover_text(command.row().help).clicked() {
                            chosen = Some(command);
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

    /// What was opened before.
    fn recent_menu(&mut self, ui: &mut Ui) {
        let recent = self.state.settings.recent.clone();
        ui.add_enabled_ui(!recent.is_empty(), |ui| {
            ui.menu_button("Open recent", |ui| {
                for path in &recent {
                    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                    if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                        self.services.opening.open(vec![path.clone()]);
                        ui.close();
                    }
                }
                ui.separator();
                if ui.button("Forget these").clicked() {
                    self.state.settings.recent.clear();
                    ui.close();
                }
            });
        });
    }

    fn display_controls(&mut self, ui: &mut Ui) {
        self.target_chooser(ui);
        self.pair_chooser(ui);
        ui.separator();
        let appearance = &mut self.state.document.appearance;
        keep_together(ui, 210.0);
        let label = ui.label("Grid");
        ComboBox::from_id_salt("grid")
            .selected_text(appearance.arrangement.name())
            .show_ui(ui, |ui| {
                for arrangement in Arrangement::ALL {
                    let name = arrangement.name();
                    ui.selectable_value(&mut appearance.arrangement, arrangement, name);
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text("Rows × columns");
        keep_together(ui, 220.0);
        let label = ui.label("Opacity");
        ui.add(Slider::new(&mut appearance.opacity, 0.0..=1.0).fixed_decimals(2))
            .labelled_by(label.id)
            .on_hover_text("Of the map over the picture");
        keep_together(ui, 230.0);
        let label = ui.label("Threshold");
        ui.add(Slider::new(&mut appearance.threshold, 0.0..=1.0).fixed_decimals(2))
            .labelled_by(label.id)
            .on_hover_text("Leave out places weaker than this share of the scale");
        ui.separator();
        if self.state.document.annotations.is_some() {
            ui.checkbox(&mut appearance.boxes, "Boxes")
                .on_hover_text("Show what people drew around");
        }
        self.command_button(ui, Command::ToggleRange);
    }

    /// The table of keys.
    pub(super) fn help(&mut self, ctx: &egui::Context) {
        if !self.state.open.contains(PanelId::Help) {
            return;
        }
        let mut open = true;
        PanelId::Help
            .window("Keys and mouse")
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .max_height(ctx.content_rect().height() - 80.0)
            .vscroll(true)
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .show(ctx, |ui| {
                egui::Grid::new("keys").num_columns(2).striped(true).show(ui, |ui| {
                    for command in Command::ALL {
                        ui.label(command.name()).on_hover_text(command.row().help);
                        ui.monospace(command.keys(ctx));
                        ui.end_row();
                    }
                    for (what, how) in [
                        ("Open anything", "drop files or folders on the window"),
                        ("Open a copied picture or copied paths", "Ctrl + V"),
                        ("Menu of a cell or a name", "right click, or Menu or Shift + F10 on it"),
                        ("Keep a map on screen", "Pin this map, in its menu"),
                        ("Other order of rows and columns", "drag their names"),
                        ("Magnify the picture in all cells", "Ctrl + wheel, or pinch"),
                        ("Move it", "drag"),
                        ("Values under the pointer in all cells", "hover a cell"),
                        ("One cell alone, and back", "double click, or Enter on a cell"),
                        ("Each of a pair in the other's place", "hold Shift"),
                    ] {
                        ui.label(what);
                        ui.monospace(how);
                        ui.end_row();
                    }
                });
            });
        self.state.open.set(PanelId::Help, open);
    }
}

/// Begins another line where this one has no room for a label and what it names, in points.
fn keep_together(ui: &mut Ui, width: f32) {
    if ui.available_size_before_wrap().x < width {
        ui.end_row();
    }
}

impl Explorer {
    /// A button for a command, as menus name it.
    pub(super) fn command_button(&mut self, ui: &mut Ui, command: Command) {
        let about = format!("{}\n{}", command.row().help, command.keys(ui.ctx()));
        if ui.button(command.name()).on_hover_text(about.trim_end()).clicked() {
            let ctx = ui.ctx().clone();
            self.perform(command, &ctx);
        }
    }
}
