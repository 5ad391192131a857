//! Insertion and Deletion curves of all cells.

use crate::explorer::context::Context;
use crate::explorer::grid::curve_scrubber::scrub_controls;
use crate::explorer::paint::plot_axes::legible_axes;
use crate::explorer::paint::theme;
use crate::explorer::panel::side::side_panel;
use crate::explorer::state::scrub::{Scrub, Side};
use crate::explorer::state::side_panel::SidePanel;
use egui::{
    Align, Color32, Layout, PointerButton, Rect, Response, RichText, ScrollArea, Sense, Ui,
    WidgetInfo, vec2,
};
use egui_plot::{
    Line, LineStyle, MarkerShape, Plot, PlotPoints, PlotUi, Points, VLine, log_grid_spacer,
    uniform_grid_spacer,
};
use hyaline::engine::job::CurvesQuery;
use hyaline::score::{Curve, Curves, Measured};
use hyaline::text::differing;
use std::sync::Arc;

/// One of the two charts.
struct Chart {
    title: &'static str,
    better: &'static str,
    about: &'static str,
    side: Side,
}

const INSERTION: Chart = Chart {
    title: "Insertion",
    better: "higher is better",
    about: "Probability of the class as the important pixels come back into a blurred picture",
    side: Side::Insertion,
};

const DELETION: Chart = Chart {
    title: "Deletion",
    better: "lower is better",
    about: "Probability of the class as the important pixels turn to the mean colour",
    side: Side::Deletion,
};

const CONFIDENCE_WARNING: &str = "Both areas follow a network's confidence: Insertion favours confident \
     networks, Deletion less confident networks. Compare methods on one network, or networks by normalised areas.";

/// What curves and areas are shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CurveMeasure {
    /// As they are.
    #[default]
    Raw,
    /// Over their highest score.
    OverMaximum,
    /// Their way from the first score to the last.
    Normalised,
}

impl CurveMeasure {
    const ALL: [Self; 3] = [Self::Raw, Self::OverMaximum, Self::Normalised];

    fn name(self) -> &'static str {
        match self {
            Self::Raw => "Probability",
            Self::OverMaximum => "Over maximum",
            Self::Normalised => "Normalised",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Raw => "Scores as they are, and the areas under them",
            Self::OverMaximum => "Scores and areas over the highest score of the curve",
            Self::Normalised => {
                "The score's way from its first value (0) to its last (1), and the area under it: \
                 how early it goes, whatever the network's confidence. Higher is better for both curves."
            }
        }
    }

    fn area(self, curve: &Curve) -> Measured {
        match self {
            Self::Raw => Measured::Value(curve.auc),
            Self::OverMaximum => curve.over_maximum(),
            Self::Normalised => curve.normalised(),
        }
    }

    /// The scores as shown; none where the measure is not defined.
    fn scores(self, curve: &Curve) -> Vec<f64> {
        if self.area(curve).value().is_none() {
            return vec![];
        }
        let scores = || curve.scores.iter().map(|score| f64::from(*score));
        let most = scores().fold(f64::NEG_INFINITY, f64::max);
        let [first, last] = [scores().next(), scores().next_back()].map(Option::unwrap_or_default);
        let shown = |score: f64| match self {
            Self::Raw => score,
            Self::OverMaximum => score / most,
            Self::Normalised => (score - first) / (last - first),
        };
        scores().map(shown).collect()
    }
}

fn measure_chooser(ui: &mut Ui, measure: &mut CurveMeasure) {
    ui.horizontal_wrapped(|ui| {
        for one in CurveMeasure::ALL {
            ui.selectable_value(measure, one, one.name()).on_hover_text(one.about());
        }
    });
}

/// One cell's curves and how they are drawn.
struct Series {
    /// Method and network.
    name: String,
    /// The same with what differs of the networks' names.
    short: String,
    colour: Color32,
    style: LineStyle,
    marker: Option<MarkerShape>,
    /// Whether its scores are probabilities.
    is_of_unit: bool,
    curves: Arc<Curves>,
}

/// The charts of what is shown.
#[derive(Debug, Default)]
pub struct CurvesPanel {
    measure: CurveMeasure,
    /// The series whose name is pointed at.
    pointed: Option<usize>,
}

impl CurvesPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        side_panel(ui, cx, (SidePanel::Curves, 330.0), |ui, cx| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                // Beside the bar that scrolls, not under it.
                ui.set_max_width(ui.available_width() - theme::GAP);
                let series = series(cx, ui.ctx().theme());
                ui.add_space(theme::GAP / 2.0);
                measure_chooser(ui, &mut self.measure);
                let measure = self.measure;
                for one in [&INSERTION, &DELETION] {
                    let lines = (&series[..], self.pointed);
                    if let Some(share) = chart(ui, one, lines, measure, cx.view.scrub) {
                        cx.view.scrub = Some(Scrub { side: one.side, share });
                    }
                }
                scrub_controls(ui, cx);
                self.pointed = table(ui, &series, measure);
                if measure != CurveMeasure::Raw && !series.is_empty() {
                    ui.weak("Cells show the areas of probabilities as they are.");
                }
                let compared = cx.document.shown_models().count() > 1 && !series.is_empty();
                if compared && measure != CurveMeasure::Normalised {
                    ui.add_space(theme::GAP);
                    let text = RichText::new(CONFIDENCE_WARNING).color(ui.visuals().warn_fg_color);
                    ui.add(egui::Label::new(text).wrap());
                }
            });
        });
    }
}

