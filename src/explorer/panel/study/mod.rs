//! Studies that were opened: their tables and plots, and the way from their numbers to the pictures
//! behind them.

mod list;
mod pictures;
mod plot;
mod table;

use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::state::document::Document;
use crate::explorer::state::open_panels::PanelId;
use egui::{ScrollArea, Ui, Window, vec2};
use hyaline::attribution;
use hyaline::engine::{CellIndex, ClassChoice, MethodChoice};
use hyaline::study::report::{Report, SummaryIndex};
use hyaline::study::{OpenedStudy, PlannedModel, values_of};
use pictures::{AllCells, Order};
use plot::ShownPlot;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The window of studies.
#[derive(Default)]
pub struct StudyPanel {
    studies: Vec<Arc<OpenedStudy>>,
    /// Which of them is shown.
    shown: usize,
    /// Scores that have columns.
    scores: Vec<usize>,
    /// Model, method and score whose pictures are listed.
    chosen: Option<SummaryIndex>,
    order: Order,
    /// All cells by one score, while they are listed.
    all: Option<AllCells>,
    plot: Option<ShownPlot>,
    /// Why a cell can't be shown in the grid.
    problem: Option<String>,
    /// SHA-256 of a picture that is to be selected when it arrives.
    awaited: Option<String>,
    /// When a study that is being computed was last read again.
    read: Option<Instant>,
}

/// A study that is being computed is read again after so long.
const PERIOD: Duration = Duration::from_secs(10);

impl StudyPanel {
    /// Shows a study that was opened. One that is listed takes its own place, and what is looked at
    /// stays as it is where it is only read again.
    pub fn show(&mut self, study: OpenedStudy) {
        let listed = self.studies.iter().position(|other| other.results == study.results);
        let study = Arc::new(study);
        let Some(place) = listed else {
            self.studies.push(study);
            return self.look_at(self.studies.len() - 1);
        };
        let is_alike = has_one_shape(&self.studies[place], &study);
        self.studies[place] = study;
        match place != self.shown || !is_alike {
            true => self.look_at(place),
            false => self.list_again(),
        }
    }

    /// Lists all cells of a study that was read again by what is known now.
    fn list_again(&mut self) {
        if let (Some(all), Some(study)) = (self.all.take(), self.study().cloned()) {
            self.all = Some(all.again(&study.report));
        }
    }

    /// Takes a study that was read again, without looking at it.
    pub fn refresh(&mut self, study: OpenedStudy) {
        let listed = self.studies.iter().position(|other| other.results == study.results);
        if let Some(place) = listed {
            let is_alike = has_one_shape(&self.studies[place], &study);
            self.studies[place] = Arc::new(study);
            if place == self.shown {
                match is_alike {
                    true => self.list_again(),
                    false => self.look_at(place),
                }
            }
        }
    }

    fn look_at(&mut self, place: usize) {
        self.shown = place;
        (self.scores, self.chosen, self.plot) = (vec![0], None, None);
        (self.all, self.problem) = (None, None);
    }

    fn study(&self) -> Option<&Arc<OpenedStudy>> {
        self.studies.get(self.shown)
    }

    /// Whether there is a study to show.
    pub fn is_there(&self) -> bool {
        !self.studies.is_empty()
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

/// Whether two readings of results have the same models, methods and scores.
fn has_one_shape(one: &OpenedStudy, other: &OpenedStudy) -> bool {
    let shape = |study: &OpenedStudy| {
        let plan = study.report.plan();
        (plan.models.len(), plan.methods.len(), plan.metrics.len(), plan.pictures.len())
    };
    shape(one) == shape(other)
}

impl Panel for StudyPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let size = (room.size() - vec2(120.0, 140.0)).min(vec2(1000.0, 640.0));
        let window = Window::new(format!("Study: {}", self.study()?.report.plan().name))
            .default_size(size)
            .max_size(room.size() - vec2(24.0, 48.0))
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(room.center())
            .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        if self.studies.len() > 1 {
            let panel = egui::Panel::left("list of studies").default_size(190.0);
            panel.show(ui, |ui| self.list(ui));
        }
        let Some(study) = self.study().cloned() else { return };
        if let Some(cell) = self.whole(ui, &study) {
            self.bring(cx, &study, cell);
        }
    }

