//! The comparison: methods as rows, networks as columns.

use super::cell::{Cell, Look, label, number};
use super::document::{MethodChoice, OpenModel, OpenPicture};
use super::inspector::shadowed;
use super::view_transform::magnification;
use super::{Explorer, theme};
use crate::figure::{ColorMap, Scale, Scope};
use egui::{
    Align, Align2, CentralPanel, FontId, Layout, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2,
};
use ndarray::Array3;
use std::sync::Arc;

impl Explorer {
    pub(super) fn grid(&mut self, ui: &mut Ui) {
        CentralPanel::default().show(ui, |ui| {
            let Some(picture) = self.document.picture().cloned() else {
                return hint(ui, "Open a picture to see what the networks look at");
            };
            if self.document.models.is_empty() {
                return hint(ui, "Open a network to explain this picture");
            }
            self.row_header = theme::row_header(ui.available_width());
            let (models, methods) = self.shown_axes();
            let joined = self.document.joined().filter(|_| self.view.alone.is_none());
            let columns = models.len() + usize::from(joined.is_some());
            let side = self.cell_side(ui.available_size(), columns);
            self.shown_cell = side;
            self.magnification = models
                .iter()
                .map(|model| picture.value.placement(&model.value.preprocessing))
                .map(|placement| magnification(vec2(side, side), &placement))
                .fold(0.0, f32::max);
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
                if self.view.alone.is_none() {
                    self.header(ui, &picture, &models, joined.as_ref(), side);
                }
                for choice in &methods {
                    self.row(ui, (&picture, &models, joined.as_ref(), choice), side);
                }
                if methods.is_empty() {
                    ui.weak("Choose a method in the library on the left");
                }
            });
        });
    }

    /// The networks and methods shown: all, or those of the one cell that is shown alone.
    fn shown_axes(&mut self) -> (Vec<OpenModel>, Vec<MethodChoice>) {
        let (mut models, mut methods): (Vec<_>, Vec<_>) =
            (self.document.models.clone(), self.document.shown_methods().cloned().collect());
        if let Some((model, method)) = self.view.alone {
            let is_method = |choice: &MethodChoice| choice.method.description().id == method;
            let is_there = models.iter().any(|open| open.id == model);
            if is_there && methods.iter().any(is_method) {
                models.retain(|open| open.id == model);
                methods.retain(is_method);
            } else {
                self.view.alone = None;
            }
        }
        (models, methods)
    }

    fn cell_side(&self, room: egui::Vec2, columns: usize) -> f32 {
        let width = room.x - self.row_header - theme::COLOR_BAR - 24.0;
        if self.view.alone.is_some() {
            let footer = 40.0;
            return width.min(room.y - footer).max(*theme::CELL.start()).floor();
        }
        let room = width / columns as f32 - theme::GAP;
        self.view
            .cell
            .unwrap_or_else(|| room.clamp(*theme::CELL.start(), theme::COMFORTABLE_CELL))
            .floor()
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        (picture, models, joined, choice): (
            &OpenPicture,
            &[OpenModel],
            Option<&[OpenModel; 2]>,
            &MethodChoice,
        ),
        side: f32,
    ) {
        let description = choice.method.description();
        let sign = self.view.norm.sign(description);
        let color_map = self.view.color_map.unwrap_or_else(|| ColorMap::for_sign(sign));
        let cells: Vec<Cell> =
            models.iter().map(|model| self.cell(picture, model, choice)).collect();
        let maps: Vec<&Arc<Array3<f32>>> = cells.iter().filter_map(Cell::map).collect();
        let shared = (!maps.is_empty() && self.view.norm.scope == Scope::Row)
            .then(|| self.display.scale(&maps, sign));
        let look = Look { sign, color_map, shared, side };
        let place = |id: u64| models.iter().position(|open| open.id == id);
        let places = joined.and_then(|[a, b]| Some([place(a.id)?, place(b.id)?]));
        let swapped = places.filter(|_| self.is_swapped(ui));
        ui.horizontal_top(|ui| {
            column(ui, self.row_header, |ui| {
                if self.view.alone.is_some() {
                    let names = models.iter().map(|open| open.value.name.as_str());
                    names.for_each(|name| drop(ui.add(egui::Label::new(name).wrap())));
                }
                method_header(ui, choice);
            });
            for index in 0..models.len() {
                let shown = swapped.map_or(index, |places| other(index, places));
                let of = (picture, &models[shown], choice);
                column(ui, side, |ui| {
                    let top = ui.cursor().left_top();
                    self.show_cell(ui, of, &cells[shown], &look);
                    if shown != index {
                        let at = top + vec2(4.0, 3.0);
                        let name = &models[shown].value.name;
                        shadowed(ui.painter(), at, Align2::LEFT_TOP, name, 11.0);
                    }
                });
            }
            if let Some(scale) = shared {
                color_bar(ui, scale, color_map, side, self.view.norm.percentile);
            }
            if let (Some(joined), Some(places)) = (joined, places) {
                let of = (picture, joined, choice);
                let cells = places.map(|place| &cells[place]);
                column(ui, side, |ui| self.pair_cell(ui, of, cells, &look));
            }
        });
    }
}

