//! Looking closely: zoom and pan in all cells at once, the values under the pointer, and probes.

use super::command::Command;
use super::view_transform::{Ground, Lens, UNIT, ViewTransform, magnification};
use super::{Explorer, theme};
use crate::display::Scale;
use crate::engine::{OpenModel, OpenPicture, Subject};
use crate::text::number;
use egui::{Align2, CursorIcon, FontId, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};
use image::RgbaImage;
use ndarray::Array2;

/// Points that a pixel must take for its value to be written in it.
const LEGIBLE: f32 = 40.0;
/// Width of a cell, in points, below which a line has no room for three numbers.
const NARROW: f32 = 180.0;

impl Explorer {
    /// Zooms, pans and points where a person does so in a cell.
    pub(super) fn navigate(
        &mut self,
        ui: &Ui,
        response: &Response,
        lens: &Lens,
        picture: &OpenPicture,
    ) {
        let ground = self.ground(lens.cell, picture);
        if response.dragged() && self.state.view.transform.is_zoomed() {
            self.state.view.transform.pan(response.drag_delta(), ground);
        }
        let Some(at) = response.hover_pos() else { return };
        let place = lens.place(at);
        let zoom = ui.input(egui::InputState::zoom_delta);
        if zoom != 1.0 {
            let offset = at - lens.cell.center();
            self.state.view.transform.zoom(zoom, place, offset, ground);
        }
        self.frame.pointed.now = Some(place);
        if self.state.view.transform.is_zoomed() {
            response.clone().on_hover_cursor(CursorIcon::Grab);
        }
    }

    /// Where a picture lies in a cell.
    pub(super) fn lens(&self, cell: Rect, model: &OpenModel, picture: &OpenPicture) -> Lens {
        let placement = picture.value.placement(&model.value.preprocessing);
        self.state.view.transform.lens(cell, &placement, self.magnification(picture))
    }

    /// Points that a pixel of a picture takes without zoom: the most that it takes for any network.
    fn magnification(&self, picture: &OpenPicture) -> f32 {
        let cell = egui::Vec2::splat(self.frame.shown_cell);
        let models = self.state.document.models.iter();
        models
            .map(|model| picture.value.placement(&model.value.preprocessing))
            .map(|placement| magnification(cell, &placement))
            .fold(0.0, f32::max)
    }

    /// What zoom and pan go by in a cell of a picture.
    pub(super) fn ground(&self, cell: Rect, picture: &OpenPicture) -> Ground {
        let (width, height) = picture.value.size();
        let picture = vec2(width as f32, height as f32) * self.magnification(picture);
        Ground { cell: cell.size(), picture }
    }

    /// Draws the pointer, mirrored from the cell it is in, and the probes.
    pub(super) fn draw_marks(&self, ui: &Ui, lens: &Lens) {
        let painter = ui.painter().with_clip_rect(lens.cell.intersect(ui.clip_rect()));
        for (index, probe) in self.state.document.probes.iter().enumerate() {
            let at = lens.at(*probe);
            for (width, color) in theme::REGION {
                painter.circle_stroke(at, 4.0, Stroke::new(width, color));
            }
            let text = (index + 1).to_string();
            shadowed(&painter, at + vec2(6.0, 0.0), Align2::LEFT_CENTER, &text, 11.0);
        }
        let Some(at) = self.frame.pointed.before.map(|place| lens.at(place)) else { return };
        for (width, color) in theme::CROSSHAIR {
            let stroke = Stroke::new(width, color);
            for along in [vec2(1.0, 0.0), vec2(0.0, 1.0)] {
                for side in [-1.0, 1.0] {
                    painter
                        .line_segment([at + along * side * 4.0, at + along * side * 9.0], stroke);
                }
            }
        }
    }

    /// The value of a map under the pointer, where it is on the scale, and what share of all values
    /// is no larger.
    pub(super) fn readout(
        &self,
        lens: &Lens,
        values: &Array2<f32>,
        scale: Scale,
    ) -> Option<String> {
        let at = lens.pixel(self.frame.pointed.before?, values.dim().into())?;
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
        let has_room = lens.cell.width() >= NARROW;
        Some(if has_room { format!("{text} · rank {rank:.0} %") } else { text })
    }

    /// The colour under the pointer as a network sees it, and where in its input that is; none
    /// where the colours stand in the pixels.
    pub(super) fn color_readout(&self, lens: &Lens, seen: &Subject) -> Option<String> {
        let (width, height) = seen.image().dimensions();
        let size = [height as usize, width as usize];
        let [row, column] =
            lens.pixel(self.frame.pointed.before?, size).filter(|_| !is_legible(lens, size))?;
        let [r, g, b, _] = seen.image().get_pixel(column as u32, row as u32).0;
        Some(format!("RGB {r} {g} {b} at ({column}, {row})"))
    }

