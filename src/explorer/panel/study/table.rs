//! The table of a study: methods down, and across the scores, each with its networks.

use super::StudyPanel;
use super::list::progress_text;
use super::pictures::{AllCells, Order};
use super::plot::ShownPlot;
use crate::explorer::paint::theme;
use egui::{Grid, Label, RichText, Role, Ui, WidgetInfo};
use hyaline::score::Better;
use hyaline::study::OpenedStudy;
use hyaline::study::report::{Report, SummaryIndex};
use hyaline::text::count;

impl StudyPanel {
    /// How much there is, and which scores have columns.
    pub(super) fn head(&mut self, ui: &mut Ui, study: &OpenedStudy) {
        let report = &study.report;
        let scores = report.plan().metrics.len();
        self.scores.retain(|score| *score < scores);
        if self.scores.is_empty() {
            self.scores = vec![0];
        }
        ui.horizontal_wrapped(|ui| {
            ui.label("Scores");
            for score in 0..scores {
                let is_shown = self.scores.contains(&score);
                if ui.selectable_label(is_shown, heading(report, score)).clicked() {
                    self.toggle(score);
                }
            }
            if scores > 2 && ui.button("All").on_hover_text("A column for every score").clicked() {
                self.scores = (0..scores).collect();
            }
            let about = "All cells by the first score shown, the lowest or highest first";
            let is_shown = self.all.is_some();
            let text = if is_shown { "Close the list of cells" } else { "List all cells" };
            if ui.button(text).on_hover_text(about).clicked() {
                self.all =
                    (!is_shown).then(|| AllCells::new(report, self.scores[0], Order::LowestFirst));
            }
        });
        let pictures = count(report.plan().pictures.len(), "picture", "pictures");
        ui.weak(format!("{pictures}; {}", progress_text(study)));
        ui.separator();
    }

    /// Gives a score columns, or takes them away unless they are the last.
    fn toggle(&mut self, score: usize) {
        match self.scores.iter().position(|shown| *shown == score) {
            Some(place) if self.scores.len() > 1 => drop(self.scores.remove(place)),
            Some(_) => {}
            None => {
                self.scores.push(score);
                self.scores.sort_unstable();
            }
        }
        self.plot = None;
    }

    /// Methods down; scores, and in each the models, across.
    pub(super) fn table(&mut self, ui: &mut Ui, report: &Report) {
        let plan = report.plan();
        let scores = self.scores.clone();
        Grid::new(("study", scores.len())).striped(true).min_col_width(96.0).show(ui, |ui| {
            self.headings(ui, report, &scores);
            for (method, choice) in plan.methods.iter().enumerate() {
                ui.label(choice.label()).on_hover_text(choice.json());
                for score in &scores {
                    for model in 0..plan.models.len() {
                        self.number(ui, report, SummaryIndex { model, method, metric: *score });
                    }
                }
                ui.end_row();
            }
        });
        ui.add_space(theme::GAP);
        for warning in report.warning_of(&scores).into_iter().chain(report.label_warning()) {
            let text = RichText::new(warning).color(ui.visuals().warn_fg_color);
            ui.add(Label::new(text).wrap());
        }
        for line in legend(report) {
            ui.add(Label::new(RichText::new(line).weak()).wrap());
        }
    }

    /// Scores, a click on which plots them, and below them the models.
    fn headings(&mut self, ui: &mut Ui, report: &Report, scores: &[usize]) {
        let models = report.plan().models.len();
        ui.label("");
        for score in scores {
            let name = format!("Plot {}", report.plan().metrics[*score].label);
            let button = ui.button(heading(report, *score)).on_hover_text("Plot means and curves");
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            if button.clicked() {
                self.plot(ui, report, *score);
            }
            (1..models).for_each(|_| drop(ui.label("")));
        }
        ui.end_row();
        ui.strong("Method");
        for _ in scores {
            (0..models).for_each(|model| drop(ui.strong(report.lettered(model))));
        }
        ui.end_row();
    }

    fn plot(&mut self, ui: &Ui, report: &Report, score: usize) {
        self.plot = match ShownPlot::of(ui.ctx(), report, score) {
            Ok(plot) => Some(plot),
            Err(error) => Some(ShownPlot::failed(error.to_string())),
        };
    }

    fn number(&mut self, ui: &mut Ui, report: &Report, at: SummaryIndex) {
        let plan = report.plan();
        let SummaryIndex { model, method, metric } = at;
        let (text, about) = value(report, at);
        let is_chosen = self.chosen == Some(at);
        let response = ui.selectable_label(is_chosen, text).on_hover_text(about);
        let of = match self.scores.len() {
            1 => String::new(),
            _ => format!(", {}", plan.metrics[metric].label),
        };
        let name = format!("{} of {}{of}", plan.methods[method].label(), plan.models[model].name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
        if response.clicked() {
            self.chosen = (!is_chosen).then_some(at);
            self.all = None;
        }
    }
}

/// A mean with its error and marks, and what there is to know of it.
fn value(report: &Report, at: SummaryIndex) -> (RichText, String) {
    let SummaryIndex { model, method, metric } = at;
    let group = report.group(model, method);
    let summary = &group.summaries[metric];
    let of = match &summary.description {
        Ok(of) => of,
        Err(why) => return (RichText::new("–").monospace(), (*why).to_string()),
    };
    let error = of.standard_error.map_or(String::new(), |e| format!(" ± {e:.3}"));
    let interval = summary.interval.as_ref().map_or(String::new(), |interval| {
        format!(", 95% interval {:.4} to {:.4}", interval.low, interval.high)
    });
    let marks = report.marks(model, method, metric);
    let differs = match marks.is_empty() {
        true => String::new(),
        false => format!("\nDiffers from {}", marks.join(", ")),
    };
    let about = format!("n = {}{interval}, {} failed{differs}", of.n, group.failed);
    let text = format!("{:.3}{error} {}", of.mean, marks.join(" "));
    let text = RichText::new(text.trim_end()).monospace();
    let is_best = report.best(model, metric) == Some(of.mean);
    (if is_best { text.strong().underline() } else { text }, about)
}

/// What values, errors and marks mean, and what a click does.
fn legend(report: &Report) -> Vec<String> {
    let mut values = "Mean ± standard error over pictures.".to_string();
    if report.plan().methods.len() > 1 {
        values += " Underlined: the best method of a network.";
    }
    let clicks = "A click on a number lists its pictures, one on a score plots it.".to_string();
    [Some(values), report.legend_of_marks().map(String::from), Some(clicks)]
        .into_iter()
        .flatten()
        .collect()
}

/// A score's name with the direction that is better.
fn heading(report: &Report, score: usize) -> String {
    let metric = &report.plan().metrics[score];
    let arrow = match metric.better {
        Better::Higher => " ↑",
        Better::Lower => " ↓",
        Better::Neither => "",
    };
    format!("{}{arrow}", metric.label)
}
