//! One metric: every method and pair of models.

use super::{NONE, most_frequent};
use crate::study::report::caption::direction;
use crate::study::report::scale::{Scale, p_text};
use crate::study::report::table::{Block, Entry, Heading, Table};
use crate::study::report::{Comparison, Report};
use crate::text::count;

impl Report {
    pub(super) fn comparisons_table(&self, metric: usize) -> Table {
        let of = &self.plan().metrics[metric];
        let comparisons: Vec<&Comparison> =
            self.comparisons.iter().filter(|of| of.metric == metric).collect();
        let scale = scale(self.column(metric).scale.exponent, &comparisons);
        let n = most_frequent(comparisons.iter().map(|of| of.n));
        let tests = comparisons.iter().filter(|of| of.test.is_ok()).count();
        let tests = count(tests, "test", "tests");
        let counts = self.caption_of_counts(n);
        let rows = comparisons.into_iter().map(|of| self.comparison_row(of, scale)).collect();
        Table {
            id: format!("comparisons-{}", of.id),
            title: format!("{}: models compared", of.label),
            caption: format!("{}{}: {tests} between models. {counts}", of.label, direction(of)),
            legend: self.legend_of_comparisons(),
            warning: self.warning_of(&[metric]),
            headings: headings(scale),
            blocks: vec![Block { name: None, rows }],
        }
    }

    fn comparison_row(&self, of: &Comparison, scale: Scale) -> Vec<Entry> {
        let plan = self.plan();
        let [first, second] = of.models.map(|model| plan.models[model].name.as_str());
        let interval = of.interval.map(|interval| {
            format!("[{}, {}]", scale.text(interval.low), scale.text(interval.high))
        });
        let numbers = [
            Some(of.n.to_string()),
            of.mean_difference.ok().map(|mean| scale.text(mean)),
            interval.ok(),
            of.adjusted_p.map(p_text),
            of.test.ok().map(|test| format!("{:.2}", test.effect)),
        ];
        let numbers = numbers.map(|text| Entry::value(text.unwrap_or(NONE.into())));
        let method = Entry::text(plan.methods[of.method].label());
        let names = Entry::text(format!("{first} → {second}"));
        [method, names].into_iter().chain(numbers).collect()
    }
}

fn headings(scale: Scale) -> Vec<Heading> {
    let scaled = |text| Heading { exponent: scale.exponent, ..Heading::number(text) };
    vec![
        Heading::text("Method"),
        Heading::text("Models"),
        Heading::number("n"),
        scaled("Difference"),
        scaled("95% interval"),
        Heading::number("p"),
        Heading::number("r"),
    ]
}

/// Of the mean differences, with the power of the values; half an interval stands for the error.
fn scale(exponent: i32, comparisons: &[&Comparison]) -> Scale {
    let number = |of: &&Comparison| {
        let half = of.interval.ok().map(|interval| (interval.high - interval.low) / 2.0);
        Some((of.mean_difference.ok()?, half))
    };
    Scale::at(exponent, &comparisons.iter().filter_map(number).collect::<Vec<_>>())
}
