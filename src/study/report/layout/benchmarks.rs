//! Metrics as their benchmarks count them: a block for each model, methods down, metrics across.

use super::NONE;
use crate::score::OverPictures;
use crate::score::localisation::Contours;
use crate::study::report::Report;
use crate::study::report::table::{Block, Entry, Heading, Table};

const LEGEND: &str =
    "Numbers to hold beside published ones; where a picture has none, it does not count.";

impl Report {
    /// None where all metrics are means over pictures.
    pub(super) fn benchmarks_table(&self) -> Option<Table> {
        let plan = self.plan();
        let metrics = self.benchmarks();
        let row = |model, method: usize| -> Vec<Entry> {
            let group = self.group(model, method);
            let number = |metric: &usize| {
                let text = group.benchmarks[*metric].map(|value| format!("{:.1}", value * 100.0));
                Entry::value(text.unwrap_or(NONE.into()))
            };
            let name = Entry::text(plan.methods[method].label());
            [name].into_iter().chain(metrics.iter().map(number)).collect()
        };
        let block = |model: usize| Block {
            name: Some(plan.models[model].name.clone()),
            rows: (0..plan.methods.len()).map(|method| row(model, method)).collect(),
        };
        let heading = |metric: &usize| Heading {
            better: plan.metrics[*metric].better,
            ..Heading::number(format!("{}, %", plan.metrics[*metric].label))
        };
        let counts = metrics.iter().map(|metric| {
            let metric = &plan.metrics[*metric];
            format!("{}: {}.", metric.label, in_words(metric.over_pictures))
        });
        (!metrics.is_empty()).then(|| Table {
            id: "benchmarks".into(),
            title: "As the benchmarks count".into(),
            caption: counts.collect::<Vec<_>>().join(" "),
            legend: LEGEND.into(),
            warning: None,
            headings: [Heading::text("Method")]
                .into_iter()
                .chain(metrics.iter().map(heading))
                .collect(),
            blocks: (0..plan.models.len()).map(block).collect(),
        })
    }
}

fn in_words(over: OverPictures) -> &'static str {
    match over {
        OverPictures::Mean => "the mean over pictures",
        OverPictures::MeanOfClasses => "the mean over classes of each class's share of hits",
        OverPictures::BestThreshold(Contours::Largest) => {
            "the share of pictures whose largest box overlaps an object's by half or more, at the threshold that suits all pictures best"
        }
        OverPictures::BestThreshold(Contours::All) => {
            "the same for any box, the mean over overlaps of .3, .5 and .7"
        }
    }
}
