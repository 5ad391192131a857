//! The first row of the grid: the picture as each network sees it, and what the network says.

use crate::explorer::context::Context;
use crate::explorer::files::dropped::Target as DropTarget;
use crate::explorer::grid::annotations::draw_annotations;
use crate::explorer::grid::classes::class_notes;
use crate::explorer::grid::layout::{GridLayout, is_brief, predictions as predictions_shown};
use crate::explorer::grid::line_menu::orderable;
use crate::explorer::grid::pair::pair_header;
use crate::explorer::grid::probe::{colour_readout, draw_marks, navigate, picture_transform};
use crate::explorer::grid::{Shown, in_lines, title};
use crate::explorer::paint::cell::{failed, label, waiting};
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::text_on_picture::{is_legible, shadowed, write_colours};
use crate::explorer::paint::{textures, theme};
use crate::explorer::panel::guesses::guesses_badge;
use crate::explorer::state::reorder::GridLine;
use crate::explorer::state::zoom::UNIT;
use egui::{
    Align, Align2, FontId, Label, Layout, Rect, Response, RichText, Sense, Ui, UiBuilder, Vec2,
    vec2,
};
use hyaline::attribution::is_used;
use hyaline::engine::job::PredictionQuery;
use hyaline::engine::{
    ClassChoice, Condition, MethodChoice, OpenModel, OpenPicture, State, Subject,
};

/// The picture as each network sees it, and what the network says.
pub fn header(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let (picture, layout) = (&shown.picture, shown.layout);
    title(ui, |ui| picture_name(ui, picture), |_, _| {});
    in_lines(ui, layout, shown.columns(), |ui, index| {
        match (shown.models.get(index), &shown.pair) {
            (Some(model), _) => model_header(ui, cx, picture, model, layout),
            (None, Some(pair)) => pair_header(ui, cx, pair),
            (None, None) => {}
        }
    });
}

/// The picture's name and size.
pub fn picture_name(ui: &mut Ui, picture: &OpenPicture) {
    ui.add(Label::new(RichText::new(&picture.value.name).strong()).truncate());
    let (width, height) = picture.value.size();
    ui.add(Label::new(RichText::new(format!("{width}×{height} px")).weak()).truncate())
        .on_hover_text("The picture as each network sees it");
}

/// The picture as a network sees it, and what the network says, below or beside it.
pub fn model_header(
    ui: &mut Ui,
    cx: &mut Context,
    picture: &OpenPicture,
    model: &OpenModel,
    layout: GridLayout,
) {
    let name = Label::new(RichText::new(&model.value.name).strong()).truncate();
    let name = ui.add(name.selectable(false).sense(Sense::click_and_drag()));
    orderable(ui, cx, &name, GridLine::Network(model.id));
    cx.frame.drops.add(ui, name.rect, DropTarget::Network(model.id));
    let training =
        model.value.training.as_ref().map_or(String::new(), |t| format!(" · {}", t.kind));
    let about = format!("{}{training}", model.value.architecture);
    if is_brief(layout.side) {
        name.on_hover_text(about);
    } else {
        with_badge(ui, cx, model, |ui| {
            drop(ui.add(Label::new(RichText::new(about).weak()).truncate()));
        });
    }
    let side = layout.picture_side();
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    if side == layout.side {
        return seen_picture(ui, cx, (picture, model), (rect, response));
    }
    let beside = Rect::from_min_max(
        rect.right_top() + vec2(theme::GAP, 0.0),
        rect.left_bottom() + vec2(layout.side, 0.0),
    );
    let below = UiBuilder::new().max_rect(beside).layout(Layout::top_down(Align::Min));
    let mut texts = ui.new_child(below);
    seen_picture(&mut texts, cx, (picture, model), (rect, response));
    ui.advance_cursor_after_rect(texts.min_rect().union(rect));
}

/// A line about a network, and at its right what was guessed of it.
fn with_badge(ui: &mut Ui, cx: &mut Context, model: &OpenModel, line: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), ui.text_style_height(&egui::TextStyle::Body));
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        guesses_badge(ui, cx, model);
        ui.with_layout(Layout::left_to_right(Align::Center), line);
    });
}

/// The picture as a network sees it, at its place, and what the network says.
fn seen_picture(
    ui: &mut Ui,
    cx: &mut Context,
    (picture, model): (&OpenPicture, &OpenModel),
    (rect, response): (Rect, Response),
) {
    label(&response, format!("{} as {} sees it", picture.value.name, model.value.name));
    cx.frame.drops.add(ui, rect, DropTarget::Picture(picture.id));
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
            write_colours(ui, &transform, seen.image());
            draw_marks(ui, cx, &transform);
            show_focus(ui, &response);
            if let Some(text) = colour_readout(cx, &transform, &seen) {
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

/// The method's name and parameters, in a line.
pub fn method_header(ui: &mut Ui, cx: &mut Context, choice: &MethodChoice) {
    let description = choice.method.description();
    let name = Label::new(RichText::new(description.name).strong()).truncate();
    let name = ui.add(name.selectable(false).sense(Sense::click_and_drag()));
    orderable(ui, cx, &name, GridLine::Method(description.id));
    name.on_hover_text(format!("{}\n{}", description.formula, description.paper));
    let used = choice.values.iter().filter(|(id, _)| is_used(&choice.values, id));
    let values: Vec<_> = used.map(|(id, value)| format!("{id} {value}")).collect();
    if !values.is_empty() {
        let text = RichText::new(values.join("  ")).weak().small();
        ui.add(Label::new(text).truncate()).on_hover_text(values.join("\n"));
    }
}

/// The most probable classes, and the explained one if it is not among them; a click on one
/// chooses it, or no class where it is the chosen one.
fn predictions(ui: &mut Ui, cx: &mut Context, seen: &Subject, model: &OpenModel) {
    let output = model.value.outputs.kind.score();
    let explained = cx.lookup().class(model, seen);
    let chosen = explained.filter(|_| cx.document.class.on(&model.value).1.is_chosen());
    let count = predictions_shown(cx.frame.shown_cell);
    let top = seen.predictions.iter().take(count);
    let further = explained
        .filter(|class| !seen.predictions.iter().take(count).any(|p| p.class == *class))
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
        let colour = match Some(prediction.class) == explained {
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
            colour,
        );
        let probability = format!("{:.3}", prediction.score());
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, probability, font, colour);
        show_focus(ui, &response);
    }
}
