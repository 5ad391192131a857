//! A choice in a grid of settings.

use egui::{ComboBox, Ui};

/// A row of a grid: a name and what can be chosen.
pub fn choose<T: PartialEq + Clone>(ui: &mut Ui, name: &str, value: &mut T, options: &[(T, &str)]) {
    let label = ui.label(name);
    let chosen = options.iter().find(|(option, _)| option == value).map_or("", |(_, text)| text);
    ComboBox::from_id_salt(name)
        .selected_text(chosen)
        .width(190.0)
        .show_ui(ui, |ui| {
            for (option, text) in options {
                ui.selectable_value(value, option.clone(), *text);
            }
        })
        .response
        .labelled_by(label.id);
    ui.end_row();
}
