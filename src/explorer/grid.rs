//! The comparison: methods as rows, networks as columns.

use super::document::{MethodChoice, OpenModel, OpenPicture};
use super::overlay::CellPaint;
use super::work::{Key, MapKey, Running, Seen, State};
use super::{Explorer, theme};
use crate::attribution::{Sign, Target};
use crate::figure::{ColorMap, Overlay, Scale, Scope};
use egui::{Align, Align2, CentralPanel, FontId, Layout, Rect, Response, RichText, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use ndarray::Array3;
use std::sync::Arc;

/// What one cell has to show.
struct Cell {
    key: Option<MapKey>,
    state: Option<State>,
    seen: Option<Arc<Seen>>,
}

impl Cell {
    /// The map, finished or in the making.
    fn map(&self) -> Option<&Arc<Array3<f32>>> {
        match self.state.as_ref()? {
            State::Map(_, map) => Some(map),
            State::Running(running) => running.partial.as_ref(),
            State::Stopped(map) => map.as_ref(),
            _ => None,
        }
    }
}

impl Explorer {
    pub(super) fn grid(&mut self, ui: &mut Ui) {
        CentralPanel::default().show(ui, |ui| {
            let Some(picture) = self.document.picture().cloned() else {
                return hint(ui, "Open a picture to see what the networks look at");
            };
            if self.document.models.is_empty() {
                return hint(ui, "Open a network to explain this picture");
            }
            let zoom = ui.input(|input| input.zoom_delta());
            if zoom != 1.0 && ui.ui_contains_pointer() {
                self.zoom(zoom);
            }
            let side = self.cell_side(ui.available_width());
            let models = self.document.models.clone();
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
                self.header(ui, &picture, &models, side);
                let methods: Vec<_> = self.document.shown_methods().cloned().collect();
                for choice in &methods {
                    self.row(ui, &picture, &models, choice, side);
                }
                if methods.is_empty() {
                    ui.weak("Choose a method in the library on the left");
                }
            });
        });
    }

    fn cell_side(&self, width: f32) -> f32 {
        let columns = self.document.models.len() as f32;
        let room = (width - theme::ROW_HEADER - theme::COLOR_BAR - 24.0) / columns - theme::GAP;
        self.view.cell.unwrap_or_else(|| room.clamp(*theme::CELL.start(), theme::COMFORTABLE_CELL)).floor()
    }

    /// The picture as each network sees it, and what the network says.
    fn header(&self, ui: &mut Ui, picture: &OpenPicture, models: &[OpenModel], side: f32) {
        ui.horizontal_top(|ui| {
            column(ui, theme::ROW_HEADER, |ui| {
                ui.add(egui::Label::new(RichText::new(&picture.value.name).strong()).wrap());
                let (width, height) = picture.value.size();
                ui.weak(format!("{width}×{height} px"));
                ui.weak("as each network sees it");
            });
            for model in models {
                column(ui, side, |ui| self.model_header(ui, picture, model, side));
            }
        });
    }

    fn model_header(&self, ui: &mut Ui, picture: &OpenPicture, model: &OpenModel, side: f32) {
        let key = Key::Prediction { model: model.id, picture: picture.id };
        ui.add(egui::Label::new(RichText::new(&model.value.name).strong()).truncate());
        let training = model.value.training.as_ref().map_or(String::new(), |t| format!(" · {}", t.kind));
        ui.add(egui::Label::new(RichText::new(format!("{}{training}", model.value.architecture)).weak()).truncate());
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        label(&response, format!("{} as {} sees it", picture.value.name, model.value.name));
        match self.worker.state(&key) {
            Some(State::Prediction(seen)) => {
                let texture = input_texture(ui.ctx(), model.id, picture.id, &seen, self.view.smooth);
                egui::Image::new(&texture).paint_at(ui, rect);
                predictions(ui, &seen, self.document.target);
            }
            Some(State::Failed(why)) => failed(ui, rect, &why),
            _ => waiting(ui, rect, "predicting"),
        }
    }

    fn row(&mut self, ui: &mut Ui, picture: &OpenPicture, models: &[OpenModel], choice: &MethodChoice, side: f32) {
        let description = choice.method.description();
        let sign = self.view.norm.sign(description);
        let cells: Vec<Cell> = models.iter().map(|model| self.cell(picture, model, choice)).collect();
        let maps: Vec<&Arc<Array3<f32>>> = cells.iter().filter_map(Cell::map).collect();
        let shared = (!maps.is_empty()).then(|| self.display.scale(&maps, sign));
        let color_map = self.view.color_map.unwrap_or_else(|| ColorMap::for_sign(sign));
        ui.horizontal_top(|ui| {
            column(ui, theme::ROW_HEADER, |ui| {
                ui.add(egui::Label::new(RichText::new(description.name).strong()).wrap())
                    .on_hover_text(format!("{}\n{}", description.formula, description.paper));
                for (id, value) in choice.values.iter() {
                    ui.add(egui::Label::new(RichText::new(format!("{id} {value}")).weak().small()).truncate());
                }
            });
            for (model, cell) in models.iter().zip(&cells) {
                let alone = cell.map().map(|map| self.display.scale(&[map], sign));
                let scale = if self.view.norm.scope == Scope::Panel { alone } else { shared };
                column(ui, side, |ui| self.show_cell(ui, model, choice, cell, sign, scale, color_map, side));
            }
            if let Some(scale) = shared.filter(|_| self.view.norm.scope == Scope::Row) {
                color_bar(ui, scale, color_map, side);
            }
        });
    }

    fn cell(&self, picture: &OpenPicture, model: &OpenModel, choice: &MethodChoice) -> Cell {
        let key = self.map_key(model, picture, choice);
        Cell {
            state: key.as_ref().and_then(|key| self.worker.state(&Key::Map(key.clone()))),
            seen: self.worker.seen(model.id, picture.id),
            key,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a cell is where everything meets")]
    fn show_cell(
        &mut self,
        ui: &mut Ui,
        model: &OpenModel,
        choice: &MethodChoice,
        cell: &Cell,
        sign: Sign,
        scale: Option<Scale>,
        color_map: ColorMap,
        side: f32,
    ) {
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        let name = format!("{} of {}", choice.method.description().name, model.value.name);
        label(&response, format!("{name}: {}", state_text(cell)));
        if let (Some(map), Some(seen), Some(scale)) = (cell.map(), &cell.seen, scale) {
            let values = self.display.reduced(map, sign);
            let overlay = Overlay {
                color_map,
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
        }
        match &cell.state {
            Some(State::Running(running)) => progress(ui, rect, running, cell.map().is_some()),
            Some(State::Failed(why)) => failed(ui, rect, why),
            Some(State::Stopped(None)) => waiting(ui, rect, "cancelled"),
            None if cell.key.is_none() && cell.seen.is_some() => waiting(ui, rect, "no such class"),
            None => waiting(ui, rect, "waiting"),
            _ => {}
        }
        self.footer(ui, cell, scale);
    }

    /// The scores, or how far the map is.
    fn footer(&self, ui: &mut Ui, cell: &Cell, scale: Option<Scale>) {
        let curves = cell.key.as_ref().and_then(|key| self.worker.state(&Key::Curves(key.clone())));
        let mut text = match (&cell.state, curves) {
            (Some(State::Map(..)), Some(State::Curves(curves))) => {
                format!("Ins {:.3}  Del {:.3}", curves.insertion_auc, curves.deletion_auc)
            }
            (Some(State::Stopped(Some(_))), _) => "partial: cancelled".into(),
            (Some(State::Map(attribution, _)), _) => format!("{:.2} s", attribution.seconds),
            _ => String::new(),
        };
        if let Some(scale) = scale.filter(|_| self.view.norm.scope == Scope::Panel) {
            text += &format!("  scaled alone, to {}", number(scale.high));
        }
        let line = ui.add(egui::Label::new(RichText::new(text).small()).truncate());
        if let Some(State::Map(attribution, _)) = &cell.state {
            if !attribution.warnings.is_empty() {
                ui.colored_label(ui.visuals().warn_fg_color, RichText::new(attribution.warnings.join("; ")).small());
            }
            let facts = attribution.facts.iter().map(|(name, value)| format!("{name} {value:.4}"));
            let about = std::iter::once(format!("{:.3} s", attribution.seconds)).chain(facts);
            line.on_hover_text(about.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// A part of a row of fixed width.
fn column<R>(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
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

fn label(response: &Response, text: String) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &text));
}

fn state_text(cell: &Cell) -> String {
    match &cell.state {
        Some(State::Map(..)) => "done".into(),
        Some(State::Running(running)) => format!("{} of {}", running.done, running.total),
        Some(State::Stopped(_)) => "cancelled".into(),
        Some(State::Failed(why)) => format!("failed, {why}"),
        _ => "waiting".into(),
    }
}

/// The picture as a network sees it, uploaded once.
fn input_texture(ctx: &egui::Context, model: u64, picture: u64, seen: &Seen, smooth: bool) -> egui::TextureHandle {
    let id = egui::Id::unique(("input", model, picture, smooth));
    if let Some(texture) = ctx.data(|data| data.get_temp::<egui::TextureHandle>(id)) {
        return texture;
    }
    let size = [seen.image.width() as usize, seen.image.height() as usize];
    let image = egui::ColorImage::from_rgba_unmultiplied(size, &seen.image);
    let options = if smooth { egui::TextureOptions::LINEAR } else { egui::TextureOptions::NEAREST };
    let texture = ctx.load_texture("input", image, options);
    ctx.data_mut(|data| data.insert_temp(id, texture.clone()));
    texture
}

/// The five most probable classes, and the explained one if it is not among them.
fn predictions(ui: &mut Ui, seen: &Seen, target: Target) {
    let explained = seen.class(target);
    let top = seen.predictions.iter().take(5);
    let further = explained
        .filter(|class| !seen.predictions.iter().take(5).any(|p| p.class == *class))
        .and_then(|class| seen.prediction(class));
    for prediction in top.chain(further) {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 15.0), Sense::hover());
        let text = format!("{} {:.3}", prediction.label, prediction.probability);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        response.on_hover_text(format!("class {}, logit {:.3}", prediction.class, prediction.logit));
        let bar = Rect::from_min_size(rect.min, vec2(rect.width() * prediction.probability, rect.height()));
        ui.painter().rect_filled(bar, 2.0, theme::probability(ui.visuals()));
        let font = FontId::proportional(11.5);
        let color = match Some(prediction.class) == explained {
            true => ui.visuals().strong_text_color(),
            false => ui.visuals().text_color(),
        };
        let mark = if Some(prediction.class) == explained { "▸ " } else { "" };
        let clip = ui.painter().with_clip_rect(rect.with_max_x(rect.right() - 40.0));
        let at = rect.left_center() + vec2(4.0, 0.0);
        clip.text(at, Align2::LEFT_CENTER, format!("{mark}{}", prediction.label), font.clone(), color);
        let probability = format!("{:.3}", prediction.probability);
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, probability, font, color);
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

fn waiting(ui: &Ui, rect: Rect, text: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    let color = ui.visuals().weak_text_color();
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, FontId::proportional(12.0), color);
}

fn failed(ui: &mut Ui, rect: Rect, why: &str) {
    ui.painter().rect_filled(rect, 2.0, theme::empty_cell(ui.visuals()));
    ui.scope_builder(UiBuilder::new().max_rect(rect.shrink(8.0)), |ui| {
        ui.add(egui::Label::new(RichText::new(why).small().color(ui.visuals().error_fg_color)).wrap());
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

/// The colours of a row with the values at their ends.
fn color_bar(ui: &mut Ui, scale: Scale, color_map: ColorMap, side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(theme::COLOR_BAR, side), Sense::hover());
    let text = format!("colour bar from {} to {}", number(scale.low), number(scale.high));
    label(&response, text);
    response.on_hover_text("One scale for this method on all networks, ending at the 99th percentile");
    let bar = Rect::from_min_size(rect.min, vec2(12.0, side));
    const STEPS: usize = 64;
    for step in 0..STEPS {
        let [r, g, b] = color_map.color(1.0 - (step as f32 + 0.5) / STEPS as f32);
        let top = bar.top() + side * step as f32 / STEPS as f32;
        let part = Rect::from_min_max(pos2(bar.left(), top), pos2(bar.right(), top + side / STEPS as f32 + 0.5));
        ui.painter().rect_filled(part.intersect(bar), 0.0, egui::Color32::from_rgb(r, g, b));
    }
    let (font, color) = (FontId::proportional(11.0), ui.visuals().text_color());
    let x = bar.right() + 5.0;
    ui.painter().text(pos2(x, bar.top()), Align2::LEFT_TOP, number(scale.high), font.clone(), color);
    ui.painter().text(pos2(x, bar.bottom()), Align2::LEFT_BOTTOM, number(scale.low), font.clone(), color);
    if scale.centred {
        ui.painter().text(pos2(x, bar.center().y), Align2::LEFT_CENTER, "0", font, color);
    }
}

/// Three significant digits.
fn number(value: f32) -> String {
    match value.abs() {
        0.0 => "0".into(),
        0.01..1000.0 => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}
