//! Which class is explained.

use crate::explorer::context::Context;
use crate::explorer::panel::pick_list::PickList;
use crate::explorer::state::document::Document;
use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{PopupCloseBehavior, Ui};
use hyaline::engine::{ClassChoice, OpenModel};

/// Chooses the class.
#[derive(Debug, Default)]
pub struct ClassChooser {
    list: PickList,
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
        self.list.field(ui, "Find a class", "Name, WordNet id or number of a class");
        let classes = classes_found(cx.document, &self.list.text);
        if classes.is_empty() {
            ui.weak("No class has such a name, id or number");
        }
        let padding = 2.0 * ui.spacing().button_padding.y;
        let height = ui.text_style_height(&egui::TextStyle::Button) + padding;
        let explained = &cx.document.class;
        let row = |ui: &mut Ui, index: usize, is_next: bool| {
            let found: &FoundClass = &classes[index];
            let is_explained = *explained == found.choice();
            let row = ui.selectable_label(is_explained, found.name());
            if is_next && !is_explained {
                let stroke = ui.visuals().widgets.hovered.bg_stroke;
                ui.painter().rect_stroke(row.rect, 2.0, stroke, egui::StrokeKind::Inside);
            }
            row
        };
        if let Some(taken) = self.list.rows(ui, height, classes.len(), row) {
            cx.document.class = classes[taken].choice();
            self.list = PickList::default();
            ui.close();
        }
    }
}

/// A class of a network.
pub struct FoundClass {
    pub network: OpenModel,
    pub class: usize,
    /// Open networks have several sets of classes, and the name says whose it is.
    is_of_several: bool,
}

impl FoundClass {
    pub fn choice(&self) -> ClassChoice {
        ClassChoice::Named(self.network.value.named_class(self.class))
    }

    /// Index and name, and where classes differ the network.
    pub fn name(&self) -> String {
        let (model, class) = (&self.network.value, self.class);
        let of = if self.is_of_several { format!("  · {}", model.name) } else { String::new() };
        format!("{class}  {}{of}", model.labels.name(class))
    }
}

/// The classes that a text names, of every set of classes, the best first.
pub fn classes_found(document: &Document, text: &str) -> Vec<FoundClass> {
    let spaces = label_spaces(document);
    let is_of_several = spaces.len() > 1;
    let all = spaces.iter().flat_map(|of| (0..of.value.graph.classes()).map(move |c| (of, c)));
    let mut found: Vec<(usize, FoundClass)> = all
        .filter_map(|(of, class)| {
            let fit = of.value.labels.fit(class, text)?;
            Some((fit, FoundClass { network: of.clone(), class, is_of_several }))
        })
        .collect();
    found.sort_by_key(|(fit, _)| *fit);
    found.into_iter().map(|(_, class)| class).collect()
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
