//! What a network turned out to be: the load report, its input settings and its layers.

use super::layer::{self, layer_view};
use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::lookup::Lookup;
use crate::explorer::state::document::Document;
use crate::explorer::state::view::View;
use egui::{ComboBox, DragValue, Grid, RichText, ScrollArea, TextEdit, Ui, Window, vec2};
use hyaline::engine::{OpenModel, Task};
use hyaline::graph::NodeId;
use hyaline::model::report::outline;
use hyaline::model::{BatchNorms, Card, InputCard, Model, OutputCard, OutputKind};
use hyaline::parameter::{Kind, Value};
use hyaline::picture::Filter;

/// The window about one network.
#[derive(Default)]
pub struct NetworkPanel {
    /// Which network.
    shown: Option<u64>,
    draft: Option<Draft>,
    layers: bool,
    /// The network whose layers were listed in the last frame.
    listed: Option<u64>,
    /// Part of the names of layers to list.
    filter: String,
}

/// Input settings that are being changed.
#[derive(Clone, PartialEq)]
struct Draft {
    model: u64,
    size: [usize; 2],
    mean: Vec<f32>,
    std: Vec<f32>,
    resize: Filter,
    crop: f32,
    labels: String,
    output: Option<String>,
    /// None for what is found.
    kind: Option<OutputKind>,
    batch_norms: Option<BatchNorms>,
}

impl NetworkPanel {
    /// Whether the window is that of a network.
    pub fn is_of(&self, model: u64) -> bool {
        self.shown == Some(model)
    }

    pub fn show(&mut self, model: u64) {
        self.shown = Some(model);
    }

    /// Goes on with the network that took another's place.
    pub fn follow(&mut self, old: u64, new: u64) {
        if self.shown == Some(old) {
            self.shown = Some(new);
        }
    }
}

impl Draft {
    fn of(model: &OpenModel) -> Self {
        let (input, card) = (&model.value.preprocessing, &model.value.card);
        let [mean, std] = model.value.outside();
        Self {
            model: model.id,
            size: input.size,
            mean,
            std,
            resize: input.resize,
            crop: input.crop,
            labels: card.input.labels.clone().unwrap_or_default(),
            output: model.value.outputs.name.clone(),
            kind: card.output.kind,
            batch_norms: model.value.report.batch_norms,
        }
    }

    /// The network's card with what was changed.
    fn card(&self, model: &OpenModel) -> Card {
        let before = Self::of(model);
        let card = model.value.card.clone();
        let changed = (self.mean != before.mean || self.std != before.std)
            .then(|| [self.mean.clone(), self.std.clone()]);
        let [mean, std] = match changed {
            Some([mean, std]) => [Some(mean), Some(std)],
            None => [card.input.mean, card.input.std],
        };
        let labels = self.labels.trim();
        Card {
            batch_norms: self.batch_norms.or(card.batch_norms),
            input: InputCard {
                size: Some(self.size),
                mean,
                std,
                resize: Some(self.resize),
                crop: Some(self.crop),
                labels: (!labels.is_empty()).then(|| labels.to_string()),
            },
            output: OutputCard {
                kind: self.kind,
                name: match self.output == before.output {
                    true => card.output.name,
                    false => self.output.clone(),
                },
            },
            ..card
        }
    }
}

impl Panel for NetworkPanel {
    fn window(&self, ctx: &egui::Context, cx: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let window = Window::new(&self.model(cx)?.value.name)
            .default_pos(room.center() - vec2(290.0, 350.0))
            .default_size([580.0, 700.0])
            .max_size(room.size() - vec2(24.0, 48.0))
            .collapsible(false);
        Some(window)
    }

    fn tasks(&self, lookup: Lookup, _: &View) -> Vec<Task> {
        let shown = self.shown.filter(|_| self.layers);
        let model = lookup.document.models.iter().find(|open| Some(open.id) == shown);
        model.and_then(|model| lookup.layer_job(model)).map(Task::of).into_iter().collect()
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let Some(model) = self.model(cx) else { return };
        ui.horizontal(|ui| {
            ui.selectable_value(&mut self.layers, false, "Report and input");
            ui.selectable_value(&mut self.layers, true, "Layers");
        });
        ui.separator();
        if self.layers {
            return self.layer_list(ui, cx, &model);
        }
        self.listed = None;
        let scroll = ScrollArea::vertical().id_salt("report").auto_shrink([false, false]);
        scroll.show(ui, |ui| {
            report(ui, &model);
            ui.separator();
            self.input_settings(ui, cx, &model);
        });
    }
}

