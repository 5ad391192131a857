//! The palette: anything by a few letters of its name, or by a word that people have for it.

mod entry;
mod fit;
mod setting;

use super::super::context::Context;
use crate::explorer::panel::pick_list::PickList;
use egui::{Align2, Area, Frame, Key, Label, Order, RichText, Sense, Ui, vec2};
use entry::{Entry, Found, entries};

/// The palette while it is open.
#[derive(Debug, Default)]
pub struct Palette {
    list: PickList,
    is_open: bool,
}

const WIDTH: f32 = 520.0;
/// Height of a line, points.
const ROW: f32 = 22.0;

impl Palette {
    pub fn open(&mut self) {
        *self = Self { is_open: true, ..Self::default() };
    }

    pub fn show(&mut self, ctx: &egui::Context, cx: &mut Context) {
        if !self.is_open {
            return;
        }
        let mut done = None;
        let area = Area::new(egui::Id::unique("palette"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 60.0))
            .show(ctx, |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.set_width(WIDTH.min(ctx.content_rect().width() - 40.0));
                    done = self.ui(ui, cx);
                });
            });
        let is_elsewhere = ctx.input(|input| input.pointer.any_pressed())
            && ctx.pointer_latest_pos().is_some_and(|at| !area.response.rect.contains(at));
        if is_elsewhere || ctx.input(|input| input.key_pressed(Key::Escape)) {
            self.is_open = false;
        }
        // What can't be done says so in its line, and the palette stays.
        if let Some(entry) = done.filter(|entry| entry.obstacle.is_none()) {
            self.is_open = false;
            entry.run(cx);
        }
    }

    /// The field and what it finds; gives what was chosen.
    fn ui(&mut self, ui: &mut Ui, cx: &Context) -> Option<Entry> {
        let hint = "A command, method, network, picture, class or setting";
        self.list.field(ui, "Find a command", hint);
        let mut entries = entries(&self.list.text, cx.document, |command| cx.obstacle(command));
        if entries.is_empty() {
            ui.weak("Nothing has such a name");
        }
        let row = |ui: &mut Ui, index: usize, is_chosen: bool| {
            palette_row(ui, cx, &entries[index], is_chosen)
        };
        let taken = self.list.rows(ui, ROW, entries.len(), row)?;
        Some(entries.swap_remove(taken))
    }
}

fn palette_row(ui: &mut Ui, cx: &Context, entry: &Entry, is_chosen: bool) -> egui::Response {
    let (rect, row) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let can = entry.obstacle.is_none();
    let spoken = match entry.obstacle {
        Some(why) => format!("{}: {why}", entry.name),
        None => entry.name.clone(),
    };
    row.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, can, is_chosen, &spoken));
    let visuals = ui.style().interact_selectable(&row, is_chosen);
    if is_chosen || row.hovered() {
        ui.painter().rect_filled(rect, 3.0, visuals.weak_bg_fill);
    }
    let kind = entry.kind(cx.document);
    let right = match entry.found {
        Found::Command(command) => command.keys(ui.ctx()),
        _ => kind.to_string(),
    };
    let colour = if can { visuals.text_color() } else { ui.visuals().weak_text_color() };
    let name = RichText::new(&entry.name).color(colour);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 0.0))), |ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add(Label::new(RichText::new(right).weak()).selectable(false));
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(Label::new(name).selectable(false).truncate());
                if let Some(why) = entry.obstacle {
                    let why = RichText::new(why).weak().small();
                    ui.add(Label::new(why).selectable(false).truncate());
                }
            });
        });
    });
    match entry.found {
        Found::Command(command) => row.on_hover_text(command.row().help),
        _ => row,
    }
}
