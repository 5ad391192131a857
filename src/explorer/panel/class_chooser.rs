//! Which class is explained.

use crate::engine::{ClassChoice, OpenModel};
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
        let text = match &cx.document.class {
            ClassChoice::Top1 => "top class of each network".into(),
            ClassChoice::Index(class) => format!("{class}"),
            ClassChoice::Named(class) => format!("{}  {}", class.index, class.name),
        };
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new(format!("{text} ▼")).config(config).ui(ui, |ui| {
            ui.set_width(260.0);
            let top = cx.document.class.is_top1();
            if ui.selectable_label(top, "Top class of each network").clicked() {
                cx.document.class = ClassChoice::Top1;
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
        let spaces = label_spaces(cx.document);
        let all = spaces.iter().flat_map(|of| (0..of.value.graph.classes()).map(move |c| (of, c)));
        let named = all.map(|(of, class)| (of, class, class_name(of, class, spaces.len() > 1)));
        let fits = |name: &str| name.to_lowercase().contains(&wanted);
        let classes: Vec<_> = named.filter(|(.., name)| fits(name)).collect();
        if classes.is_empty() {
            ui.weak("no class fits");
        }
        let padding = 2.0 * ui.spacing().button_padding.y;
        let height = ui.text_style_height(&egui::TextStyle::Button) + padding;
        let list = ScrollArea::vertical().max_height(280.0).auto_shrink([false, true]);
        list.show_rows(ui, height, classes.len(), |ui, rows| {
            for (of, class, name) in &classes[rows] {
                let choice = ClassChoice::Named(of.value.named_class(*class));
                if ui.selectable_label(cx.document.class == choice, name).clicked() {
                    cx.document.class = choice;
                    ui.close();
                }
            }
        });
    }
}

/// The first network of each set of classes that open networks have.
fn label_spaces(document: &Document) -> Vec<OpenModel> {
    let mut spaces: Vec<OpenModel> = vec![];
    for open in &document.models {
        let has_same = |of: &OpenModel| {
            of.value.graph.classes() == open.value.graph.classes()
                && of.value.labels == open.value.labels
        };
        if !spaces.iter().any(has_same) {
            spaces.push(open.clone());
        }
    }
    spaces
}

/// Index and name of a class of a network, and where classes differ the network.
fn class_name(of: &OpenModel, class: usize, is_of_several: bool) -> String {
    let model = &of.value;
    let network = if is_of_several { format!("  · {}", model.name) } else { String::new() };
    format!("{class}  {}{network}", model.labels.name(class))
}