impl NetworkPanel {
    /// The network whose window it is, while that is open.
    fn model(&self, cx: &Context) -> Option<OpenModel> {
        cx.document.models.iter().find(|model| Some(model.id) == self.shown).cloned()
    }

    /// The layers, and what lies inside the chosen one.
    fn layer_list(&mut self, ui: &mut Ui, cx: &mut Context, model: &OpenModel) {
        let jump = self.listed.replace(model.id) != Some(model.id);
        let room = ui.available_height() - layer::HEIGHT;
        let size = vec2(ui.available_width(), room.max(120.0));
        let clicked = ui
            .allocate_ui(size, |ui| layers(ui, cx.document, &model.value, &mut self.filter, jump));
        layer_view(ui, cx, model);
        if let Some(id) = clicked.inner {
            set_layer(cx.document, &model.value, id);
        }
    }

    fn input_settings(&mut self, ui: &mut Ui, cx: &mut Context, model: &OpenModel) {
        let draft = self.draft.take().filter(|draft| draft.model == model.id);
        let mut draft = draft.unwrap_or_else(|| Draft::of(model));
        Grid::new("input settings").num_columns(2).show(ui, |ui| {
            settings(ui, &mut draft, &model.value);
        });
        ui.horizontal(|ui| {
            let changed = draft != Draft::of(model);
            if ui.add_enabled(changed, egui::Button::new("Apply")).clicked() {
                cx.act(Action::Reopen(model.clone(), draft.card(model)));
            }
            if ui.add_enabled(changed, egui::Button::new("Reset")).clicked() {
                draft = Draft::of(model);
            }
            let about = "Writes a .toml beside the weights, which is read when they are opened";
            if ui.button("Save model card").on_hover_text(about).clicked() {
                cx.act(save_card(&model.value));
            }
        });
        self.draft = Some(draft);
    }
}

/// Writes the card beside the weights; gives the message that says so.
fn save_card(model: &Model) -> Action {
    let path = model.card.weights.with_extension("toml");
    // The card that was opened may be written over; another's may not.
    let own = model.path == path;
    match model.full_card().write(&path, own) {
        Ok(()) => Action::Info(format!("wrote {}", path.display())),
        Err(error) => Action::Warn(error.to_string()),
    }
}

fn report(ui: &mut Ui, model: &OpenModel) {
    Grid::new("report").num_columns(2).striped(true).show(ui, |ui| {
        for (key, value) in model.value.facts() {
            ui.label(RichText::new(key).weak());
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        }
        for warning in &model.value.warnings {
            ui.label(RichText::new("warning").color(ui.visuals().warn_fg_color));
            ui.add(egui::Label::new(warning).wrap());
            ui.end_row();
        }
    });
}

fn settings(ui: &mut Ui, draft: &mut Draft, model: &Model) {
    let label = ui.label("Size, px").id;
    ui.horizontal(|ui| {
        for side in &mut draft.size {
            ui.add(DragValue::new(side).range(1..=4096)).labelled_by(label);
        }
        ui.weak("height × width");
    });
    ui.end_row();
    for (name, values) in [("Mean", &mut draft.mean), ("Std", &mut draft.std)] {
        let label = ui.label(name).id;
        ui.horizontal(|ui| {
            for value in values {
                let field = DragValue::new(value).range(0.0..=10.0).speed(0.001).max_decimals(4);
                ui.add(field).labelled_by(label);
            }
            if model.report.pixels.is_some() {
                ui.weak("before what the network does itself");
            }
        });
        ui.end_row();
    }
    ui.label("Resize");
    ComboBox::from_id_salt("resize").selected_text(format!("{:?}", draft.resize)).show_ui(
        ui,
        |ui| {
            for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
                ui.selectable_value(&mut draft.resize, filter, format!("{filter:?}"));
            }
        },
    );
    ui.end_row();
    let label = ui.label("Centre crop").id;
    ui.add(DragValue::new(&mut draft.crop).range(0.1..=1.0).speed(0.005)).labelled_by(label);
    ui.end_row();
    let label = ui.label("Labels").id;
    ui.add(TextEdit::singleline(&mut draft.labels).hint_text("imagenet, cifar10, mnist or a file"))
        .labelled_by(label);
    ui.end_row();
    output_settings(ui, draft, model);
    if let Some(chosen) = &mut draft.batch_norms {
        ui.label("Batch norms");
        ui.horizontal(|ui| {
            ui.selectable_value(chosen, BatchNorms::Main, "main");
            ui.selectable_value(chosen, BatchNorms::Auxiliary, "auxiliary")
                .on_hover_text("Those that adversarial pictures went through in AdvProp training");
        });
        ui.end_row();
    }
}

