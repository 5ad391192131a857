//! The first row of the grid: the picture as each network sees it, and what the network says.

use crate::attribution::is_used;
use crate::engine::job::PredictionQuery;
use crate::engine::{ClassChoice, Condition, MethodChoice, OpenModel, OpenPicture, State, Subject};
use crate::explorer::context::Context;
use crate::explorer::grid::annotations::draw_annotations;
use crate::explorer::grid::classes::class_notes;
use crate::explorer::grid::line_menu::orderable;
use crate::explorer::grid::pair::pair_header;
use crate::explorer::grid::probe::{color_readout, draw_marks, navigate, picture_transform};
use crate::explorer::grid::{Shown, column};
use crate::explorer::paint::cell::{failed, label, waiting};
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::text_on_picture::{is_legible, shadowed, write_colors};
use crate::explorer::paint::{textures, theme};
use crate::explorer::state::reorder::GridLine;
use crate::explorer::state::zoom::UNIT;
use egui::{Align2, FontId, Rect, RichText, Sense, Ui, vec2};

/// The picture as each network sees it, and what the network says.
pub fn header(ui: &mut Ui, cx: &mut Context, Shown { picture, models, pair, side, .. }: &Shown) {
    ui.horizontal_top(|ui| {
        column(ui, cx.frame.row_header, |ui| {
            ui.add(egui::Label::new(RichText::new(&picture.value.name).strong()).wrap());
            let (width, height) = picture.value.size();
            ui.weak(format!("{width}×{height} px"));
            ui.weak("as each network sees it");
        });
        for model in models {
            column(ui, *side, |ui| model_header(ui, cx, picture, model, *side));
        }
        if let Some(pair) = pair {
            if cx.document.appearance.norms.have_bars() {
                ui.add_space(theme::COLOR_BAR + ui.spacing().item_spacing.x);
            }
            column(ui, *side, |ui| pair_header(ui, cx, pair));
        }
    });
}

pub fn model_header(
    ui: &mut Ui,
    cx: &mut Context,
    picture: &OpenPicture,
    model: &OpenModel,
    side: f32,
) {
    let name = egui::Label::new(RichText::new(&model.value.name).strong()).truncate();
    let name = ui.add(name.selectable(false).sense(Sense::click_and_drag()));
    orderable(ui, cx, &name, GridLine::Network(model.id));
    let training =
        model.value.training.as_ref().map_or(String::new(), |t| format!(" · {}", t.kind));
    let about = format!("{}{training}", model.value.architecture);
    ui.add(egui::Label::new(RichText::new(about).weak()).truncate());
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click_and_drag());
    label(&response, format!("{} as {} sees it", picture.value.name, model.value.name));
    let transform = picture_transform(cx, rect, model, picture);
    navigate(ui, cx, &response, &transform, picture);
    let query =
        PredictionQuery { model: model.id, picture: picture.id, condition: Condition::Clean };
    match cx.results.get(&query) {
        Some(State::Done(seen)) => {
            let size = model.value.preprocessing.size;
            let smooth = cx.document.appearance.smooth && !is_legible(&transform, size);
            let of = textures::Of::Input { model: model.id, picture: picture.id };
            let of = textures::Key { of, smooth };
            let texture = cx.frame.textures.get(ui.ctx(), of, None, || Some(seen.image().clone()));
            let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
            painter.rect_filled(rect, 0.0, theme::canvas(ui.visuals()));
            if let Some(texture) = texture {
                painter.image(texture, transform.input, UNIT, egui::Color32::WHITE);
            }
            draw_annotations(ui, cx, model, picture, &transform);
            write_colors(ui, &transform, seen.image());
            draw_marks(ui, cx, &transform);
            show_focus(ui, &response);
            if let Some(text) = color_readout(cx, &transform, &seen) {
                let at = rect.left_bottom() + vec2(4.0, -3.0);
                shadowed(&painter, at, Align2::LEFT_BOTTOM, &text, 11.0);
            }
            predictions(ui, cx, &seen, model);
            class_notes(ui, cx, picture, model);
        }
        Some(State::Failed(why)) => failed(ui, rect, &why),
        Some(State::Stopped(_)) => waiting(ui, rect, "cancelled"),
        _ => waiting(ui, rect, "predicting"),
    }
}

/// The method's name and parameters.
pub fn method_header(ui: &mut Ui, cx: &mut Context, choice: &MethodChoice) {
    let description = choice.method.description();
    let name = egui::Label::new(RichText::new(description.name).strong()).wrap();
    let name = ui.add(name.selectable(false).sense(Sense::click_and_drag()));
    orderable(ui, cx, &name, GridLine::Method(description.id));
    name.on_hover_text(format!("{}\n{}", description.formula, description.paper));
    for (id, value) in choice.values.iter().filter(|(id, _)| is_used(&choice.values, id)) {
        let text = RichText::new(format!("{id} {value}")).weak().small();
        ui.add(egui::Label::new(text).truncate());
    }
}

/// The five most probable classes, and the explained one if it is not among them; a click on one
/// chooses it, or no class where it is the chosen one.
fn predictions(ui: &mut Ui, cx: &mut Context, seen: &Subject, model: &OpenModel) {
    let output = model.value.outputs.kind.score();
    let explained = cx.lookup().class(model, seen);
    let chosen = explained.filter(|_| cx.document.class.on(&model.value).1.is_chosen());
    let top = seen.predictions.iter().take(5);
    let further = explained
        .filter(|class| !seen.predictions.iter().take(5).any(|p| p.class == *class))
        .and_then(|class| seen.prediction(class));
    for prediction in top.chain(further) {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), 15.0), Sense::click());
        let text = format!("{} {:.3}", prediction.label, prediction.score());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
        let is_chosen = chosen == Some(prediction.class);
        let what = match is_chosen {
            true => "explain the top class of each network",
            false => "explain this class on every network, by its name",
        };
        if response.clicked() {
            cx.document.class = match is_chosen {
                true => ClassChoice::Top1,
                false => ClassChoice::Named(model.value.named_class(prediction.class)),
            };
        }
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, 2.0, ui.visuals().widgets.hovered.weak_bg_fill);
        }
        let response = response.on_hover_text(format!(
            "class {}, {output} {:.3}; click to {what}",
            prediction.class, prediction.logit
        ));
        let bar = Rect::from_min_size(
            rect.min,
            vec2(rect.width() * prediction.probability.unwrap_or(0.0), rect.height()),
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
        let probability = format!("{:.3}", prediction.score());
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, probability, font, color);
        show_focus(ui, &response);
    }
}