    /// The pixel of the picture under the pointer, of how many.
    pub(super) fn place_readout(&self) -> Option<String> {
        let (width, height) = self.state.document.picture()?.value.size();
        let is_inside =
            |place: &Pos2| Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)).contains(*place);
        let place = self.frame.pointed.before.filter(is_inside)?;
        let (x, y) = (place.x * width as f32, place.y * height as f32);
        Some(format!("pixel ({x:.0}, {y:.0}) of {width}×{height}", x = x.floor(), y = y.floor()))
    }

    /// Pins a probe to a place.
    pub(super) fn pin_probe(&mut self, place: Option<Pos2>) {
        if let Some(place) = place {
            self.state.document.probes.push(place);
            self.state.view.probes = true;
        }
    }

    /// The values at all probes, to read and to copy.
    pub(super) fn probes_window(&mut self, ctx: &egui::Context) {
        if self.state.document.probes.is_empty() || !self.state.view.probes {
            return;
        }
        let mut open = true;
        let table = self.probe_table();
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
                    if ui
                        .button("Copy")
                        .on_hover_text("As text with tabs, for a spreadsheet")
                        .clicked()
                    {
                        let lines: Vec<String> = table.iter().map(|row| row.join("\t")).collect();
                        ui.copy_text(lines.join("\n"));
                    }
                    self.command_button(ui, Command::RemoveProbes);
                });
            });
        self.state.view.probes = open;
    }

    /// A row for each cell and a column for each probe, with headings.
    fn probe_table(&mut self) -> Vec<Vec<String>> {
        let Some(picture) = self.state.document.picture().cloned() else { return vec![] };
        let (width, height) = picture.value.size();
        let probes = self.state.document.probes.clone();
        let place = |(index, probe): (usize, &Pos2)| {
            let (x, y) = (probe.x * width as f32, probe.y * height as f32);
            format!("{} ({:.0}, {:.0})", index + 1, x.floor(), y.floor())
        };
        let mut rows = vec![
            std::iter::once("raw values at".to_string())
                .chain(probes.iter().enumerate().map(place))
                .collect::<Vec<_>>(),
        ];
        let methods: Vec<_> = self.state.document.shown_methods().cloned().collect();
        for choice in &methods {
            for model in self.state.document.models.clone() {
                let Some(query) = self.map_query(&model, &picture, choice) else { continue };
                let Some(attribution) = self.frame.results.done(&query) else {
                    continue;
                };
                let norm = self.state.document.appearance.norms.of(choice.method);
                let values = self.frame.display.reduced(&attribution.map, norm);
                let placement = picture.value.placement(&model.value.preprocessing);
                let lens = ViewTransform::default().lens(UNIT, &placement, 1.0);
                let name = format!("{} · {}", choice.method.description().name, model.value.name);
                let value = |probe: &Pos2| {
                    let at = lens.pixel(*probe, values.dim().into());
                    at.map_or("–".to_string(), |at| format!("{:.4e}", values[at]))
                };
                rows.push(std::iter::once(name).chain(probes.iter().map(value)).collect());
            }
        }
        rows
    }
}

/// Where the pointer is in the picture, and where it was when the last frame was drawn: every cell
/// shows it, those too that were drawn before the one it is in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pointed {
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

/// Whether pixels of so many rows and columns are large enough to write in.
pub(super) fn is_legible(lens: &Lens, size: [usize; 2]) -> bool {
    lens.pixel_rect([0, 0], size).size().min_elem() >= LEGIBLE
}

/// Writes the values of a map into its pixels, where these are large enough.
pub(super) fn write_values(ui: &Ui, lens: &Lens, values: &Array2<f32>) {
    let text = |[row, column]: [usize; 2]| vec![number(values[[row, column]])];
    write_in_pixels(ui, lens, values.dim().into(), text);
}

/// Writes red, green and blue into the pixels of a picture, where these are large enough.
pub(super) fn write_colors(ui: &Ui, lens: &Lens, image: &RgbaImage) {
    let (width, height) = image.dimensions();
    let text = |[row, column]: [usize; 2]| {
        let [r, g, b, _] = image.get_pixel(column as u32, row as u32).0;
        [r, g, b].map(|value| value.to_string()).to_vec()
    };
    write_in_pixels(ui, lens, [height as usize, width as usize], text);
}

fn write_in_pixels(
    ui: &Ui,
    lens: &Lens,
    size: [usize; 2],
    text: impl Fn([usize; 2]) -> Vec<String>,
) {
    let seen = lens.cell.intersect(ui.clip_rect()).intersect(lens.input);
    if !is_legible(lens, size) || !seen.is_positive() {
        return;
    }
    let painter = ui.painter().with_clip_rect(seen);
    let pixel = |at: Pos2| {
        let share = (at - lens.input.min) / lens.input.size();
        let index = |share: f32, count: usize| ((share * count as f32) as usize).min(count - 1);
        [index(share.y, size[0]), index(share.x, size[1])]
    };
    let [first, last] = [pixel(seen.min), pixel(seen.max)];
    for row in first[0]..=last[0] {
        for column in first[1]..=last[1] {
            let rect = lens.pixel_rect([row, column], size).intersect(seen);
            let lines = text([row, column]);
            let height = 11.0;
            let top = rect.center().y - height * (lines.len() as f32 - 1.0) / 2.0;
            for (index, line) in lines.iter().enumerate() {
                let at = Pos2::new(rect.center().x, top + height * index as f32);
                shadowed(&painter, at, Align2::CENTER_CENTER, line, 10.0);
            }
        }
    }
}

/// Bright writing on a dark shadow, which shows on every colour.
pub(super) fn shadowed(painter: &egui::Painter, at: Pos2, align: Align2, text: &str, size: f32) {
    let font = FontId::proportional(size);
    let [bright, dark] = theme::ON_PICTURE;
    painter.text(at + vec2(1.0, 1.0), align, text, font.clone(), dark);
    painter.text(at, align, text, font, bright);
}