/// Which output is used, where there are several, and what it is.
fn output_settings(ui: &mut Ui, draft: &mut Draft, model: &Model) {
    let choices = &model.outputs.choices;
    if let Some(chosen) = draft.output.as_mut().filter(|_| choices.len() > 1) {
        let label = ui.label("Output").id;
        let combo = ComboBox::from_id_salt("output").selected_text(chosen.as_str());
        let combo = combo.show_ui(ui, |ui| {
            for (name, shape) in choices {
                ui.selectable_value(chosen, name.clone(), format!("{name} {shape}"));
            }
        });
        combo.response.labelled_by(label);
        ui.end_row();
    }
    let label = ui.label("Outputs are").id;
    let text = draft.kind.map_or("as found", OutputKind::text);
    let combo = ComboBox::from_id_salt("kind of outputs").selected_text(text).width(260.0);
    let combo = combo.show_ui(ui, |ui| {
        ui.selectable_value(&mut draft.kind, None, "as found");
        for kind in OutputKind::ALL {
            ui.selectable_value(&mut draft.kind, Some(kind), kind.text());
        }
    });
    combo.response.labelled_by(label);
    ui.end_row();
}

/// The tree of nodes; a click on a spatial one makes it the layer of the methods.
fn layers(
    ui: &mut Ui,
    document: &Document,
    model: &Model,
    filter: &mut String,
    jump: bool,
) -> Option<NodeId> {
    let graph = &model.graph;
    let (chosen, automatic) = (document.layer_of(model), graph.default_cam_layer());
    ui.horizontal(|ui| {
        ui.add(
            TextEdit::singleline(filter).hint_text("Part of a name or kind").desired_width(160.0),
        );
        ui.weak("click one to explain by it");
    });
    let wanted = filter.to_lowercase();
    let mut lines = outline(graph);
    if !wanted.is_empty() {
        lines.retain(|line| {
            line.node.is_some_and(|id| {
                let node = graph.node(id);
                node.name.to_lowercase().contains(&wanted) || node.op.kind().contains(&wanted)
            })
        });
    }
    let mut clicked = None;
    let height =
        ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
    // The list opens where the chosen layer is.
    let row = lines.iter().position(|line| line.node.is_some() && line.node == chosen).unwrap_or(0);
    let start = (row as f32 - 4.0).max(0.0) * (height + ui.spacing().item_spacing.y);
    let list = ScrollArea::vertical().id_salt("layers").auto_shrink([false, false]);
    let list = if jump { list.vertical_scroll_offset(start) } else { list };
    list.show_rows(ui, height, lines.len(), |ui, range| {
        for line in &lines[range] {
            ui.horizontal(|ui| {
                ui.add_space(12.0 * line.depth as f32);
                let Some(id) = line.node else {
                    ui.weak(&line.name);
                    return;
                };
                let node = graph.node(id);
                let name = if wanted.is_empty() { &line.name } else { &node.name };
                let usable = graph.is_spatial(id);
                let button = egui::Button::selectable(chosen == Some(id), name.as_str());
                if ui.add_enabled(usable, button).on_hover_text(&node.name).clicked() {
                    clicked = Some(id);
                }
                ui.weak(format!("{}  {}", node.op.kind(), node.shape));
                if automatic == Some(id) {
                    ui.weak("· automatic choice");
                }
            });
        }
    });
    clicked
}

/// Makes a node the layer of every method that looks at one; the default one is automatic again.
fn set_layer(document: &mut Document, model: &Model, id: NodeId) {
    let automatic = model.graph.default_cam_layer() == Some(id);
    let name = (!automatic).then(|| model.graph.node(id).name.clone());
    for choice in &mut document.methods {
        for parameter in choice.method.description().parameters {
            if matches!(parameter.kind, Kind::Layer) {
                choice.values.insert(parameter.id, Value::Layer(name.clone()));
            }
        }
    }
}
