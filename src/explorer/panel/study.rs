//! The table of a study, and the way from its numbers to the pictures behind them.

use crate::attribution;
use crate::engine::{CellIndex, ClassChoice, MethodChoice};
use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::paint::plot_axes::legible_axes;
use crate::explorer::paint::theme;
use crate::explorer::state::document::Document;
use crate::explorer::state::open_panels::PanelId;
use crate::score::Better;
use crate::study::report::{PictureValue, Report};
use crate::study::{OpenedStudy, PlannedModel, values_of};
use egui::{ComboBox, Grid, RichText, ScrollArea, Ui, Window, vec2};
use egui_plot::{Plot, PlotPoints, Points, log_grid_spacer, uniform_grid_spacer};
use std::path::PathBuf;
use std::sync::Arc;

/// The window of a study.
#[derive(Default)]
pub struct StudyPanel {
    study: Option<Arc<OpenedStudy>>,
    metric: usize,
    /// Model and method whose pictures are listed.
    chosen: Option<[usize; 2]>,
    order: Order,
    /// SHA-256 of a picture that is to be selected when it arrives.
    awaited: Option<String>,
}

/// In which order pictures are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
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

impl StudyPanel {
    pub fn show(&mut self, study: OpenedStudy) {
        *self = Self { study: Some(Arc::new(study)), ..Self::default() };
    }

    /// Whether there is a study to show.
    pub fn is_there(&self) -> bool {
        self.study.is_some()
    }

    /// Selects the picture that was asked for, once it is open.
    pub fn settle(&mut self, document: &mut Document) {
        let Some(sha256) = &self.awaited else { return };
        let place = document.pictures.iter().position(|open| open.value.sha256 == *sha256);
        if let Some(place) = place {
            document.selected = place;
            self.awaited = None;
        }
    }
}

impl Panel for StudyPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let size = (room.size() - vec2(120.0, 140.0)).min(vec2(1000.0, 640.0));
        let window = Window::new(format!("Study: {}", self.study.as_ref()?.report.plan().name))
            .default_size(size)
            .max_size(room.size() - vec2(24.0, 48.0))
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(room.center())
            .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let Some(study) = self.study.clone() else { return };
        if let Some(cell) = self.whole(ui, &study) {
            self.bring(cx, &study, cell);
        }
    }
}

impl StudyPanel {
    /// Brings a cell of a study into the grid: its picture with its boxes, network, method and class.
    /// Undo brings back what was shown before.
    fn bring(
        &mut self,
        cx: &mut Context,
        study: &OpenedStudy,
        CellIndex { model, picture, method, .. }: CellIndex,
    ) {
        let plan = study.report.plan();
        let (planned, choice) = (&plan.pictures[picture], &plan.methods[method]);
        let mut files: Vec<PathBuf> = vec![];
        let is_model =
            |open: &crate::model::Model| PlannedModel::of(open).sha256 == plan.models[model].sha256;
        if !cx.document.models.iter().any(|open| is_model(&open.value)) {
            files.extend(study.models[model].clone());
        }
        if !cx.document.pictures.iter().any(|open| open.value.sha256 == planned.sha256) {
            files.extend(study.pictures[picture].clone());
        }
        if cx.document.annotations.is_none() {
            files.extend(study.annotations.clone());
        }
        let chosen = attribution::method(&choice.id)
            .and_then(|found| Ok((found, values_of(choice, found.description().parameters)?)));
        match chosen {
            Ok((method, values)) => {
                cx.document.show_alone(MethodChoice { method, values, shown: true });
            }
            Err(error) => cx.warn(error.to_string()),
        }
        let of_metric = study.report.pictures([model, method, self.metric]);
        let subject = of_metric.iter().find(|of| of.picture == picture).and_then(|of| of.subject);
        if let Some(subject) = subject {
            let mut models = cx.document.models.iter().map(|open| &open.value);
            let named = models.find(|open| is_model(open)).map(|of| of.named_class(subject.target));
            cx.document.class =
                named.map_or(ClassChoice::Index(subject.target), ClassChoice::Named);
        }
        cx.document.seed = plan.seed;
        self.awaited = Some(planned.sha256.clone());
        self.settle(cx.document);
        cx.open.close(PanelId::Study);
        match (files.is_empty(), self.awaited.is_some()) {
            (false, _) => cx.act(Action::Open(files)),
            (true, true) => cx.warn(format!(
                "cannot find {}: the definition that says where it lies is not beside the results \
                 (open the picture, then choose it in the study again)",
                planned.name
            )),
            (true, false) => {}
        }
    }
}

