//! One cell of the grid: the map of one method on one network.

use crate::explorer::command::Command;
use crate::explorer::context::{Action, Context};
use crate::explorer::files::dropped::Target;
use crate::explorer::files::export::panel_image;
use crate::explorer::grid::annotations::draw_annotations;
use crate::explorer::grid::curve_scrubber::step_picture;
use crate::explorer::grid::probe::{
    draw_marks, navigate, picture_transform, pin_probe, readout_at,
};
use crate::explorer::paint::cell::{failed, label, paint, progress, waiting};
use crate::explorer::paint::colour_bar::Bar;
use crate::explorer::paint::context_menu::context_menu;
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::text_on_picture::shadowed;
use crate::explorer::paint::theme;
use crate::explorer::panel::pinned_maps::Pin;
use crate::explorer::state::document::Document;
use crate::explorer::state::zoom::PictureTransform;
use egui::{Align2, Response, RichText, Sense, Ui, UiBuilder, vec2};
use hyaline::attribution::{Attribution, STANDARD_ERROR};
use hyaline::display::{
    Appearance, Arrangement, ColourMap, MethodNorm, Overlay, Scale, Scaler, Scope,
};
use hyaline::engine::job::{CurvesQuery, MapQuery, PredictionQuery};
use hyaline::engine::{
    CellId, Condition, Key, MethodChoice, OpenModel, OpenPicture, State, Subject,
};
use hyaline::text::number;
use ndarray::Array3;
use std::sync::Arc;

/// What one cell has to show.
pub struct Cell {
    pub query: Option<MapQuery>,
    pub state: Option<State<Attribution>>,
    pub seen: Option<Arc<Subject>>,
    /// A map by other values, until this one is there.
    pub previous: Option<Arc<Array3<f32>>>,
    /// The class, where other cells beside it are of others.
    pub said_class: Option<String>,
    /// The prediction failed or was stopped, so that there is no class to explain.
    unseen: bool,
}

impl Cell {
    /// The map, finished or in the making.
    pub fn map(&self) -> Option<&Arc<Array3<f32>>> {
        self.own_map().or(self.previous.as_ref())
    }

    /// The same, and none by other values.
    pub fn own_map(&self) -> Option<&Arc<Array3<f32>>> {
        match self.state.as_ref()? {
            State::Done(attribution) => Some(&attribution.map),
            State::Running(running) => running.partial.as_ref(),
            State::Stopped(partial) => partial.as_ref().map(|partial| &partial.map),
            State::Failed(_) => None,
        }
    }

    /// The map, if it is done.
    pub fn finished(&self) -> Option<&Arc<Array3<f32>>> {
        match &self.state {
            Some(State::Done(attribution)) => Some(&attribution.map),
            _ => None,
        }
    }

    /// Whether the map waits or is made.
    pub fn is_to_come(&self) -> bool {
        self.query.is_some() && matches!(self.state, None | Some(State::Running(_)))
    }
}

/// How a cell is shown.
pub struct CellStyle {
    pub norm: MethodNorm,
    pub colour_map: ColourMap,
    /// The scale shared with other cells; without one, a cell is scaled alone and says so.
    pub scale: Option<Scale>,
    /// Whether it is shared with the other network of a pair alone.
    pub is_of_pair: bool,
    pub side: f32,
}

impl CellStyle {
    /// The colour bar of a method's cells on a scale.
    pub fn bar(&self, choice: &MethodChoice, scale: Scale) -> Bar {
        Bar::new(choice.method, self.norm.norm, self.colour_map, scale)
    }
}

/// What one cell has to show.
pub fn cell_of(
    cx: &Context,
    picture: &OpenPicture,
    model: &OpenModel,
    choice: &MethodChoice,
) -> Cell {
    let query = cx.lookup().map_query(model, picture, choice);
    let prediction =
        PredictionQuery { model: model.id, picture: picture.id, condition: Condition::Clean };
    Cell {
        state: query.as_ref().and_then(|query| cx.results.get(query)),
        seen: cx.lookup().subject(model.id, picture.id),
        unseen: matches!(cx.results.get(&prediction), Some(State::Failed(_) | State::Stopped(_))),
        previous: None,
        said_class: None,
        query,
    }
}

