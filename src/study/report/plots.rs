//! Plots of a study: means with their intervals, and mean curves.

use super::caption::direction;
use super::{Report, SummaryIndex, View};
use crate::engine::CellIndex;
use crate::plot::{CurvePanel, Curves, Dots, Estimate, Line, Row};
use crate::score::OverPictures;
use crate::study::plan::Metric;
use crate::study::statistics::describe;
use crate::study::store::CURVE_PLACES;

/// The method whose means are drawn through plots, to hold the others against.
const CONTROL: &str = "random-map";

/// A plot as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlotFile {
    /// Such as `plots/insertion.svg`.
    pub name: String,
    pub title: String,
    pub svg: String,
}

/// A file in the folder of plots, whatever a store from elsewhere calls its metrics.
fn file_name(id: &str, end: &str) -> String {
    const LONGEST: usize = 100;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let plain = id.chars().take(LONGEST).map(|c| if is_plain(c) { c } else { '_' });
    format!("plots/{}{end}", plain.collect::<String>())
}

/// What a metric's curve goes along, and its values: pixels are changed, or layers randomised.
fn axes(metric: &Metric) -> [&'static str; 2] {
    match metric.follows_confidence {
        true => ["share of the pixels changed", "score of the class"],
        false => ["share of the layers without their weights", "similarity to the map itself"],
    }
}

impl Report {
    /// One for every metric that has any value, then the curves that metrics are areas under.
    pub fn plots(&self) -> Vec<PlotFile> {
        let metrics = 0..self.plan().metrics.len();
        let dots = metrics.clone().filter_map(|metric| self.dots(metric));
        dots.chain(metrics.filter_map(|metric| self.mean_curves(metric))).collect()
    }

    /// Those of one metric: its means, and the curves that it is areas under.
    pub fn plots_of(&self, metric: usize) -> Vec<PlotFile> {
        self.dots(metric).into_iter().chain(self.mean_curves(metric)).collect()
    }

    fn dots(&self, metric: usize) -> Option<PlotFile> {
        let plan = self.plan();
        let models = 0..plan.models.len();
        let estimate = |model, method| {
            let summary = &self.group(model, method).summaries[metric];
            let value = summary.description.ok()?.mean;
            let interval = summary.interval.ok().map(|interval| [interval.low, interval.high]);
            Some(Estimate { value, interval })
        };
        let row = |(method, choice): (usize, &crate::study::Choice)| Row {
            name: choice.label().into(),
            estimates: models.clone().map(|model| estimate(model, method)).collect(),
        };
        let rows: Vec<Row> = plan.methods.iter().enumerate().map(row).collect();
        if rows.iter().all(|row| row.estimates.iter().all(Option::is_none)) {
            return None;
        }
        let control = plan.methods.iter().position(|choice| choice.id == CONTROL);
        let reference = |model| Some(estimate(model, control?)?.value);
        let of = &plan.metrics[metric];
        let mut notes = vec!["Means over pictures with 95% intervals.".to_string()];
        if control.is_some() {
            notes[0] += " Dashed: a random map.";
        }
        notes.extend(self.warning_of(&[metric]));
        let title = format!("{}{}", of.label, direction(of));
        let plot = Dots {
            title: title.clone(),
            axis: of.label.clone(),
            series: plan.models.iter().map(|model| model.name.clone()).collect(),
            rows,
            references: models.clone().map(reference).collect(),
            notes,
        };
        Some(PlotFile { name: file_name(&of.id, ".svg"), title, svg: plot.svg() })
    }

    /// Means over pictures of the curve that a metric is the area under.
    fn mean_curves(&self, metric: usize) -> Option<PlotFile> {
        let plan = self.plan();
        let panel = |(method, choice): (usize, &crate::study::Choice)| CurvePanel {
            title: choice.label().into(),
            lines: (0..plan.models.len())
                .map(|model| self.mean_curve(SummaryIndex { model, method, metric }))
                .collect(),
        };
        let panels: Vec<CurvePanel> = plan.methods.iter().enumerate().map(panel).collect();
        if panels.iter().all(|panel| panel.lines.iter().all(Option::is_none)) {
            return None;
        }
        let of = &plan.metrics[metric];
        let title = format!("{}: mean curves", of.label);
        let mut notes = vec!["Bands: ± standard error over pictures.".to_string()];
        notes.extend(self.warning_of(&[metric]));
        let plot = Curves {
            title: title.clone(),
            axes: axes(of).map(String::from),
            series: plan.models.iter().map(|model| model.name.clone()).collect(),
            panels,
            notes,
        };
        Some(PlotFile { name: file_name(&of.id, "-curves.svg"), title, svg: plot.svg() })
    }

    fn mean_curve(&self, SummaryIndex { model, method, metric }: SummaryIndex) -> Option<Line> {
        let view = View { records: &self.records };
        let plan = self.plan();
        if matches!(plan.metrics[metric].over_pictures, OverPictures::BestThreshold(_)) {
            return None;
        }
        let curves: Vec<&Vec<f32>> = (0..plan.pictures.len())
            .filter_map(|picture| {
                view.done(CellIndex::clean(picture, model, method))?.curves[metric].as_ref()
            })
            .collect();
        let place = |place: usize| {
            let values: Vec<f64> = curves.iter().map(|curve| f64::from(curve[place])).collect();
            let described = describe(&values).ok()?;
            Some((described.mean, described.standard_error.unwrap_or(0.0)))
        };
        let (values, errors) =
            (0..CURVE_PLACES).map(place).collect::<Option<Vec<_>>>()?.into_iter().unzip();
        Some(Line { values, errors })
    }
}