    fn update(&mut self, ctx: &egui::Context, cx: &mut Context) {
        let is_due = self.read.is_none_or(|read| read.elapsed() >= PERIOD);
        let mut running = self.studies.iter().filter(|study| study.is_running).peekable();
        if !cx.open.contains(PanelId::Study) || running.peek().is_none() {
            return;
        }
        if is_due {
            self.read = Some(Instant::now());
            for study in running {
                cx.act(Action::ReadStudyAgain(study.file()));
            }
        }
        ctx.request_repaint_after(PERIOD);
    }
}

impl StudyPanel {
    /// Brings a cell of a study into the grid: its picture with its boxes, network, method and class.
    /// Undo brings back what was shown before.
    fn bring(
        &mut self,
        cx: &mut Context,
        study: &OpenedStudy,
        (CellIndex { model, picture, method, .. }, metric): (CellIndex, usize),
    ) {
        let plan = study.report.plan();
        self.problem = self.missing(cx, study, CellIndex::clean(picture, model, method));
        if self.problem.is_some() {
            return;
        }
        let (planned, choice) = (&plan.pictures[picture], &plan.methods[method]);
        let mut files: Vec<PathBuf> = vec![];
        let is_model = |open: &hyaline::model::Model| {
            PlannedModel::of(open).sha256 == plan.models[model].sha256
        };
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
        let of_metric = study.report.pictures(SummaryIndex { model, method, metric });
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
        if !files.is_empty() {
            cx.act(Action::Open(files));
        }
    }

    /// Why a cell of a study can't be shown: its picture or network is neither open nor known where it lies.
    fn missing(
        &self,
        cx: &Context,
        study: &OpenedStudy,
        CellIndex { model, picture, .. }: CellIndex,
    ) -> Option<String> {
        let plan = study.report.plan();
        let (planned, network) = (&plan.pictures[picture], &plan.models[model]);
        let has_picture = study.pictures[picture].is_some()
            || cx.document.pictures.iter().any(|open| open.value.sha256 == planned.sha256);
        let has_network = study.models[model].is_some()
            || cx
                .document
                .models
                .iter()
                .any(|o| PlannedModel::of(&o.value).sha256 == network.sha256);
        let missing = [(has_picture, &planned.name), (has_network, &network.name)];
        let missing: Vec<_> =
            missing.iter().filter(|(is, _)| !is).map(|(_, n)| n.as_str()).collect();
        (!missing.is_empty()).then(|| {
            let results = study.results.file_name().unwrap_or_default().to_string_lossy();
            let name = results.strip_suffix("-results").unwrap_or(&results);
            format!(
                "Cannot find {}: the definition, which says where it lies, is not beside {} as {name}.toml. Put it \
                 there and open the study again, or open what is missing and choose the row again.",
                missing.join(" and "),
                study.results.display()
            )
        })
    }
}

impl StudyPanel {
    /// The study that is shown; gives the cell of it that is to be shown, and by which score.
    fn whole(&mut self, ui: &mut Ui, study: &OpenedStudy) -> Option<(CellIndex, usize)> {
        let report = &study.report;
        self.head(ui, study);
        if let Some(problem) = &self.problem {
            ui.colored_label(ui.visuals().error_fg_color, problem);
        }
        if let Some(mut all) = self.all.take() {
            let panel = egui::Panel::right("all cells of the study").default_size(400.0);
            let wish = panel.show(ui, |ui| self.all_cells(ui, report, &mut all)).inner;
            self.all = Some(all);
            self.table_or_plot(ui, report);
            return wish;
        }
        let wish = self.chosen.and_then(|chosen| {
            let panel = egui::Panel::right("pictures of the study").default_size(330.0);
            panel.show(ui, |ui| self.pictures(ui, report, chosen)).inner
        });
        self.table_or_plot(ui, report);
        wish
    }

    fn table_or_plot(&mut self, ui: &mut Ui, report: &Report) {
        egui::CentralPanel::default().show(ui, |ui| {
            ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| match &self.plot {
                Some(plot) => {
                    if plot.show(ui) {
                        self.plot = None;
                    }
                }
                None => self.table(ui, report),
            });
        });
    }
}