/// Draws a cell with what is known of it.
pub fn show_cell(
    ui: &mut Ui,
    cx: &mut Context,
    (picture, model, choice): (&OpenPicture, &OpenModel, &MethodChoice),
    cell: &Cell,
    style: &CellStyle,
) {
    let side = vec2(style.side, style.side);
    let (square, response) = ui.allocate_exact_size(side, Sense::click_and_drag());
    let transform = picture_transform(cx, square, model, picture);
    let id = choice.method.description().id;
    let name = format!("{} of {}", choice.method.description().name, model.value.name);
    let on = match cx.view.arrangement(cx.document) {
        Arrangement::PicturesByNetworks => format!(" on {}", picture.value.name),
        _ => String::new(),
    };
    let of = cell.said_class.as_ref().map_or(String::new(), |class| format!(", of class {class}"));
    label(&response, format!("{name}{on}: {}{of}", state_text(cell)));
    let target = Target::Cell { network: model.id, picture: picture.id, method: id };
    cx.frame.drops.add(ui, square, target);
    navigate(ui, cx, &response, &transform, picture);
    let title = format!("{name} · {}", picture.value.name);
    let of =
        CellId { picture: picture.id, model: model.id, method: id, condition: Condition::Clean };
    cell_menu(cx, &response, &transform, &of, (title, cell, style));
    let alone = cell.map().map(|map| cx.frame.reduced.scale(&[map], style.norm));
    let scale = style.scale.or(alone);
    let mut readout = None;
    if let (Some(map), Some(seen), Some(scale)) = (cell.map(), &cell.seen, scale) {
        let values = cx.frame.reduced.reduced(map, style.norm);
        readout = readout_at(cx, &transform, &values, scale);
        let overlay = overlay_of(cx, map, style, scale);
        ui.painter().rect_filled(square, 0.0, theme::canvas(ui.visuals()));
        let textures = egui::Id::unique((picture.id, model.id, id)).value();
        paint(ui, &transform, square, textures, seen, (values.clone(), overlay));
        let step = cell.query.as_ref().and_then(|query| step_picture(ui, cx, query, &transform));
        readout = step.or(readout);
        draw_annotations(ui, cx, model, picture, &transform);
        draw_marks(ui, cx, &transform);
    }
    if let Some(class) = &cell.said_class {
        let at = square.right_top() + vec2(-4.0, 3.0);
        let painter = ui.painter().with_clip_rect(square.intersect(ui.clip_rect()));
        shadowed(&painter, at, Align2::RIGHT_TOP, &format!("explains {class}"), 11.0);
    }
    match &cell.state {
        Some(State::Running(running)) => progress(ui, square, running, cell.map().is_some()),
        Some(State::Failed(why)) => failed(ui, square, why),
        _ if cell.map().is_none() => waiting(ui, square, &state_text(cell)),
        _ if cell.own_map().is_none() => {
            let at = square.left_bottom() + vec2(4.0, -3.0);
            shadowed(ui.painter(), at, Align2::LEFT_BOTTOM, "by other values", 11.0);
        }
        _ => {}
    }
    show_focus(ui, &response);
    let seen =
        PredictionQuery { model: model.id, picture: picture.id, condition: Condition::Clean };
    resume_button(ui, cx, (square, &name), cell, seen);
    footer(ui, cx, cell, style, alone, readout);
}

