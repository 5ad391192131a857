//! What is open, and which methods are shown.

use crate::explorer::command::Command;
use crate::explorer::context::Context;
use crate::explorer::files::dropped::Target;
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::theme;
use crate::explorer::panel::filter::{MANY, filter_field, is_match, share};
use crate::explorer::panel::networks_list::{ROW, networks_list};
use crate::explorer::panel::side::side_panel;
use crate::explorer::state::document::Document;
use crate::explorer::state::side_panel::SidePanel;
use egui::{ComboBox, DragValue, ScrollArea, Sense, TextEdit, Ui, vec2};
use hyaline::attribution::{Cost, Family, METHODS, PRESETS};
use hyaline::engine::{MethodChoice, OpenModel, OpenPicture};
use hyaline::parameter::{Kind, Parameter, Value, Values};
use hyaline::text::duration;
use std::collections::HashMap;

/// Height of a picture in the list, points.
const PICTURE: f32 = theme::THUMBNAIL + 4.0;
/// Height of the names of lists and what is between these, about, and of a field to find entries, points.
const HEADINGS: f32 = 130.0;
const FIELD: f32 = 28.0;

/// The list of what is open and of the methods.
#[derive(Default)]
pub struct LibraryPanel {
    /// Part of the names of methods to list.
    filter: String,
    /// The same of networks and of pictures.
    networks: String,
    pictures: String,
    drafts: Drafts,
}

impl LibraryPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        side_panel(ui, cx, (SidePanel::Library, 246.0), |ui, cx| {
            // Beside what it scrolls, not over it.
            ui.spacing_mut().scroll = egui::style::ScrollStyle::solid();
            ui.add_space(theme::GAP / 2.0);
            let lists = [cx.document.models.len(), cx.document.pictures.len()];
            let needs = [lists[0] as f32 * ROW, lists[1] as f32 * (PICTURE + 5.0)];
            let fields = lists.iter().filter(|entries| **entries > MANY).count() as f32;
            let [networks, pictures] =
                share(ui.available_height() - HEADINGS - fields * FIELD, needs);
            let shown = cx.document.shown_models().count();
            heading(ui, cx, ("Networks", shown, lists[0]), Command::OpenModels);
            networks_list(ui, cx, &mut self.networks, networks);
            ui.separator();
            self.pictures_list(ui, cx, pictures);
            ui.separator();
            self.methods_list(ui, cx);
        });
    }

    fn pictures_list(&mut self, ui: &mut Ui, cx: &mut Context, height: f32) {
        let count = cx.document.pictures.len();
        if count <= MANY {
            self.pictures.clear();
        }
        let name =
            |index: &usize| is_match(&self.pictures, &[&cx.document.pictures[*index].value.name]);
        let found: Vec<usize> = (0..count).filter(name).collect();
        heading(ui, cx, ("Pictures", found.len(), count), Command::OpenPictures);
        if count == 0 {
            ui.weak("none open");
        }
        if count > MANY {
            filter_field(ui, &mut self.pictures, "Find a picture");
        }
        let mut remove = None;
        ScrollArea::vertical()
            .id_salt("pictures")
            .max_height(height)
            .auto_shrink([false, true])
            .show_rows(ui, PICTURE, found.len(), |ui, range| {
                for index in found.get(range).unwrap_or_default() {
                    let size = vec2(ui.available_width(), PICTURE);
                    let place = egui::Rect::from_min_size(ui.cursor().left_top(), size);
                    let target = Target::Picture(cx.document.pictures[*index].id);
                    cx.frame.drops.add(ui, place, target);
                    if picture_row(ui, cx.document, &cx.frame.thumbnails, *index, PICTURE) {
                        remove = Some(*index);
                    }
                }
            });
        if let Some(index) = remove {
            cx.document.remove_picture(index);
        }
    }

    fn methods_list(&mut self, ui: &mut Ui, cx: &mut Context) {
        ui.horizontal(|ui| {
            ui.strong("Methods");
            ui.weak(format!("{} shown", cx.document.shown_methods().count()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.menu_button("Presets", |ui| presets_menu(ui, cx))
                    .response
                    .on_hover_text("Methods with the settings of a paper");
            });
        });
        filter_field(ui, &mut self.filter, "Find a method");
        let wanted = self.filter.trim().to_lowercase();
        ScrollArea::vertical().id_salt("methods").auto_shrink([false, false]).show(ui, |ui| {
            self.families(ui, cx, &wanted);
        });
    }

    fn families(&mut self, ui: &mut Ui, cx: &mut Context, wanted: &str) {
        for family in Family::ALL {
            let mut rows: Vec<&mut MethodChoice> = cx
                .document
                .methods
                .iter_mut()
                .filter(|choice| {
                    let description = choice.method.description();
                    description.family == family
                        && (description.name.to_lowercase().contains(wanted)
                            || description.id.contains(wanted))
                })
                .collect();
            if rows.is_empty() {
                continue;
            }
            // In the registry's order, whatever that of the grid's rows.
            let place = |id| METHODS.iter().position(|method| method.description().id == id);
            rows.sort_by_key(|choice| place(choice.method.description().id));
            let shown = rows.iter().filter(|choice| choice.shown).count();
            let title = match shown {
                0 => family.name().to_string(),
                _ => format!("{} · {shown} shown", family.name()),
            };
            egui::CollapsingHeader::new(title)
                .id_salt(family.name())
                .default_open(matches!(family, Family::Gradient | Family::Cam))
                .open((!wanted.is_empty()).then_some(true))
                .show(ui, |ui| {
                    for choice in rows {
                        let open = (&*cx.document.models, &*cx.document.pictures);
                        method_row(ui, choice, open, &mut self.drafts);
                    }
                });
        }
    }
}

