//! The menus, and how maps are shown.

use crate::explorer::command::{Command, Menu};
use crate::explorer::context::{Action, Context};
use crate::explorer::panel::class_chooser::ClassChooser;
use crate::explorer::state::pair::Pair;
use egui::{Button, ComboBox, Panel, Slider, Ui};
use hyaline::display::Arrangement;
use hyaline::engine::OpenModel;

/// The menus and the controls below them.
#[derive(Debug, Default)]
pub struct Toolbar {
    classes: ClassChooser,
}

impl Toolbar {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        Panel::top("menus").show(ui, |ui| menus(ui, cx));
        if !cx.document.is_empty() {
            Panel::top("display").show(ui, |ui| {
                ui.add_space(2.0);
                ui.horizontal_wrapped(|ui| self.display_controls(ui, cx));
                ui.add_space(2.0);
            });
        }
    }

    fn display_controls(&mut self, ui: &mut Ui, cx: &mut Context) {
        self.classes.ui(ui, cx);
        pair_chooser(ui, cx);
        ui.separator();
        let appearance = &mut cx.document.appearance;
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
            .on_hover_text("Leave out pixels weaker than this share of the scale");
        ui.separator();
        if cx.document.annotations.is_some() {
            ui.checkbox(&mut appearance.boxes, "Boxes").on_hover_text("Show ground-truth boxes");
        }
        cx.command_button(ui, Command::ToggleRange);
    }
}

fn menus(ui: &mut Ui, cx: &mut Context) {
    egui::MenuBar::new().ui(ui, |ui| {
        for menu in Menu::ALL {
            ui.menu_button(menu.title(), |ui| {
                for command in menu.commands() {
                    if command == Command::SaveSession {
                        recent_menu(ui, cx);
                    }
                    let keys = command.keys(ui.ctx());
                    let button = Button::new(command.name()).shortcut_text(keys);
                    let button = ui.add_enabled(cx.can(command), button);
                    let button = button.on_hover_text(command.row().help);
                    let why = cx.obstacle(command).unwrap_or_default();
                    if button.on_disabled_hover_text(why).clicked() {
                        cx.run(command);
                        ui.close();
                    }
                }
            });
        }
    });
}

/// What was opened before.
fn recent_menu(ui: &mut Ui, cx: &mut Context) {
    let recent = cx.settings.recent.clone();
    ui.add_enabled_ui(!recent.is_empty(), |ui| {
        ui.menu_button("Open recent", |ui| {
            for path in &recent {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                    cx.act(Action::Open(vec![path.clone()]));
                    ui.close();
                }
            }
            ui.separator();
            if ui.button("Forget these").clicked() {
                cx.act(Action::ForgetRecent);
                ui.close();
            }
        });
    });
}

/// Begins another line where this one has no room for a label and what it names, in points.
fn keep_together(ui: &mut Ui, width: f32) {
    if ui.available_size_before_wrap().x < width {
        ui.end_row();
    }
}

/// Chooses which two networks are a pair.
fn pair_chooser(ui: &mut Ui, cx: &mut Context) {
    if cx.document.models.len() < 2 {
        return;
    }
    let label = ui.label("Pair");
    let name = |[a, b]: &[OpenModel; 2]| format!("{} | {}", a.value.name, b.value.name);
    let pair = cx.document.paired();
    let pairs = cx.document.pairs();
    let chosen = pair.as_ref().map_or("none".to_string(), name);
    ComboBox::from_id_salt("pair")
        .selected_text(chosen)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut cx.document.pair, None, "none");
            for pair in pairs {
                let value = Pair { first: pair[0].id, second: pair[1].id };
                ui.selectable_value(&mut cx.document.pair, Some(value), name(&pair));
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text("Two networks that get a column of their differences");
    if pair.is_none()
        && let Some(counterparts) = cx.document.counterparts()
        && ui
            .button("Pair vanilla and robust")
            .on_hover_text("They have the same architecture and differ in training")
            .clicked()
    {
        cx.document.pair = Some(counterparts);
    }
}
