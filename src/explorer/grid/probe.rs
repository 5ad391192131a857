//! Looking closely: zoom and pan in all cells at once, the values under the pointer, and probes.

use crate::explorer::command::Command;
use crate::explorer::context::Context;
use crate::explorer::paint::text_on_picture::{is_legible, shadowed};
use crate::explorer::paint::theme;
use crate::explorer::state::document::Document;
use crate::explorer::state::zoom::{
    PictureTransform, UNIT, ViewTransform, ZoomBounds, magnification,
};
use egui::{Align2, CursorIcon, Pos2, Rect, Response, Stroke, Ui, Vec2, pos2, vec2};
use hyaline::display::Scale;
use hyaline::engine::{OpenModel, OpenPicture, Subject};
use hyaline::text::number;
use ndarray::Array2;

/// Width of a cell, in points, below which a line has no room for three numbers.
const NARROW: f32 = 180.0;

/// Zooms, pans and points where a person does so in a cell.
pub fn navigate(
    ui: &Ui,
    cx: &mut Context,
    response: &Response,
    transform: &PictureTransform,
    picture: &OpenPicture,
) {
    let bounds = zoom_bounds(cx.document, cx.frame.shown_cell, picture);
    if response.dragged() && cx.view.transform.is_zoomed() {
        cx.view.transform.pan(response.drag_delta(), bounds);
    }
    let Some(at) = response.hover_pos() else { return };
    let place = transform.picture_from_screen(at);
    let zoom = ui.input(egui::InputState::zoom_delta);
    if zoom != 1.0 {
        let offset = at - transform.cell.center();
        cx.view.transform.zoom(zoom, place, offset, bounds);
    }
    cx.frame.pointed.now = Some(place);
    if cx.view.transform.is_zoomed() {
        response.clone().on_hover_cursor(CursorIcon::Grab);
    }
}

/// Where a picture lies in a cell.
pub fn picture_transform(
    cx: &Context,
    cell: Rect,
    model: &OpenModel,
    picture: &OpenPicture,
) -> PictureTransform {
    let placement = picture.value.placement(&model.value.preprocessing);
    let magnification = most_magnification(cx.document, cx.frame.shown_cell, picture);
    cx.view.transform.picture_transform(cell, &placement, magnification)
}

/// Points that a pixel of a picture takes without zoom in cells of a side: the most that it takes
/// for any network.
fn most_magnification(document: &Document, side: f32, picture: &OpenPicture) -> f32 {
    let models = document.models.iter();
    models
        .map(|model| picture.value.placement(&model.value.preprocessing))
        .map(|placement| magnification(Vec2::splat(side), &placement))
        .fold(0.0, f32::max)
}

/// What zoom and pan go by in cells of a side.
pub fn zoom_bounds(document: &Document, side: f32, picture: &OpenPicture) -> ZoomBounds {
    let (width, height) = picture.value.size();
    let magnification = most_magnification(document, side, picture);
    ZoomBounds {
        cell: Vec2::splat(side),
        picture: vec2(width as f32, height as f32) * magnification,
    }
}

/// Draws the pointer, mirrored from the cell it is in, and the probes.
pub fn draw_marks(ui: &Ui, cx: &Context, transform: &PictureTransform) {
    let painter = ui.painter().with_clip_rect(transform.cell.intersect(ui.clip_rect()));
    for (index, probe) in cx.document.probes.iter().enumerate() {
        let at = transform.screen_from_picture(*probe);
        for (width, colour) in theme::ANNOTATION {
            painter.circle_stroke(at, 4.0, Stroke::new(width, colour));
        }
        let text = (index + 1).to_string();
        shadowed(&painter, at + vec2(6.0, 0.0), Align2::LEFT_CENTER, &text, 11.0);
    }
    let Some(at) = cx.frame.pointed.before.map(|place| transform.screen_from_picture(place)) else {
        return;
    };
    for (width, colour) in theme::CROSSHAIR {
        let stroke = Stroke::new(width, colour);
        for along in [vec2(1.0, 0.0), vec2(0.0, 1.0)] {
            for side in [-1.0, 1.0] {
                painter.line_segment([at + along * side * 4.0, at + along * side * 9.0], stroke);
            }
        }
    }
}

/// The value of a map under the pointer, where it is on the scale, and what share of all values
/// is no larger.
pub fn readout_at(
    cx: &Context,
    transform: &PictureTransform,
    values: &Array2<f32>,
    scale: Scale,
) -> Option<String> {
    let at = transform.pixel_from_picture(cx.frame.pointed.before?, values.dim().into())?;
    let value = values[at];
    let rank = values.iter().filter(|other| **other <= value).count();
    let rank = 100.0 * rank as f32 / values.len() as f32;
    let place = match scale.centred {
        true => 2.0 * scale.place(value) - 1.0,
        false => scale.place(value),
    };
    // Without a sign for what rounds to zero.
    let shown = format!("shown {:.2}", (100.0 * place).round() / 100.0 + 0.0);
    let text = format!("{} · {shown}", number(value));
    let has_room = transform.cell.width() >= NARROW;
    Some(if has_room { format!("{text} · rank {rank:.0} %") } else { text })
}