/// The name of a list, how many of its entries are shown, and a command at its right, or, where there is
/// no room, below.
fn heading(
    ui: &mut Ui,
    cx: &mut Context,
    (name, shown, all): (&str, usize, usize),
    command: Command,
) {
    const ROOM: f32 = 220.0;
    let title = |ui: &mut Ui| {
        ui.strong(name);
        match all {
            0 => {}
            _ if shown == all => drop(ui.weak(all.to_string())),
            _ => drop(ui.weak(format!("{shown} of {all}"))),
        }
    };
    if ui.available_width() < ROOM {
        ui.horizontal(title);
        return cx.command_button(ui, command);
    }
    ui.horizontal(|ui| {
        title(ui);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            cx.command_button(ui, command);
        });
    });
}

fn presets_menu(ui: &mut Ui, cx: &mut Context) {
    for preset in PRESETS {
        let names: Vec<_> =
            preset.choices().iter().map(|(method, _)| method.description().name).collect();
        let about = format!("{}\n{}", preset.source, names.join(", "));
        if ui.button(preset.name).on_hover_text(about).clicked() {
            cx.document.take(preset);
            ui.close();
        }
    }
    ui.separator();
    if ui.button("Hide all methods").clicked() {
        cx.document.methods.iter_mut().for_each(|choice| choice.shown = false);
        ui.close();
    }
    if ui.button("Defaults").on_hover_text("Of every parameter, and of what is shown").clicked() {
        cx.document.methods = Document::default().methods;
        ui.close();
    }
}

/// A button that closes something, named for people who can't see where it stands.
pub fn close_button(ui: &mut Ui, what: &str) -> bool {
    let text = format!("Close {what}");
    let button = ui.small_button("×").on_hover_text(&text);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
    button.clicked()
}

/// One picture; true when it is to be closed.
fn picture_row(
    ui: &mut Ui,
    document: &mut Document,
    thumbnails: &HashMap<u64, egui::TextureHandle>,
    index: usize,
    height: f32,
) -> bool {
    let picture = document.pictures[index].clone();
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let selected = document.selected == index;
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, &picture.value.name)
    });
    if response.clicked() {
        document.selected = index;
    }
    let visuals = ui.style().interact_selectable(&response, selected);
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, visuals.corner_radius, visuals.weak_bg_fill);
    }
    show_focus(ui, &response);
    let mut close = false;
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect.shrink(2.0)), |ui| {
        ui.horizontal_centered(|ui| {
            if let Some(texture) = thumbnails.get(&picture.id) {
                let size = egui::Vec2::splat(theme::THUMBNAIL);
                ui.add(
                    egui::Image::new(texture).fit_to_exact_size(size).alt_text(&picture.value.name),
                );
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                close = close_button(ui, &picture.value.name);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let (width, height) = picture.value.size();
                    ui.vertical(|ui| {
                        ui.add(egui::Label::new(&picture.value.name).truncate().selectable(false));
                        ui.add(
                            egui::Label::new(
                                egui::RichText::new(format!("{width}×{height}")).weak(),
                            )
                            .selectable(false),
                        );
                    });
                });
            });
        });
    });
    close
}

