//! Which class is explained.

use super::Explorer;
use crate::attribution::Target;
use crate::model::Labels;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, ScrollArea, TextEdit, Ui};

impl Explorer {
    pub(super) fn target_chooser(&mut self, ui: &mut Ui) {
        ui.label("Class");
        let labels = self.document.models.first().map(|model| model.value.labels.clone());
        let text = match self.document.target {
            Target::Top1 => "top class of each network".into(),
            Target::Class(class) => named(labels.as_ref(), class),
        };
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new(format!("{text} ▼")).config(config).ui(ui, |ui| {
            ui.set_width(260.0);
            if ui
                .selectable_label(self.document.target == Target::Top1, "Top class of each network")
                .clicked()
            {
                self.document.target = Target::Top1;
                ui.close();
            }
            if let Some(labels) = &labels {
                self.class_list(ui, labels);
            }
        });
    }

    fn class_list(&mut self, ui: &mut Ui, labels: &Labels) {
        let field =
            TextEdit::singleline(&mut self.class_filter).hint_text("Name or number of a class");
        ui.add(field).request_focus();
        let wanted = self.class_filter.to_lowercase();
        let fits = |class: &usize| {
            labels.name(*class).to_lowercase().contains(&wanted) || class.to_string() == wanted
        };
        let classes: Vec<usize> = (0..labels.len()).filter(fits).collect();
        if classes.is_empty() {
            ui.weak("no class fits");
        }
        let height =
            ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        ScrollArea::vertical().max_height(280.0).auto_shrink([false, true]).show_rows(
            ui,
            height,
            classes.len(),
            |ui, rows| {
                for class in &classes[rows] {
                    let chosen = self.document.target == Target::Class(*class);
                    if ui.selectable_label(chosen, named(Some(labels), *class)).clicked() {
                        self.document.target = Target::Class(*class);
                        ui.close();
                    }
                }
            },
        );
    }
}

fn named(labels: Option<&Labels>, class: usize) -> String {
    match labels {
        Some(labels) => format!("{class}  {}", labels.name(class)),
        None => format!("class {class}"),
    }
}