/// The colour under the pointer as a network sees it, and where in its input that is; none
/// where the colours stand in the pixels.
pub fn colour_readout(
    cx: &Context,
    transform: &PictureTransform,
    seen: &Subject,
) -> Option<String> {
    let (width, height) = seen.image().dimensions();
    let size = [height as usize, width as usize];
    let [row, column] = transform
        .pixel_from_picture(cx.frame.pointed.before?, size)
        .filter(|_| !is_legible(transform, size))?;
    let [r, g, b, _] = seen.image().get_pixel(column as u32, row as u32).0;
    Some(format!("RGB {r} {g} {b} at ({column}, {row})"))
}

/// The pixel of the picture under the pointer, of how many.
pub fn pixel_readout(cx: &Context) -> Option<String> {
    let (width, height) = cx.document.picture()?.value.size();
    let is_inside = |place: &Pos2| Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)).contains(*place);
    let place = cx.frame.pointed.before.filter(is_inside)?;
    let (x, y) = (place.x * width as f32, place.y * height as f32);
    Some(format!("pixel ({x:.0}, {y:.0}) of {width}×{height}", x = x.floor(), y = y.floor()))
}

/// Pins a probe to a place.
pub fn pin_probe(cx: &mut Context, place: Option<Pos2>) {
    if let Some(place) = place {
        cx.document.pin_probe(place);
        cx.view.probes = true;
    }
}

/// The values at all probes, to read and to copy.
pub fn probes_window(ctx: &egui::Context, cx: &mut Context) {
    if cx.document.probes.is_empty() || !cx.view.probes {
        return;
    }
    let mut open = true;
    let table = probe_table(cx);
    egui::Window::new("Probes")
        .open(&mut open)
        .default_pos(ctx.content_rect().center())
        .default_width(560.0f32.min(ctx.content_rect().width() - 40.0))
        .max_height(0.6 * ctx.content_rect().height())
        .scroll([true, true])
        .show(ctx, |ui| {
            egui::Grid::new("probes").striped(true).show(ui, |ui| {
                for (index, row) in table.iter().enumerate() {
                    for text in row {
                        match index {
                            0 => drop(ui.strong(text)),
                            _ => drop(ui.monospace(text)),
                        }
                    }
                    ui.end_row();
                }
            });
            ui.horizontal(|ui| {
                if ui.button("Copy").on_hover_text("As text with tabs, for a spreadsheet").clicked()
                {
                    let lines: Vec<String> = table.iter().map(|row| row.join("\t")).collect();
                    ui.copy_text(lines.join("\n"));
                }
                cx.command_button(ui, Command::RemoveProbes);
            });
        });
    cx.view.probes = open;
}

/// A row for each cell and a column for each probe, with headings.
fn probe_table(cx: &mut Context) -> Vec<Vec<String>> {
    let Some(picture) = cx.document.picture().cloned() else { return vec![] };
    let (width, height) = picture.value.size();
    let probes = cx.document.probes.clone();
    let place = |(index, probe): (usize, &Pos2)| {
        let (x, y) = (probe.x * width as f32, probe.y * height as f32);
        format!("{} ({:.0}, {:.0})", index + 1, x.floor(), y.floor())
    };
    let mut rows = vec![
        std::iter::once("raw values at".to_string())
            .chain(probes.iter().enumerate().map(place))
            .collect::<Vec<_>>(),
    ];
    let methods: Vec<_> = cx.document.shown_methods().cloned().collect();
    for choice in &methods {
        for model in cx.document.of_shown().models {
            let Some(query) = cx.lookup().map_query(&model, &picture, choice) else { continue };
            let Some(attribution) = cx.results.done(&query) else {
                continue;
            };
            let norm = cx.document.appearance.norms.of(choice.method);
            let values = cx.frame.reduced.reduced(&attribution.map, norm);
            let placement = picture.value.placement(&model.value.preprocessing);
            let transform = ViewTransform::default().picture_transform(UNIT, &placement, 1.0);
            let name = format!("{} · {}", choice.method.description().name, model.value.name);
            let value = |probe: &Pos2| {
                let at = transform.pixel_from_picture(*probe, values.dim().into());
                at.map_or("–".to_string(), |at| format!("{:.4e}", values[at]))
            };
            rows.push(std::iter::once(name).chain(probes.iter().map(value)).collect());
        }
    }
    rows
}

/// Where the pointer is in the picture, and where it was when the last frame was drawn: every cell
/// shows it, those too that were drawn before the one it is in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pointed {
    pub now: Option<Pos2>,
    pub before: Option<Pos2>,
    /// Where a cell's menu was opened.
    pub menu: Option<Pos2>,
}

impl Pointed {
    /// Begins a frame.
    pub fn begin(&mut self) {
        self.before = self.now.take();
    }

    /// Whether cells show another place than the pointer's.
    pub fn is_stale(&self) -> bool {
        self.now != self.before
    }
}