/// Values that were changed and wait to be applied, by method.
type Drafts = HashMap<&'static str, Draft>;

/// Values that wait, and those that they were changed from.
struct Draft {
    base: Values,
    values: Values,
}

/// One method with its parameters.
fn method_row(
    ui: &mut Ui,
    choice: &mut MethodChoice,
    (models, pictures): (&[OpenModel], &[OpenPicture]),
    drafts: &mut Drafts,
) {
    let description = choice.method.description();
    // A draft of values that are no more, because of undo or a preset, is none.
    let waiting = drafts.get(description.id).filter(|draft| draft.base == choice.values);
    let waits = waiting.is_some();
    let values = waiting.map_or(&choice.values, |draft| &draft.values).clone();
    let mut draft = MethodChoice { values, ..choice.clone() };
    let cost = Expense::of(&draft, models);
    let about = format!("{}\n{}\n{}", description.formula, description.paper, cost.text);
    if description.parameters.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(18.0);
            ui.checkbox(&mut choice.shown, description.name).on_hover_text(about);
        });
        return;
    }
    let id = ui.make_persistent_id(description.id);
    egui::collapsing_header::CollapsingState::load_with_default_open(ui.ctx(), id, false)
        .show_header(ui, |ui| {
            ui.checkbox(&mut choice.shown, description.name).on_hover_text(about);
            if cost.slow {
                ui.weak("slow").on_hover_text(&cost.text);
            }
        })
        .body(|ui| {
            ui.add(egui::Label::new(egui::RichText::new(&cost.text).weak().small()).wrap());
            for parameter in description.parameters {
                parameter_row(ui, parameter, &mut draft, pictures);
            }
            let is_changed = draft.values != choice.values;
            // Slow methods wait for Apply, fast ones follow at once.
            if !(is_changed && choice.shown && (waits || Expense::of(&draft, models).slow)) {
                drafts.remove(description.id);
                choice.values = draft.values;
                return;
            }
            let (base, values) = (choice.values.clone(), draft.values.clone());
            drafts.insert(description.id, Draft { base, values });
            ui.horizontal(|ui| {
                if ui.button("Apply").on_hover_text(&cost.text).clicked() {
                    choice.values = draft.values.clone();
                }
                if ui.button("Revert").clicked() {
                    drafts.remove(description.id);
                }
            });
        });
}

/// Whether a shown method takes long.
pub fn shows_slow_methods(document: &Document) -> bool {
    document.shown_methods().any(|choice| Expense::of(choice, &document.models).slow)
}

/// Passes that take long on most networks.
const MANY_PASSES: usize = 500;

/// What one picture's maps of a method cost on all open networks.
struct Expense {
    text: String,
    slow: bool,
}

impl Expense {
    fn of(choice: &MethodChoice, models: &[OpenModel]) -> Self {
        if models.is_empty() {
            let text = format!("Costs {}", choice.method.description().passes);
            return Self { text, slow: false };
        }
        let costs =
            models.iter().map(|model| choice.method.cost(&choice.values, &model.value.graph));
        let passes: Cost = costs.clone().sum();
        let seconds = models
            .iter()
            .zip(costs)
            .map(|(model, cost)| model.value.pass_times().map(|pace| cost.seconds(pace)));
        let seconds: Option<f64> = seconds.sum();
        let time =
            seconds.map_or(String::new(), |seconds| format!(", about {}", duration(seconds)));
        Self {
            text: format!("Costs {passes}{time}"),
            // Before the pace is known, many passes are taken for slow.
            slow: seconds.map_or(passes.forwards + passes.backwards > MANY_PASSES, |seconds| {
                seconds >= Cost::SLOW_SECONDS
            }),
        }
    }
}

