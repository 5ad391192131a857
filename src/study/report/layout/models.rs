//! How sure and how right every model is.

use super::{NONE, most_frequent, percent};
use crate::study::report::Report;
use crate::study::report::table::{Block, Entry, Heading, Table};

const HEADINGS: [&str; 8] = ["n", "Accuracy, %", "Confidence", "5%", "25%", "50%", "75%", "95%"];
const LEGEND: &str = "Accuracy ± standard error on the pictures with labels; confidence is the probability of the explained class, its mean and quantiles over n pictures.";

impl Report {
    pub(super) fn models_table(&self) -> Table {
        let n = most_frequent(self.confidence.iter().map(|of| of.n));
        let rows = (0..self.plan().models.len()).map(|model| self.model_row(model)).collect();
        Table {
            id: "models".into(),
            title: "Models".into(),
            caption: format!("The models. {}", self.caption_of_counts(n)),
            legend: LEGEND.into(),
            warning: None,
            headings: [Heading::text("Model")]
                .into_iter()
                .chain(HEADINGS.map(Heading::number))
                .collect(),
            blocks: vec![Block { name: None, rows }],
        }
    }

    fn model_row(&self, model: usize) -> Vec<Entry> {
        let of = &self.confidence[model];
        let accuracy = of.accuracy().map(|accuracy| percent(accuracy).join(" ± "));
        let number = |value: f64| format!("{value:.3}");
        // The extremes are in the CSV.
        let quantiles = (1..6).map(|place| of.quantiles.map(|values| number(values[place])));
        let texts = [Some(of.n.to_string()), accuracy, of.mean.ok().map(number)];
        let entries = texts.into_iter().chain(quantiles);
        let entries = entries.map(|text| Entry::value(text.unwrap_or(NONE.into())));
        [Entry::text(self.lettered(model))].into_iter().chain(entries).collect()
    }
}
