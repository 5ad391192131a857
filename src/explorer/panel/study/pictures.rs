//! The pictures behind a number.

use super::StudyPanel;
use crate::explorer::paint::plot_axes::legible_axes;
use crate::explorer::paint::theme;
use egui::{RichText, ScrollArea, Ui};
use egui_plot::{Plot, PlotPoints, Points, log_grid_spacer, uniform_grid_spacer};
use hyaline::engine::CellIndex;
use hyaline::study::report::{PictureValue, Report, SummaryIndex};
use hyaline::text::count;

/// In which order pictures are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    HighestFirst,
    LowestFirst,
    ByName,
}

impl Order {
    const ALL: [(Self, &'static str); 3] = [
        (Self::HighestFirst, "highest first"),
        (Self::LowestFirst, "lowest first"),
        (Self::ByName, "by name"),
    ];

    fn sort(self, pictures: &mut [PictureValue]) {
        // What has no value stands last.
        let value = |of: &PictureValue| of.value.unwrap_or(f64::NAN);
        pictures.sort_by(|a, b| match self {
            Self::HighestFirst => {
                a.value.is_err().cmp(&b.value.is_err()).then(value(b).total_cmp(&value(a)))
            }
            Self::LowestFirst => {
                a.value.is_err().cmp(&b.value.is_err()).then(value(a).total_cmp(&value(b)))
            }
            Self::ByName => a.picture.cmp(&b.picture),
        });
    }
}

/// The cells of a study with a score's values, in an order.
pub(super) struct AllCells {
    metric: usize,
    order: Order,
    cells: Vec<(f64, CellIndex)>,
    /// Cells that failed, or whose score is not defined.
    valueless: usize,
}

impl AllCells {
    pub(super) fn new(report: &Report, metric: usize, order: Order) -> Self {
        let plan = report.plan();
        let (mut cells, mut valueless) = (vec![], 0);
        for (model, method) in
            (0..plan.models.len()).flat_map(|m| (0..plan.methods.len()).map(move |n| (m, n)))
        {
            let of = report.pictures(SummaryIndex { model, method, metric });
            let cell = |of: &PictureValue| {
                Some((of.value.ok()?, CellIndex::clean(of.picture, model, method)))
            };
            cells.extend(of.iter().filter_map(cell));
            valueless += of.iter().filter(|of| of.value.is_err()).count();
        }
        cells.sort_by(|(a, of_a), (b, of_b)| match order {
            Order::HighestFirst => b.total_cmp(a),
            Order::LowestFirst => a.total_cmp(b),
            Order::ByName => of_a.picture.cmp(&of_b.picture),
        });
        Self { metric, order, cells, valueless }
    }

    /// The same of a report that was read again.
    pub(super) fn again(&self, report: &Report) -> Self {
        Self::new(report, self.metric, self.order)
    }
}

impl StudyPanel {
    /// All cells by one score; gives the one that was clicked.
    pub(super) fn all_cells(
        &mut self,
        ui: &mut Ui,
        report: &Report,
        all: &mut AllCells,
    ) -> Option<(CellIndex, usize)> {
        let plan = report.plan();
        let cells = count(all.cells.len(), "cell", "cells");
        ui.strong(format!("{} of {cells}", plan.metrics[all.metric].label));
        if all.valueless > 0 {
            ui.weak(format!("{} more have no value", all.valueless));
        }
        let mut order = all.order;
        ui.horizontal(|ui| {
            for (one, name) in Order::ALL {
                ui.selectable_value(&mut order, one, name);
            }
        });
        if order != all.order {
            *all = AllCells::new(report, all.metric, order);
        }
        let mut wish = None;
        let height = ui.spacing().interact_size.y;
        let scroll = ScrollArea::both().id_salt("all cells").auto_shrink([false, false]);
        scroll.show_rows(ui, height, all.cells.len(), |ui, rows| {
            for (value, cell) in &all.cells[rows] {
                let CellIndex { picture, model, method, .. } = *cell;
                let text = format!(
                    "{value:.3}  {} · {} · {}",
                    plan.pictures[picture].name,
                    plan.methods[method].label(),
                    plan.models[model].name
                );
                let row = ui.selectable_label(false, text).on_hover_text("A click shows its maps.");
                if row.clicked() {
                    wish = Some((*cell, all.metric));
                }
            }
        });
        wish
    }

    /// The pictures behind a number; gives the one that was clicked, with its cell and the score.
    pub(super) fn pictures(
        &mut self,
        ui: &mut Ui,
        report: &Report,
        SummaryIndex { model, method, metric }: SummaryIndex,
    ) -> Option<(CellIndex, usize)> {
        let plan = report.plan();
        let mut pictures = report.pictures(SummaryIndex { model, method, metric });
        ui.strong(format!("{} of {}", plan.methods[method].label(), plan.models[model].name));
        confidence_plot(ui, &pictures, &plan.metrics[metric].label);
        ui.horizontal(|ui| {
            for (order, name) in Order::ALL {
                ui.selectable_value(&mut self.order, order, name);
            }
        });
        self.order.sort(&mut pictures);
        let mut wish = None;
        let height = ui.spacing().interact_size.y;
        let scroll = ScrollArea::vertical().id_salt("listed").auto_shrink([false, false]);
        scroll.show_rows(ui, height, pictures.len(), |ui, rows| {
            for of in &pictures[rows] {
                if picture_row(ui, report, of).clicked() {
                    wish = Some((CellIndex::clean(of.picture, model, method), metric));
                }
            }
        });
        wish
    }
}

/// One picture: its value and name; what went wrong where there is no value.
fn picture_row(ui: &mut Ui, report: &Report, of: &PictureValue) -> egui::Response {
    let name = &report.plan().pictures[of.picture].name;
    let value = of.value.map_or("    –".into(), |value| format!("{value:.3}"));
    let response = ui.selectable_label(false, RichText::new(format!("{value}  {name}")));
    let response = match (of.value, of.subject) {
        (Err(why), _) => response.on_hover_text(why),
        (Ok(_), Some(subject)) => {
            let class = subject.target;
            let sure = subject.confidence.map_or(format!("class {class}"), |confidence| {
                format!("confidence in class {class}: {confidence:.3}")
            });
            response.on_hover_text(format!("{sure}. A click shows its maps."))
        }
        (Ok(_), None) => response,
    };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    response
}

/// Every picture's value over the network's confidence in it.
fn confidence_plot(ui: &mut Ui, pictures: &[PictureValue], label: &str) {
    let point = |of: &PictureValue| Some([of.subject?.confidence?, of.value.ok()?]);
    let points: PlotPoints = pictures.iter().filter_map(point).collect();
    let colour = theme::series(0, ui.ctx().theme());
    let [across, up] = legible_axes();
    Plot::new(("confidence of a study", label))
        .height(170.0)
        .custom_x_axes(across)
        .custom_y_axes(up)
        // Points at 0 and 1 are whole.
        .default_x_bounds(-0.03, 1.03)
        .x_grid_spacer(uniform_grid_spacer(|_| [0.5, 0.25, 0.05]))
        .y_grid_spacer(log_grid_spacer(5))
        .x_axis_formatter(|mark, _| mark.value.to_string())
        .y_axis_formatter(|mark, _| ((mark.value * 1e6).round() / 1e6).to_string())
        .x_axis_label("confidence")
        .y_axis_label(label)
        .allow_scroll(false)
        .show(ui, |plot| plot.points(Points::new("pictures", points).radius(2.5).color(colour)));
}