/// Curves that are there, method by method.
fn series(cx: &Context, theme: egui::Theme) -> Vec<Series> {
    let Some(picture) = cx.document.picture() else { return vec![] };
    let mut series = Vec::new();
    let models: Vec<_> = cx.document.shown_models().collect();
    let names: Vec<_> = models.iter().map(|open| open.value.name.as_str()).collect();
    let short = differing(&names);
    for (index, choice) in cx.document.shown_methods().enumerate() {
        for (model, short) in models.iter().zip(&short) {
            let Some(query) = cx.lookup().map_query(model, picture, choice) else { continue };
            if let Some(done) = cx.results.done(&CurvesQuery(query)) {
                let (method, colour) =
                    (choice.method.description().name, cx.document.colour_of(model.id));
                series.push(Series {
                    name: format!("{method} · {}", model.value.name),
                    short: format!("{method} · {short}"),
                    colour: theme::series(colour, theme),
                    style: style(index),
                    marker: marker(colour + index / 4),
                    is_of_unit: model.value.outputs.kind.probability().is_some(),
                    curves: done.0.clone(),
                });
            }
        }
    }
    series
}

/// Methods are told apart by their lines, networks by colour and, for eyes to which colours look alike,
/// by marks.
fn style(method: usize) -> LineStyle {
    match method % 4 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_dense(),
        2 => LineStyle::dotted_dense(),
        _ => LineStyle::dashed_loose(),
    }
}

fn marker(round: usize) -> Option<MarkerShape> {
    [None, Some(MarkerShape::Circle), Some(MarkerShape::Square), Some(MarkerShape::Up)][round % 4]
}

/// Draws a chart; gives the share of pixels that a person points out by a click or a drag.
fn chart(
    ui: &mut Ui,
    chart: &Chart,
    (series, pointed): (&[Series], Option<usize>),
    measure: CurveMeasure,
    scrub: Option<Scrub>,
) -> Option<f32> {
    ui.horizontal(|ui| {
        ui.strong(chart.title).on_hover_text(chart.about);
        ui.weak(match measure {
            CurveMeasure::Normalised => "higher is better",
            _ => chart.better,
        });
    });
    let height = (ui.available_width() * 0.62).clamp(120.0, 260.0);
    let grid = || uniform_grid_spacer(|_| [0.5, 0.25, 0.05]);
    let is_unit = measure != CurveMeasure::Normalised && series.iter().all(|one| one.is_of_unit);
    let rows = if is_unit { grid() } else { log_grid_spacer(10) };
    let colour = ui.visuals().strong_text_color();
    // Each measure keeps bounds of its own.
    let [across, up] = legible_axes();
    let plot = Plot::new((chart.title, measure.name()))
        .height(height)
        .custom_x_axes(across)
        .custom_y_axes(up)
        .default_x_bounds(0.0, 1.0)
        .default_y_bounds(0.0, 1.0)
        .x_grid_spacer(grid())
        .y_grid_spacer(rows)
        .x_axis_formatter(|mark, _| mark.value.to_string())
        .y_axis_formatter(|mark, _| mark.value.to_string())
        .x_axis_label("share of pixels")
        .y_axis_label(match measure {
            CurveMeasure::Raw if is_unit => "probability",
            CurveMeasure::Raw => "value",
            CurveMeasure::OverMaximum => "over maximum",
            CurveMeasure::Normalised => "way gone",
        })
        .allow_scroll(false)
        .allow_drag(false)
        .show(ui, |plot| {
            if !is_unit {
                plot.set_plot_bounds_y(reach(chart, series, measure));
            }
            for (index, one) in series.iter().enumerate() {
                let width = if pointed == Some(index) { 4.0 } else { 1.8 };
                draw_curve(plot, chart, one, measure, width);
            }
            if let Some(scrub) = scrub.filter(|scrub| scrub.side == chart.side) {
                plot.vline(VLine::new("shown", scrub.share).color(colour).width(1.0));
            }
            plot.pointer_coordinate().map(|at| at.x.clamp(0.0, 1.0) as f32)
        });
    let is_pointed = !series.is_empty()
        && (plot.response.clicked() || plot.response.dragged_by(PointerButton::Primary));
    plot.inner.filter(|_| is_pointed)
}

