//! One table: a block for each model, methods down, metrics across.

use super::most_frequent;
use super::number::Column;
use crate::study::report::Report;
use crate::study::report::table::{Block, Entry, Heading, Table};

impl Report {
    pub(super) fn by_model(&self) -> Table {
        let plan = self.plan();
        let metrics: Vec<usize> = (0..plan.metrics.len()).collect();
        let columns: Vec<Column> = metrics.iter().map(|metric| self.column(*metric)).collect();
        let heading = |column: &Column| Heading {
            better: plan.metrics[column.metric].better,
            exponent: column.scale.exponent,
            ..Heading::number(&plan.metrics[column.metric].label)
        };
        let methods = 0..plan.methods.len();
        let block = |model| Block {
            name: Some(self.lettered(model)),
            rows: methods.clone().map(|method| self.row_of(model, method, &columns)).collect(),
        };
        let n = most_frequent(self.groups.iter().map(|group| group.done));
        Table {
            id: "metrics".into(),
            title: "Metrics".into(),
            caption: format!("Models, methods and metrics. {}", self.caption_of_counts(n)),
            legend: self.legend_of_values(),
            warning: self.warning_of(&metrics),
            headings: [Heading::text("Method")]
                .into_iter()
                .chain(columns.iter().map(heading))
                .chain(["n", "failed"].map(Heading::number))
                .collect(),
            blocks: (0..plan.models.len()).map(block).collect(),
        }
    }

    /// A model and method: every metric, and how many pictures are done and failed.
    fn row_of(&self, model: usize, method: usize, columns: &[Column]) -> Vec<Entry> {
        let group = self.group(model, method);
        let numbers = columns
            .iter()
            .map(|column| self.number(model, method, Column { n: group.done, ..*column }));
        let counts = [group.done, group.failed].map(|count| Entry::value(count.to_string()));
        let name = Entry::text(self.plan().methods[method].label());
        [name].into_iter().chain(numbers).chain(counts).collect()
    }
}
