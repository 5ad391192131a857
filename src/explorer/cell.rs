//! One cell of the grid: the map of one method on one network.

use super::Explorer;
use super::document::{MethodChoice, OpenModel, OpenPicture};
use super::overlay::CellPaint;
use super::theme;
use super::work::{Key, MapKey, Running, Seen, State};
use crate::attribution::Sign;
use crate::figure::{ColorMap, Overlay, Scale};
use egui::{Align2, FontId, Rect, Response, RichText, Sense, Ui, UiBuilder, pos2, vec2};
use ndarray::Array3;
use std::sync::Arc;

/// What one cell has to show.
pub(super) struct Cell {
    key: Option<MapKey>,
    state: Option<State>,
    seen: Option<Arc<Seen>>,
    /// The prediction failed or was stopped, so that there is no class to explain.
    unseen: bool,
}

impl Cell {
    /// The map, finished or in the making.
    pub fn map(&self) -> Option<&Arc<Array3<f32>>> {
        match self.state.as_ref()? {
            State::Map(attribution) => Some(&attribution.map),
            State::Running(running) => running.partial.as_ref(),
            State::Stopped(partial) => partial.as_ref().map(|partial| &partial.map),
            _ => None,
        }
    }
}

/// How the cells of one row are shown.
pub(super) struct Look {
    pub sign: Sign,
    pub color_map: ColorMap,
    /// The scale of the whole row; without one, each cell is scaled alone and says so.
    pub shared: Option<Scale>,
    pub side: f32,
}

impl Explorer {
    /// What one cell has to show.
    pub(super) fn cell(
        &self,
        picture: &OpenPicture,
        model: &OpenModel,
        choice: &MethodChoice,
    ) -> Cell {
        let key = self.map_key(model, picture, choice);
        Cell {
            state: key.as_ref().and_then(|key| self.worker.state(&Key::Map(key.clone()))),
            seen: self.worker.seen(model.id, picture.id),
            unseen: matches!(
                self.worker.state(&Key::Prediction { model: model.id, picture: picture.id }),
                Some(State::Failed(_) | State::Stopped(_))
            ),
            key,
        }
    }

    /// Draws a cell with what is known of it.
    pub(super) fn show_cell(
        &mut self,
        ui: &mut Ui,
        model: &OpenModel,
        choice: &MethodChoice,
        cell: &Cell,
        look: &Look,
    ) {
        let (square, response) = ui.allocate_exact_size(vec2(look.side, look.side), Sense::hover());
        let rect = fitted(square, model);
        let name = format!("{} of {}", choice.method.description().name, model.value.name);
        label(&response, format!("{name}: {}", state_text(cell)));
        let alone = cell.map().map(|map| self.display.scale(&[map], look.sign));
        let scale = look.shared.or(alone);
        if let (Some(map), Some(seen), Some(scale)) = (cell.map(), &cell.seen, scale) {
            let values = self.display.reduced(map, look.sign);
            let overlay = Overlay {
                color_map: look.color_map,
                scale,
                opacity: self.view.opacity,
                threshold: self.view.threshold,
                fade: self.view.fade,
                smooth: self.view.smooth,
            };
            if let Some(at) = response.hover_pos() {
                value_under(&response, &values, rect, at);
            }
            let paint = CellPaint {
                cell: egui::Id::unique((model.id, choice.method.description().id)).value(),
                picture: seen.image.clone(),
                map: values,
                overlay,
                rect,
            };
            ui.painter().add(egui_wgpu::Callback::new_paint_callback(rect, paint));
            if let Some(picture) = self.document.picture().cloned() {
                self.draw_regions(ui, model, &picture, rect);
            }
        }
        match &cell.state {
            Some(State::Running(running)) => progress(ui, rect, running, cell.map().is_some()),
            Some(State::Failed(why)) => failed(ui, rect, why),
            _ if cell.map().is_none() => waiting(ui, rect, &state_text(cell)),
            _ => {}
        }
        self.footer(ui, cell, look, alone);
    }