impl StudyPanel {
    /// The whole window; gives the cell of the study that is to be shown.
    fn whole(&mut self, ui: &mut Ui, study: &OpenedStudy) -> Option<CellIndex> {
        let report = &study.report;
        self.head(ui, report);
        let metric = self.metric;
        let wish = self.chosen.and_then(|chosen| {
            let panel = egui::Panel::right("pictures of the study").default_size(330.0);
            panel.show(ui, |ui| self.pictures(ui, report, chosen)).inner
        });
        egui::CentralPanel::default().show(ui, |ui| {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
                self.table(ui, report);
                ui.add_space(theme::GAP);
                if let Some(warning) = report.warning_of(&[metric]) {
                    let text = RichText::new(warning).color(ui.visuals().warn_fg_color);
                    ui.add(egui::Label::new(text).wrap());
                }
                ui.weak("Mean ± standard error over pictures; a click on a number lists them.");
            });
        });
        wish
    }

    /// How much there is, and which metric is shown.
    fn head(&mut self, ui: &mut Ui, report: &Report) {
        let plan = report.plan();
        let [done, failed, missing] = report.counts();
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Score");
            ComboBox::from_id_salt("metric")
                .width(220.0)
                .selected_text(heading(report, self.metric))
                .show_ui(ui, |ui| {
                    for metric in 0..plan.metrics.len() {
                        ui.selectable_value(&mut self.metric, metric, heading(report, metric));
                    }
                })
                .response
                .labelled_by(label.id);
            let rest = [(failed, "failed"), (missing, "not computed yet")];
            let rest = rest.iter().filter(|(count, _)| *count > 0);
            let rest: Vec<String> = rest.map(|(count, what)| format!(", {count} {what}")).collect();
            let rest = rest.concat();
            let pictures = crate::text::count(plan.pictures.len(), "picture", "pictures");
            ui.weak(format!("{pictures}; {done} cells done{rest}"));
        });
        ui.separator();
    }

    /// Methods down, models across.
    fn table(&mut self, ui: &mut Ui, report: &Report) {
        let plan = report.plan();
        Grid::new("study").striped(true).min_col_width(96.0).show(ui, |ui| {
            ui.strong("Method");
            for model in &plan.models {
                ui.strong(&model.name);
            }
            ui.end_row();
            for (method, choice) in plan.methods.iter().enumerate() {
                ui.label(choice.label()).on_hover_text(choice.json());
                for model in 0..plan.models.len() {
                    self.number(ui, report, [model, method]);
                }
                ui.end_row();
            }
        });
    }

    fn number(&mut self, ui: &mut Ui, report: &Report, [model, method]: [usize; 2]) {
        let plan = report.plan();
        let group = report.group(model, method);
        let summary = &group.summaries[self.metric];
        let (text, about) = match (&summary.description, &summary.interval) {
            (Ok(of), interval) => {
                let error = of.standard_error.map_or(String::new(), |e| format!(" ± {e:.3}"));
                let interval = interval.map_or(String::new(), |interval| {
                    format!(", 95% interval {:.4} to {:.4}", interval.low, interval.high)
                });
                let best = report.best(model, self.metric) == Some(of.mean);
                let text = RichText::new(format!("{:.3}{error}", of.mean)).monospace();
                let about = format!("n = {}{interval}, {} failed", of.n, group.failed);
                (if best { text.strong().underline() } else { text }, about)
            }
            (Err(why), _) => (RichText::new("–").monospace(), (*why).to_string()),
        };
        let is_chosen = self.chosen == Some([model, method]);
        let response = ui.selectable_label(is_chosen, text).on_hover_text(about);
        let name = format!("{} of {}", plan.methods[method].label(), plan.models[model].name);
        response
            .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &name));
        if response.clicked() {
            self.chosen = (!is_chosen).then_some([model, method]);
        }
    }

    /// The pictures behind a number; gives the one that was clicked, with its cell.
    fn pictures(
        &mut self,
        ui: &mut Ui,
        report: &Report,
        [model, method]: [usize; 2],
    ) -> Option<CellIndex> {
        let plan = report.plan();
        let mut pictures = report.pictures([model, method, self.metric]);
        ui.strong(format!("{} of {}", plan.methods[method].label(), plan.models[model].name));
        confidence_plot(ui, &pictures, &plan.metrics[self.metric].label);
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
                    wish = Some(CellIndex::clean(of.picture, model, method));
                }
            }
        });
        wish
    }
}

/// A metric's name with the direction that is better.
fn heading(report: &Report, metric: usize) -> String {
    let metric = &report.plan().metrics[metric];
    let arrow = match metric.better {
        Better::Higher => " ↑",
        Better::Lower => " ↓",
        Better::Neither => "",
    };
    format!("{}{arrow}", metric.label)
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
    let color = theme::series(0, ui.ctx().theme());
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
        .show(ui, |plot| plot.points(Points::new("pictures", points).radius(2.5).color(color)));
}
