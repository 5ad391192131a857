//! Insertion and Deletion curves of all cells.

use super::work::{Key, State};
use super::{Explorer, theme};
use crate::score::Curves;
use egui::{Color32, Panel, RichText, ScrollArea, Sense, Ui, vec2};
use egui_plot::{Line, LineStyle, Plot, PlotPoints};
use std::sync::Arc;

/// One cell's curves and how they are drawn.
struct Series {
    method: &'static str,
    model: String,
    color: Color32,
    style: LineStyle,
    curves: Arc<Curves>,
}

impl Explorer {
    pub(super) fn curves_panel(&mut self, ui: &mut Ui) {
        Panel::right("curves").default_size(330.0).size_range(240.0..=640.0).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                let series = self.series(ui.ctx().theme());
                ui.add_space(theme::GAP / 2.0);
                chart(ui, "Insertion", "Probability as the important pixels come back into a blurred picture: higher is better", &series, |c| &c.insertion);
                chart(ui, "Deletion", "Probability as the important pixels turn to the mean colour: lower is better", &series, |c| &c.deletion);
                table(ui, &series);
                if self.document.models.len() > 1 && !series.is_empty() {
                    ui.add_space(theme::GAP);
                    let text = "Both areas follow a network's confidence. Compare methods on one network, not networks.";
                    ui.add(egui::Label::new(RichText::new(text).color(ui.visuals().warn_fg_color)).wrap());
                }
            });
        });
    }

    /// Curves that are there, method by method.
    fn series(&self, theme: egui::Theme) -> Vec<Series> {
        let Some(picture) = self.document.picture() else { return vec![] };
        let mut series = Vec::new();
        for (index, choice) in self.document.methods.iter().enumerate().filter(|(_, choice)| choice.shown) {
            for (column, model) in self.document.models.iter().enumerate() {
                let Some(key) = self.map_key(model, picture, choice) else { continue };
                if let Some(State::Curves(curves)) = self.worker.state(&Key::Curves(key)) {
                    series.push(Series {
                        method: choice.method.description().name,
                        model: model.value.name.clone(),
                        color: theme::series(index, theme),
                        style: style(column),
                        curves,
                    });
                }
            }
        }
        series
    }
}

/// Networks are told apart by their lines, methods by colour.
fn style(model: usize) -> LineStyle {
    match model % 3 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_dense(),
        _ => LineStyle::dotted_dense(),
    }
}

fn chart(ui: &mut Ui, title: &str, about: &str, series: &[Series], scores: impl Fn(&Curves) -> &Vec<f32>) {
    ui.strong(title).on_hover_text(about);
    let height = (ui.available_width() * 0.62).clamp(120.0, 260.0);
    Plot::new(title)
        .height(height)
        .default_x_bounds(0.0, 1.0)
        .default_y_bounds(0.0, 1.0)
        .include_y(0.0)
        .include_y(1.0)
        .x_axis_label("share of pixels")
        .y_axis_label("probability")
        .allow_scroll(false)
        .show(ui, |plot| {
            for one in series {
                let points = one.curves.fractions.iter().zip(scores(&one.curves));
                let points: PlotPoints = points.map(|(x, y)| [f64::from(*x), f64::from(*y)]).collect();
                let name = format!("{} · {}", one.method, one.model);
                plot.line(Line::new(name, points).color(one.color).style(one.style).width(1.8));
            }
        });
}

/// The areas, which is the legend too.
fn table(ui: &mut Ui, series: &[Series]) {
    if series.is_empty() {
        ui.weak("Curves appear when maps are done.");
        return;
    }
    ui.add_space(theme::GAP / 2.0);
    egui::Grid::new("areas").num_columns(5).striped(true).spacing(vec2(8.0, 3.0)).show(ui, |ui| {
        ui.label("");
        ui.strong("Method");
        ui.strong("Network");
        ui.strong("Ins").on_hover_text("Area under the Insertion curve");
        ui.strong("Del").on_hover_text("Area under the Deletion curve");
        ui.end_row();
        for one in series {
            swatch(ui, one);
            ui.add(egui::Label::new(one.method).truncate());
            ui.add(egui::Label::new(&one.model).truncate());
            ui.monospace(format!("{:.3}", one.curves.insertion_auc));
            ui.monospace(format!("{:.3}", one.curves.deletion_auc));
            ui.end_row();
        }
    });
    let step = series[0].curves.step;
    ui.weak(format!("RISE protocol, {step} px a step, softmax of the class"));
}

/// A short piece of a series' line.
fn swatch(ui: &mut Ui, series: &Series) {
    let (rect, _) = ui.allocate_exact_size(vec2(26.0, 12.0), Sense::hover());
    let ends = [rect.left_center(), rect.right_center()];
    let stroke = egui::Stroke::new(2.0, series.color);
    match series.style {
        LineStyle::Solid => drop(ui.painter().line_segment(ends, stroke)),
        LineStyle::Dashed { length } => {
            ui.painter().extend(egui::Shape::dashed_line(&ends, stroke, length, length * 0.6));
        }
        LineStyle::Dotted { .. } => ui.painter().extend(egui::Shape::dotted_line(&ends, series.color, 4.0, 1.2)),
    }
}