/// Lets work go on that was cancelled or is paused, where its map would be.
fn resume_button(
    ui: &mut Ui,
    cx: &mut Context,
    (square, name): (egui::Rect, &str),
    cell: &Cell,
    seen: PredictionQuery,
) {
    let is_cancelled = matches!(cell.state, Some(State::Stopped(_)));
    let is_held = !is_cancelled && cx.worker.is_paused() && cell.is_to_come();
    if !(is_cancelled || is_held || cell.unseen) {
        return;
    }
    let size = vec2(84.0, ui.spacing().interact_size.y).min(square.size());
    let at = Align2::CENTER_BOTTOM.align_size_within_rect(size, square.shrink(8.0));
    let (verb, about) = match is_held {
        true => ("Resume", "Continue all work"),
        false => ("Run again", "Begin the work on this map from its start"),
    };
    // Over the map, so that what follows stays where it is.
    let mut over = ui.new_child(UiBuilder::new().max_rect(at));
    let button = over.put(at, egui::Button::new(verb));
    let text = format!("{verb}: {name}");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
    if !button.on_hover_text(about).clicked() {
        return;
    }
    match cell.query.clone() {
        _ if is_held => cx.run(Command::Pause),
        Some(query) => {
            cx.act(Action::ResumeJob(Key::of(CurvesQuery(query.clone()))));
            cx.act(Action::ResumeJob(Key::of(query)));
        }
        None => cx.act(Action::ResumeJob(Key::of(seen))),
    }
}

/// How maps are laid over pictures now.
pub fn overlay_with(document: &Document, colour_map: ColourMap, scale: Scale) -> Overlay {
    let Appearance { style, opacity, threshold, fade, smooth, grey, .. } = document.appearance;
    Overlay { colour_map, scale, style, opacity, threshold, fade, smooth, grey }
}

/// The same for one map, whose strongest values alone may be wanted.
pub fn overlay_of(
    cx: &mut Context,
    map: &Arc<Array3<f32>>,
    style: &CellStyle,
    scale: Scale,
) -> Overlay {
    let mut overlay = overlay_with(cx.document, style.colour_map, scale);
    let share = cx.document.appearance.top / 100.0;
    if share < 1.0 {
        let least = cx.frame.reduced.strength_of_top(map, style.norm, scale, share);
        overlay.threshold = overlay.threshold.max(least);
    }
    overlay
}

/// What can be done with a cell; a double click shows it in the whole window.
fn cell_menu(
    cx: &mut Context,
    response: &Response,
    transform: &PictureTransform,
    of: &CellId,
    (title, cell, style): (String, &Cell, &CellStyle),
) {
    let entered = |input: &egui::InputState| input.key_pressed(egui::Key::Enter);
    if response.double_clicked() || response.has_focus() && response.ctx.input(entered) {
        show_alone(cx, of);
    }
    if response.secondary_clicked() {
        cx.frame.pointed.menu =
            response.interact_pointer_pos().map(|at| transform.picture_from_screen(at));
    }
    context_menu(response, |ui| {
        let is_alone = cx.view.alone.is_some();
        if ui.button(if is_alone { "Show all cells" } else { "Show this cell alone" }).clicked() {
            show_alone(cx, of);
        }
        if ui.button("Pin a probe here").clicked() {
            pin_probe(cx, cx.frame.pointed.menu);
        }
        if cell.own_map().is_some()
            && ui.button("Pin this map").clicked()
            && let Some(image) = panel_image(cx, cell, style)
        {
            cx.act(Action::Pin(Pin::new(ui.ctx(), title, image)));
        }
        if cell.own_map().is_some()
            && ui.button("Copy this panel").clicked()
            && let Some(image) = panel_image(cx, cell, style)
        {
            ui.ctx().copy_image(image);
        }
        cx.command_button(ui, Command::FitPicture);
    });
}

/// Shows the cell of a picture, network and method in the whole window, or all again.
fn show_alone(cx: &mut Context, of: &CellId) {
    if cx.view.alone.take().is_none() {
        let place = cx.document.pictures.iter().position(|open| open.id == of.picture);
        cx.document.selected = place.unwrap_or(cx.document.selected);
        cx.view.alone = Some((of.model, of.method));
    }
}

