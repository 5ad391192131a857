//! The networks that are open, those of one architecture together, each shown or hidden.

use crate::explorer::context::{Action, Context};
use crate::explorer::files::dropped::Target;
use crate::explorer::panel::filter::{MANY, filter_field, is_match};
use crate::explorer::panel::guesses::guesses_badge;
use crate::explorer::panel::library::close_button;
use egui::collapsing_header::CollapsingState;
use egui::{Checkbox, Label, RichText, ScrollArea, Sense, Ui, Widget, WidgetInfo};
use hyaline::engine::OpenModel;

/// Height of a network in the list, about, points.
pub const ROW: f32 = 44.0;

/// What a click in the list asks for.
enum Click {
    Close(u64),
    Details(u64),
    Show(Vec<u64>, bool),
}

/// The networks, no higher than is said.
pub fn networks_list(ui: &mut Ui, cx: &mut Context, filter: &mut String, height: f32) {
    let models = &cx.document.models;
    if models.is_empty() {
        return drop(ui.weak("none open"));
    }
    if models.len() > MANY {
        filter_field(ui, filter, "Find a network");
    } else {
        filter.clear();
    }
    let is_found =
        |open: &&OpenModel| is_match(filter, &[&open.value.name, &open.value.architecture]);
    let found: Vec<OpenModel> = models.iter().filter(is_found).cloned().collect();
    let groups = grouped(found.iter().map(|open| open.value.architecture.as_str()));
    let is_flat = found.len() <= MANY || groups.len() == 1;
    let mut click = None;
    let area = ScrollArea::vertical().id_salt("networks").max_height(height);
    area.auto_shrink([false, true]).show(ui, |ui| {
        if is_flat {
            for open in &found {
                network_row(ui, cx, open, &mut click);
            }
        } else {
            for group in &groups {
                group_rows(ui, cx, (&found, group), &mut click);
            }
        }
    });
    match click {
        Some(Click::Close(id)) => cx.document.models.retain(|open| open.id != id),
        Some(Click::Details(id)) => cx.act(Action::ToggleNetwork(id)),
        Some(Click::Show(ids, is_shown)) => {
            for id in ids {
                cx.document.set_shown(id, is_shown);
            }
        }
        None => {}
    }
}

/// Entries of the same kind, by their indices, in the order of the first of each.
fn grouped<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = vec![];
    for (index, kind) in kinds.enumerate() {
        match groups.iter_mut().find(|(of, _)| of == kind) {
            Some((_, members)) => members.push(index),
            None => groups.push((kind.to_string(), vec![index])),
        }
    }
    groups
}

/// The networks of one architecture, shown and hidden together.
fn group_rows(
    ui: &mut Ui,
    cx: &mut Context,
    (found, (name, members)): (&[OpenModel], &(String, Vec<usize>)),
    click: &mut Option<Click>,
) {
    let ids: Vec<u64> = members.iter().map(|member| found[*member].id).collect();
    let shown = ids.iter().filter(|id| cx.document.is_shown(**id)).count();
    let id = ui.make_persistent_id(("networks of", name));
    CollapsingState::load_with_default_open(ui.ctx(), id, true)
        .show_header(ui, |ui| {
            let is_part = 0 < shown && shown < ids.len();
            if show_box(ui, shown == ids.len(), is_part, &format!("all of {name}")) {
                *click = Some(Click::Show(ids.clone(), shown < ids.len()));
            }
            let count = match shown == ids.len() {
                true => ids.len().to_string(),
                false => format!("{shown} of {} shown", ids.len()),
            };
            ui.add(Label::new(format!("{name} · {count}")).truncate());
        })
        .body_unindented(|ui| {
            for member in members {
                network_row(ui, cx, &found[*member], click);
            }
        });
}

fn network_row(ui: &mut Ui, cx: &mut Context, open: &OpenModel, click: &mut Option<Click>) {
    let model = &open.value;
    let is_shown = cx.document.is_shown(open.id);
    let row = ui.horizontal(|ui| {
        if close_button(ui, &model.name) {
            *click = Some(Click::Close(open.id));
        }
        if show_box(ui, is_shown, false, &model.name) {
            *click = Some(Click::Show(vec![open.id], !is_shown));
        }
        ui.vertical(|ui| {
            let name = RichText::new(&model.name);
            let name = if is_shown { name } else { name.weak().strikethrough() };
            let about = format!("{}\nClick for its details", model.path.display());
            let name =
                ui.add(Label::new(name).truncate().sense(Sense::click())).on_hover_text(about);
            let text = format!("Details of {}", model.name);
            name.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &text));
            if name.clicked() {
                *click = Some(Click::Details(open.id));
            }
            let training = model
                .training
                .as_ref()
                .map_or("Unlabelled (set vanilla or robust)", |t| t.kind.as_str());
            let about = RichText::new(format!("{} · {training}", model.architecture)).weak();
            ui.horizontal(|ui| {
                guesses_badge(ui, cx, open);
                ui.add(Label::new(about).truncate());
            });
        });
    });
    cx.frame.drops.add(ui, row.response.rect, Target::Network(open.id));
}

/// A box with a tick where something is shown, or a bar where a part is; true when it is clicked.
fn show_box(ui: &mut Ui, is_shown: bool, is_part: bool, what: &str) -> bool {
    let text = format!("{} {what}", if is_shown { "Hide" } else { "Show" });
    let field = Checkbox::without_text(&mut is_shown.clone()).indeterminate(is_part).ui(ui);
    let field = field.on_hover_text(&text);
    field.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, is_shown, &text));
    field.clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_one_architecture_stand_together_in_their_order() {
        let groups = grouped(["ResNet-20", "LeNet5", "ResNet-20"].into_iter());
        assert_eq!(
            groups,
            [("ResNet-20".to_string(), vec![0, 2]), ("LeNet5".to_string(), vec![1])]
        );
    }
}