fn parameter_row(
    ui: &mut Ui,
    parameter: &'static Parameter,
    choice: &mut MethodChoice,
    pictures: &[OpenPicture],
) {
    let mut value = choice.values.get(parameter.id).clone();
    ui.horizontal(|ui| {
        let about = format!(
            "{}\nDefault: {} ({})",
            parameter.help,
            parameter.default_value(),
            parameter.source
        );
        let label = ui.label(parameter.id).on_hover_text(&about);
        let field = match (&mut value, &parameter.kind) {
            (Value::Integer(value), Kind::Integer { min, max, .. }) => {
                ui.add(DragValue::new(value).range(*min..=*max).update_while_editing(false))
            }
            (Value::Real(value), Kind::Real { min, max, .. }) => ui.add(
                DragValue::new(value).range(*min..=*max).update_while_editing(false).speed(0.005),
            ),
            (Value::Choice(value), Kind::Choice { options, .. }) => {
                ComboBox::from_id_salt((choice.method.description().id, parameter.id))
                    .selected_text(*value)
                    .show_ui(ui, |ui| {
                        for option in *options {
                            ui.selectable_value(value, option, *option);
                        }
                    })
                    .response
            }
            (Value::Reals(values), Kind::Reals { .. }) => {
                reals_field(ui, values, parameter, choice)
            }
            (Value::Baseline(value), Kind::Baseline { options, .. }) => {
                baseline_field(ui, value, options, choice.method.description().id, pictures)
            }
            (Value::Layer(value), _) => layer_field(ui, value, choice.method.description().id),
            _ => unreachable!("values have the types of their parameters"),
        };
        field.labelled_by(label.id).on_hover_text(about);
    });
    choice.values.insert(parameter.id, value);
}

/// A line of text that counts when the field is left: then what was written, else none.
fn text_field(
    ui: &mut Ui,
    shown: String,
    hint: &str,
    id: egui::Id,
) -> (egui::Response, Option<String>) {
    let draft = ui.data(|data| data.get_temp::<String>(id));
    let mut text = draft.unwrap_or(shown);
    let field = ui.add(TextEdit::singleline(&mut text).hint_text(hint).desired_width(110.0));
    if field.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
        return (field, None);
    }
    let left = field.lost_focus();
    if left {
        ui.data_mut(|data| data.remove::<String>(id));
    }
    (field, left.then(|| text.trim().to_string()))
}

/// Nodes' names.
fn layer_field(ui: &mut Ui, value: &mut Option<String>, method: &str) -> egui::Response {
    let id = ui.make_persistent_id(("layer", method));
    let (field, written) = text_field(ui, value.clone().unwrap_or_default(), "auto", id);
    if let Some(name) = written {
        *value = (!name.is_empty() && name != "auto").then_some(name);
    }
    field
}

/// Numbers with commas; what is none of them changes nothing.
fn reals_field(
    ui: &mut Ui,
    values: &mut Vec<f64>,
    parameter: &Parameter,
    choice: &MethodChoice,
) -> egui::Response {
    let id = ui.make_persistent_id((parameter.id, choice.method.description().id));
    let (field, written) = text_field(ui, Value::Reals(values.clone()).to_string(), "", id);
    if let Some(Value::Reals(read)) = written.and_then(|text| parameter.parse(&text)) {
        *values = read;
    }
    field
}

/// One of the options, or one of the open pictures.
fn baseline_field(
    ui: &mut Ui,
    value: &mut String,
    options: &[&'static str],
    method: &str,
    pictures: &[OpenPicture],
) -> egui::Response {
    let name = |value: &str| {
        let file = std::path::Path::new(value).file_name();
        file.map_or_else(|| value.to_string(), |name| name.to_string_lossy().into_owned())
    };
    ComboBox::from_id_salt((method, "baseline"))
        .selected_text(name(value))
        .show_ui(ui, |ui| {
            for option in options {
                ui.selectable_value(value, (*option).to_string(), *option);
            }
            for picture in pictures {
                let path = picture.value.path.to_string_lossy().into_owned();
                ui.selectable_value(value, path, &picture.value.name);
            }
        })
        .response
}
