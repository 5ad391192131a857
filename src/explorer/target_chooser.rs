//! Which class is explained.

use super::Explorer;
use super::document::Document;
use crate::attribution::Target;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, ScrollArea, TextEdit, Ui};

impl Explorer {
    pub(super) fn target_chooser(&mut self, ui: &mut Ui) {
        ui.label("Class");
        let text = match self.state.document.target {
            Target::Top1 => "top class of each network".into(),
            Target::Class(class) => class_name(&self.state.document, class),
        };
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new(format!("{text} ▼")).config(config).ui(ui, |ui| {
            ui.set_width(260.0);
            let top = self.state.document.target == Target::Top1;
            if ui.selectable_label(top, "Top class of each network").clicked() {
                self.state.document.target = Target::Top1;
                ui.close();
            }
            self.class_list(ui);
        });
    }

    fn class_list(&mut self, ui: &mut Ui) {
        let field = TextEdit::singleline(&mut self.panels.class_filter)
            .hint_text("Name or number of a class");
        let field = ui.add(field);
        // Typing filters at once, but Tab may go on to the list.
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        let wanted = self.panels.class_filter.to_lowercase();
        let classes =
            self.state.document.models.iter().map(|model| model.value.graph.classes()).max();
        let fits = |class: &usize| {
            class_name(&self.state.document, *class).to_lowercase().contains(&wanted)
        };
        let classes: Vec<usize> = (0..classes.unwrap_or(0)).filter(fits).collect();
        if classes.is_empty() {
            ui.weak("no class fits");
        }
        let padding = 2.0 * ui.spacing().button_padding.y;
        let height = ui.text_style_height(&egui::TextStyle::Button) + padding;
        let list = ScrollArea::vertical().max_height(280.0).auto_shrink([false, true]);
        list.show_rows(ui, height, classes.len(), |ui, rows| {
            for class in &classes[rows] {
                let chosen = self.state.document.target == Target::Class(*class);
                if ui.selectable_label(chosen, class_name(&self.state.document, *class)).clicked() {
                    self.state.document.target = Target::Class(*class);
                    ui.close();
                }
            }
        });
    }
}

/// Number and name of a class, as the first network that has it calls it.
fn class_name(document: &Document, class: usize) -> String {
    let model = document.models.iter().find(|model| class < model.value.graph.classes());
    let name = model.map_or("", |model| model.value.labels.name(class));
    format!("{class}  {name}")
}
