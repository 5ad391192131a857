//! Which class is explained.

use crate::attribution::Target;
use crate::explorer::context::Context;
use crate::explorer::state::document::Document;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, ScrollArea, TextEdit, Ui};

/// Chooses the class.
#[derive(Debug, Default)]
pub struct ClassChooser {
    /// Part of the names to list.
    filter: String,
}

impl ClassChooser {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        ui.label("Class");
        let text = match cx.document.target {
            Target::Top1 => "top class of each network".into(),
            Target::Class(class) => class_name(cx.document, class),
        };
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new(format!("{text} ▼")).config(config).ui(ui, |ui| {
            ui.set_width(260.0);
            let top = cx.document.target == Target::Top1;
            if ui.selectable_label(top, "Top class of each network").clicked() {
                cx.document.target = Target::Top1;
                ui.close();
            }
            self.list(ui, cx);
        });
    }

    fn list(&mut self, ui: &mut Ui, cx: &mut Context) {
        let field = TextEdit::singleline(&mut self.filter).hint_text("Name or number of a class");
        let field = ui.add(field);
        // Typing filters at once, but Tab may go on to the list.
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        let wanted = self.filter.to_lowercase();
        let classes = cx.document.models.iter().map(|model| model.value.graph.classes()).max();
        let fits = |class: &usize| class_name(cx.document, *class).to_lowercase().contains(&wanted);
        let classes: Vec<usize> = (0..classes.unwrap_or(0)).filter(fits).collect();
        if classes.is_empty() {
            ui.weak("no class fits");
        }
        let padding = 2.0 * ui.spacing().button_padding.y;
        let height = ui.text_style_height(&egui::TextStyle::Button) + padding;
        let list = ScrollArea::vertical().max_height(280.0).auto_shrink([false, true]);
        list.show_rows(ui, height, classes.len(), |ui, rows| {
            for class in &classes[rows] {
                let chosen = cx.document.target == Target::Class(*class);
                if ui.selectable_label(chosen, class_name(cx.document, *class)).clicked() {
                    cx.document.target = Target::Class(*class);
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
