//! A table for each metric: methods down, models across, accuracy on top.

use super::{NONE, percent};
use crate::study::report::caption::direction;
use crate::study::report::table::{Block, Entry, Heading, Number, Table};
use crate::study::report::{ModelConfidence, Report};

impl Report {
    pub(super) fn by_score(&self, metric: usize) -> Table {
        let plan = self.plan();
        let of = &plan.metrics[metric];
        let column = self.column(metric);
        let row = |method: usize| {
            let models = 0..plan.models.len();
            let numbers = models.map(|model| self.number(model, method, column));
            let name = [Entry::text(plan.methods[method].label())];
            name.into_iter().chain(numbers).chain(self.interval(method, column)).collect()
        };
        let rows = (0..plan.methods.len()).map(row).collect();
        let values = Block { name: None, rows };
        let model_heading = |(model, name): (usize, &String)| Heading {
            exponent: column.scale.exponent,
            letter: self.letter(model),
            ..Heading::number(name)
        };
        let models = plan.models.iter().map(|model| &model.name).enumerate();
        Table {
            id: format!("metric-{}", of.id),
            title: of.label.clone(),
            caption: format!("{}{}. {}", of.label, direction(of), self.caption_of_counts(column.n)),
            legend: self.legend_of_values(),
            warning: self.warning_of(&[metric]),
            headings: [Heading::text("Method")]
                .into_iter()
                .chain(models.map(model_heading))
                .chain((plan.models.len() == 1).then(|| Heading {
                    exponent: column.scale.exponent,
                    ..Heading::number("95% interval")
                }))
                .collect(),
            blocks: self.accuracy_block().into_iter().chain([values]).collect(),
        }
    }

    /// A row over the others, where any labels are known.
    fn accuracy_block(&self) -> Option<Block> {
        let accuracies = || self.confidence.iter().map(ModelConfidence::accuracy);
        let entry = |accuracy: Option<(f64, f64)>| match accuracy.map(percent) {
            Some([value, error]) => {
                Entry::Number(Number { value, error: Some(error), ..Number::default() })
            }
            None => Entry::value(NONE),
        };
        accuracies().any(|accuracy| accuracy.is_some()).then(|| {
            let entries = accuracies().map(entry);
            let rest = (entries.len() == 1).then(|| Entry::value(""));
            let row = [Entry::text("Accuracy, %")].into_iter().chain(entries).chain(rest).collect();
            Block { name: None, rows: vec![row] }
        })
    }
}