/// The value under the pointer, or else the scores, or how far the map is.
fn footer(
    ui: &mut Ui,
    cx: &Context,
    cell: &Cell,
    style: &CellStyle,
    alone: Option<Scale>,
    readout: Option<String>,
) {
    let curves = cell.query.clone().and_then(|query| cx.results.done(&CurvesQuery(query)));
    let text = match (&cell.state, curves) {
        (Some(State::Done(_)), Some(done)) => {
            let curves = &done.0;
            format!("Ins {:.3}  Del {:.3}", curves.insertion.auc, curves.deletion.auc)
        }
        (Some(State::Stopped(Some(partial))), _) => match partial.samples {
            Some((done, total)) => format!("partial: {done} of {total}"),
            None => "partial: cancelled".into(),
        },
        (Some(State::Running(running)), _) => {
            let done = format!("{} of {}", running.done, running.total);
            running.readout.and_then(|(_, error)| moving(error)).unwrap_or(done)
        }
        (Some(State::Done(attribution)), _) => format!("{:.2} s", attribution.seconds),
        _ => String::new(),
    };
    let error = done_error(cell);
    let text = match (readout, error) {
        (Some(readout), _) => readout,
        (None, Some(error)) => format!("{text}  ±{}", percent(error)),
        (None, None) => text,
    };
    let line = ui.add(egui::Label::new(RichText::new(text).small()).truncate());
    if let Some(text) = scale_text(style, alone) {
        ui.add(egui::Label::new(RichText::new(text).small().weak()).truncate());
    }
    if let Some(State::Done(attribution)) = &cell.state {
        let warnings: Vec<&str> = attribution
            .warnings
            .iter()
            .map(String::as_str)
            .chain(error.filter(|error| *error > UNSURE).map(|_| NOT_CONVERGED))
            .collect();
        if !warnings.is_empty() {
            let colour = ui.visuals().warn_fg_color;
            let shown = RichText::new(warnings.join("; ")).small().color(colour);
            ui.add(egui::Label::new(shown).truncate()).on_hover_text(warnings.join("\n"));
        }
        let facts =
            attribution.diagnostics.iter().map(|(name, value)| format!("{name} {value:.4}"));
        let kept = if attribution.cached { ", kept from an earlier run" } else { "" };
        let time = format!("{:.3} s{kept}", attribution.seconds);
        let about = std::iter::once(time).chain(facts);
        line.on_hover_text(about.collect::<Vec<_>>().join("\n"));
    }
}

/// Relative standard errors from which a map says that it may still change, while it is made, and that it
/// is not to be trusted when it is done.
const MOVING: f64 = 0.02;
const UNSURE: f64 = 0.5;
const NOT_CONVERGED: &str = "not converged: more samples would change this map by half or more";

/// How sure a map in the making is.
fn moving(error: f64) -> Option<String> {
    let still = if error > MOVING { ", still moving" } else { "" };
    error.is_finite().then(|| format!("±{}{still}", percent(error)))
}

/// How sure a map that is done is, where its method measures that.
fn done_error(cell: &Cell) -> Option<f64> {
    match &cell.state {
        Some(State::Done(done)) => {
            done.diagnostics.get(STANDARD_ERROR).copied().filter(|error| error.is_finite())
        }
        _ => None,
    }
}

/// A share, with as many digits as say something.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 1.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// How far a cell is, for the eye and for people who can't see it.
fn state_text(cell: &Cell) -> String {
    match &cell.state {
        Some(State::Done(_)) => "done".into(),
        Some(State::Running(running)) => format!("{} of {}", running.done, running.total),
        Some(State::Stopped(_)) => "cancelled".into(),
        Some(State::Failed(why)) => format!("failed, {why}"),
        _ if cell.query.is_some() => "waiting".into(),
        _ if cell.seen.is_some() => "no such class".into(),
        _ if cell.unseen => "no prediction".into(),
        _ => "waiting".into(),
    }
}

/// What a reader must know to compare this cell's colours with others.
fn scale_text(style: &CellStyle, alone: Option<Scale>) -> Option<String> {
    let alone = alone?;
    match style.scale {
        None => Some(format!("scaled alone, to {}", number(alone.high))),
        Some(shared) if style.is_of_pair => {
            Some(format!("pair's scale, to {}", number(shared.high)))
        }
        Some(shared) if style.norm.norm.scope == Scope::Column => {
            Some(format!("network's scale, to {}", number(shared.high)))
        }
        Some(shared) if alone.high < 0.25 * shared.high => {
            Some(format!("reaches {:.1} % of the scale", 100.0 * alone.high / shared.high))
        }
        Some(_) => None,
    }
}