/// A curve, with marks where its series has some.
fn draw_curve(plot: &mut PlotUi, chart: &Chart, one: &Series, measure: CurveMeasure, width: f32) {
    /// Points from one mark to the next.
    const MARKS: usize = 5;
    let scores = measure.scores(chart.side.curve(&one.curves));
    let points = one.curves.fractions.iter().zip(scores);
    let points: Vec<_> = points.map(|(x, y)| [f64::from(*x), y]).collect();
    if let Some(shape) = one.marker {
        let marked: PlotPoints = points.iter().step_by(MARKS).copied().collect();
        plot.points(Points::new(&*one.name, marked).shape(shape).radius(3.0).color(one.colour));
    }
    let line = Line::new(&*one.name, PlotPoints::from(points));
    plot.line(line.color(one.colour).style(one.style).width(width));
}

/// What curves reach, 0 and 1 included: a normalised score may go back before its start, or beyond
/// its end, and values may be any.
fn reach(chart: &Chart, series: &[Series], measure: CurveMeasure) -> std::ops::RangeInclusive<f64> {
    let scores = |one: &Series| measure.scores(chart.side.curve(&one.curves));
    let all = series.iter().flat_map(scores);
    let (low, high) =
        all.fold((0f64, 1f64), |(low, high), score| (low.min(score), high.max(score)));
    low..=high
}

/// The areas, which is the legend too; gives the series whose name is pointed at.
fn table(ui: &mut Ui, series: &[Series], measure: CurveMeasure) -> Option<usize> {
    if series.is_empty() {
        ui.weak("Curves appear when maps are done.");
        return None;
    }
    let mut pointed = None;
    ui.add_space(theme::GAP / 2.0);
    areas_row(
        ui,
        |ui| ui.strong("Del").on_hover_text("Area under the Deletion curve"),
        |ui| ui.strong("Ins").on_hover_text("Area under the Insertion curve"),
        |ui| {
            ui.strong("Area under the curve");
        },
    );
    for (index, one) in series.iter().enumerate() {
        areas_row(
            ui,
            |ui| area(ui, measure.area(&one.curves.deletion)),
            |ui| area(ui, measure.area(&one.curves.insertion)),
            |ui| {
                swatch(ui, one);
                let name = egui::Label::new(RichText::new(&one.short).small()).truncate();
                let name = ui.add(name);
                name.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &one.name));
                if name.on_hover_text(&one.name).hovered() {
                    pointed = Some(index);
                }
            },
        );
    }
    ui.weak("RISE protocol in whole rows, 28 or so steps; probability of the class");
    pointed
}

/// An area, or a dash that says why there is none.
fn area(ui: &mut Ui, measured: Measured) -> Response {
    match measured {
        Measured::Value(value) => ui.monospace(format!("{value:.3}")),
        Measured::Undefined(reason) => ui.monospace("–").on_hover_text(reason),
    }
}

/// Two numbers at the right, and a name that takes the rest.
fn areas_row(
    ui: &mut Ui,
    deletion: impl FnOnce(&mut Ui) -> Response,
    insertion: impl FnOnce(&mut Ui) -> Response,
    name: impl FnOnce(&mut Ui),
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            number_column(ui, deletion);
            number_column(ui, insertion);
            ui.with_layout(Layout::left_to_right(Align::Center), name);
        });
    });
}

fn number_column(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> Response) {
    let size = vec2(42.0, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), content);
}

/// A short piece of a series' line, with its mark.
fn swatch(ui: &mut Ui, series: &Series) {
    let (rect, _) = ui.allocate_exact_size(vec2(26.0, 12.0), Sense::hover());
    let ends = [rect.left_center(), rect.right_center()];
    let stroke = egui::Stroke::new(2.0, series.colour);
    match series.style {
        LineStyle::Solid => drop(ui.painter().line_segment(ends, stroke)),
        LineStyle::Dashed { length } => {
            ui.painter().extend(egui::Shape::dashed_line(&ends, stroke, length, length * 0.6));
        }
        LineStyle::Dotted { .. } => {
            ui.painter().extend(egui::Shape::dotted_line(&ends, series.colour, 4.0, 1.2));
        }
    }
    let (middle, colour) = (rect.center(), series.colour);
    match series.marker {
        Some(MarkerShape::Circle) => drop(ui.painter().circle_filled(middle, 3.5, colour)),
        Some(MarkerShape::Square) => {
            let square = Rect::from_center_size(middle, vec2(6.0, 6.0));
            ui.painter().rect_filled(square, 0.0, colour);
        }
        Some(_) => {
            let corners = [vec2(-4.0, 3.0), vec2(4.0, 3.0), vec2(0.0, -4.0)];
            let corners = corners.map(|corner| middle + corner).to_vec();
            ui.painter().add(egui::Shape::convex_polygon(corners, colour, egui::Stroke::NONE));
        }
        None => {}
    }
}
