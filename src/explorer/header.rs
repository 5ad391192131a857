//! The first row of the grid: the picture as each network sees it, and what the network says.

use super::cell::{failed, fitted, label, waiting};
use super::document::{OpenModel, OpenPicture};
use super::grid::column;
use super::work::{Key, Seen, State};
use super::{Explorer, theme};
use crate::attribution::Target;
use egui::{Align2, FontId, Rect, RichText, Sense, Ui, vec2};
use std::collections::HashMap;

impl Explorer {
    /// The picture as each network sees it, and what the network says.
    pub(super) fn header(
        &mut self,
        ui: &mut Ui,
        picture: &OpenPicture,
        models: &[OpenModel],
        side: f32,
    ) {
        ui.horizontal_top(|ui| {
            column(ui, self.row_header, |ui| {
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

    fn model_header(&mut self, ui: &mut Ui, picture: &OpenPicture, model: &OpenModel, side: f32) {
        let key = Key::Prediction { model: model.id, picture: picture.id };
        ui.add(egui::Label::new(RichText::new(&model.value.name).strong()).truncate());
        let training =
            model.value.training.as_ref().map_or(String::new(), |t| format!(" · {}", t.kind));
        ui.add(
            egui::Label::new(
                RichText::new(format!("{}{training}", model.value.architecture)).weak(),
            )
            .truncate(),
        );
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        label(&response, format!("{} as {} sees it", picture.value.name, model.value.name));
        match self.worker.state(&key) {
            Some(State::Prediction(seen)) => {
                let key = (model.id, picture.id, self.view.smooth);
                let texture = self.inputs.texture(ui.ctx(), key, &seen);
                egui::Image::new(&texture).paint_at(ui, fitted(rect, model));
                self.draw_regions(ui, model, picture, fitted(rect, model));
                predictions(ui, &seen, self.document.target);
            }
            Some(State::Failed(why)) => failed(ui, rect, &why),
            Some(State::Stopped(_)) => waiting(ui, rect, "cancelled"),
            _ => waiting(ui, rect, "predicting"),
        }
    }
}

/// Pictures as networks see them, on the GPU while they are on screen.
#[derive(Default)]
pub(super) struct Inputs {
    textures: HashMap<(u64, u64, bool), Texture>,
}

struct Texture {
    handle: egui::TextureHandle,
    drawn: bool,
}

impl Inputs {
    /// Frees what was not drawn since the last call.
    pub fn forget_hidden(&mut self) {
        self.textures.retain(|_, texture| std::mem::take(&mut texture.drawn));
    }

    fn texture(
        &mut self,
        ctx: &egui::Context,
        key: (u64, u64, bool),
        seen: &Seen,
    ) -> egui::TextureHandle {
        let texture = self.textures.entry(key).or_insert_with(|| {
            let size = [seen.image.width() as usize, seen.image.height() as usize];
            let image = egui::ColorImage::from_rgba_unmultiplied(size, &seen.image);
            let smooth = key.2;
            let options =
                if smooth { egui::TextureOptions::LINEAR } else { egui::TextureOptions::NEAREST };
            Texture { handle: ctx.load_texture("input", image, options), drawn: true }
        });
        texture.drawn = true;
        texture.handle.clone()
    }
}

/// The five most probable classes, and the explained one if it is not among them.
fn predictions(ui: &mut Ui, seen: &Seen, target: Target) {
    let explained = seen.class(target);
    let top = seen.predictions.iter().take(5);
    let further = explained
        .filter(|class| !seen.predictions.iter().take(5).any(|p| p.class == *class))
        .and_then(|class| seen.prediction(class));
    for prediction in top.chain(further) {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), 15.0), Sense::hover());
        let text = format!("{} {:.3}", prediction.label, prediction.probability);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        response
            .on_hover_text(format!("class {}, logit {:.3}", prediction.class, prediction.logit));
        let bar = Rect::from_min_size(
            rect.min,
            vec2(rect.width() * prediction.probability, rect.height()),
        );
        ui.painter().rect_filled(bar, 2.0, theme::probability(ui.visuals()));
        let font = FontId::proportional(11.5);
        let color = match Some(prediction.class) == explained {
            true => ui.visuals().strong_text_color(),
            false => ui.visuals().text_color(),
        };
        let mark = if Some(prediction.class) == explained { "▸ " } else { "" };
        let clip = ui.painter().with_clip_rect(rect.with_max_x(rect.right() - 40.0));
        let at = rect.left_center() + vec2(4.0, 0.0);
        clip.text(
            at,
            Align2::LEFT_CENTER,
            format!("{mark}{}", prediction.label),
            font.clone(),
            color,
        );
        let probability = format!("{:.3}", prediction.probability);
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, probability, font, color);
    }
}