    /// The scores, or how far the map is.
    fn footer(&self, ui: &mut Ui, cell: &Cell, look: &Look, alone: Option<Scale>) {
        let curves = cell.key.as_ref().and_then(|key| self.worker.state(&Key::Curves(key.clone())));
        let mut text = match (&cell.state, curves) {
            (Some(State::Map(..)), Some(State::Curves(curves))) => {
                format!("Ins {:.3}  Del {:.3}", curves.insertion.auc, curves.deletion.auc)
            }
            (Some(State::Stopped(Some(partial))), _) => match partial.samples {
                Some((done, total)) => format!("partial: {done} of {total}"),
                None => "partial: cancelled".into(),
            },
            (Some(State::Running(running)), _) => {
                running.readout.map_or(String::new(), readout_text)
            }
            (Some(State::Map(attribution)), _) => format!("{:.2} s", attribution.seconds),
            _ => String::new(),
        };
        text += &scale_text(look, alone);
        let line = ui.add(egui::Label::new(RichText::new(text).small()).truncate());
        if let Some(State::Map(attribution)) = &cell.state {
            if !attribution.warnings.is_empty() {
                ui.colored_label(
                    ui.visuals().warn_fg_color,
                    RichText::new(attribution.warnings.join("; ")).small(),
                );
            }
            let facts = attribution.facts.iter().map(|(name, value)| format!("{name} {value:.4}"));
            let kept = if attribution.cached { ", kept from an earlier run" } else { "" };
            let time = format!("{:.3} s{kept}", attribution.seconds);
            let about = std::iter::once(time).chain(facts);
            line.on_hover_text(about.collect::<Vec<_>>().join("\n"));
        }
    }
}

pub(super) fn label(response: &Response, text: String) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &text));
}

/// How near a map in the making is to its limit.
fn readout_text((what, value): (&'static str, f64)) -> String {
    match value.is_finite() {
        true => format!("{what} {:.1} %", 100.0 * value),
        false => String::new(),
    }
}

/// How far a cell is, for the eye and for people who can't see it.
fn state_text(cell: &Cell) -> String {
    match &cell.state {
        Some(State::Map(_)) => "done".into(),
        Some(State::Running(running)) => format!("{} of {}", running.done, running.total),
        Some(State::Stopped(_)) => "cancelled".into(),
        Some(State::Failed(why)) => format!("failed, {why}"),
        _ if cell.key.is_some() => "waiting".into(),
        _ if cell.seen.is_some() => "no such class".into(),
        _ if cell.unseen => "no prediction".into(),
        _ => "waiting".into(),
    }
}

/// What a reader must know to compare this cell's colours with others.
fn scale_text(look: &Look, alone: Option<Scale>) -> String {
    match (look.shared, alone) {
        (None, Some(alone)) => format!("  scaled alone, to {}", number(alone.high)),
        (Some(shared), Some(alone)) if alone.high < 0.25 * shared.high => {
            format!("  reaches {:.1} % of the scale", 100.0 * alone.high / shared.high)
        }
        _ => String::new(),
    }
}

fn value_under(response: &Response, values: &ndarray::Array2<f32>, rect: Rect, at: egui::Pos2) {
    let share = (at - rect.min) / rect.size();
    let (rows, columns) = values.dim();
    let x = ((share.x * columns as f32) as usize).min(columns - 1);
    let y = ((share.y * rows as f32) as usize).min(rows - 1);
    let text = format!("{:.4e} at ({x}, {y}) of {columns}×{rows}", values[[y, x]]);
    response.clone().on_hover_text_at_pointer(text);
}

pub(super) fn waiting(ui: &Ui, rect: Rect, text: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    let color = ui.visuals().weak_text_color();
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(12.0),
        color,
    );
}

pub(super) fn failed(ui: &mut Ui, rect: Rect, why: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(8.0)), |ui| {
        ui.add(
            egui::Label::new(RichText::new(why).small().color(ui.visuals().error_fg_color)).wrap(),
        );
    });
}

/// A bar along the lower edge.
fn progress(ui: &Ui, rect: Rect, running: &Running, has_map: bool) {
    if !has_map {
        waiting(ui, rect, "working");
    }
    let share = running.done as f32 / running.total.max(1) as f32;
    let track = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 4.0), rect.max);
    ui.painter().rect_filled(track, 0.0, ui.visuals().extreme_bg_color);
    let done = Rect::from_min_size(track.min, vec2(track.width() * share, track.height()));
    ui.painter().rect_filled(done, 0.0, ui.visuals().selection.bg_fill);
}

/// Three significant digits.
pub(super) fn number(value: f32) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        0.01..1.0 => format!("{value:.3}"),
        1.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        100.0..1000.0 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

/// The largest rectangle inside a square that has the shape of a network's input.
pub(super) fn fitted(square: Rect, model: &OpenModel) -> Rect {
    let [height, width] = model.value.preprocessing.size.map(|side| side as f32);
    let scale = square.width() / width.max(height);
    Rect::from_center_size(square.center(), vec2(width * scale, height * scale))
}