/// The other one of two places, or the same where it is neither.
fn other(index: usize, [a, b]: [usize; 2]) -> usize {
    match index {
        _ if index == a => b,
        _ if index == b => a,
        _ => index,
    }
}

/// The method's name and parameters.
fn method_header(ui: &mut Ui, choice: &MethodChoice) {
    let description = choice.method.description();
    ui.add(egui::Label::new(RichText::new(description.name).strong()).wrap())
        .on_hover_text(format!("{}\n{}", description.formula, description.paper));
    for (id, value) in choice.values.iter() {
        let text = RichText::new(format!("{id} {value}")).weak().small();
        ui.add(egui::Label::new(text).truncate());
    }
}

/// A part of a row of fixed width.
pub(super) fn column<R>(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = Layout::top_down(Align::Min);
    ui.allocate_ui_with_layout(vec2(width, 0.0), layout, |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        content(ui)
    })
    .inner
}

fn hint(ui: &mut Ui, text: &str) {
    ui.centered_and_justified(|ui| ui.weak(text));
}

/// Pieces that a colour bar is drawn in.
const COLOR_BAR_STEPS: usize = 64;

/// The colours of a row with the values at their ends.
fn color_bar(ui: &mut Ui, scale: Scale, color_map: ColorMap, side: f32, percentile: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(theme::COLOR_BAR, side), Sense::hover());
    let text = format!("colour bar from {} to {}", number(scale.low), number(scale.high));
    label(&response, text);
    response.on_hover_text(format!(
        "One scale for this method on all networks, ending at percentile {percentile}"
    ));
    let bar = Rect::from_min_size(rect.min, vec2(12.0, side));
    for step in 0..COLOR_BAR_STEPS {
        let [r, g, b] = color_map.color(1.0 - (step as f32 + 0.5) / COLOR_BAR_STEPS as f32);
        let top = bar.top() + side * step as f32 / COLOR_BAR_STEPS as f32;
        let part = Rect::from_min_max(
            pos2(bar.left(), top),
            pos2(bar.right(), top + side / COLOR_BAR_STEPS as f32 + 0.5),
        );
        ui.painter().rect_filled(part.intersect(bar), 0.0, egui::Color32::from_rgb(r, g, b));
    }
    let (font, color) = (FontId::proportional(11.0), ui.visuals().text_color());
    let x = bar.right() + 5.0;
    ui.painter().text(
        pos2(x, bar.top()),
        Align2::LEFT_TOP,
        number(scale.high),
        font.clone(),
        color,
    );
    ui.painter().text(
        pos2(x, bar.bottom()),
        Align2::LEFT_BOTTOM,
        number(scale.low),
        font.clone(),
        color,
    );
    if scale.centred {
        ui.painter().text(pos2(x, bar.center().y), Align2::LEFT_CENTER, "0", font, color);
    }
}
