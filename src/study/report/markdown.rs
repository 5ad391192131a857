//! The report to read.

use super::table::{Entry, Heading, Number, Table};
use super::{Remark, Report};
use crate::score::Better;
use crate::study::statistics::Defined;
use std::fmt::Write as _;

impl Report {
    /// The whole report as Markdown.
    pub fn markdown(&self) -> String {
        let plan = self.plan();
        let tables = self.tables();
        let counts = self.caption_of_counts(plan.pictures.len());
        let mut text = format!("# {}\n\n{}\n", escaped(&plan.name), escaped(&counts));
        let _ = writeln!(
            text,
            "\nHyaline {}, seed {}, study {}.",
            escaped(&plan.program),
            plan.seed,
            &plan.hash()[..16]
        );
        if let Some(warning) = self.confidence_warning() {
            let _ = write!(text, "\n> **Mind the confidence.** {}\n", escaped(&warning));
        }
        if let Some(warning) = self.label_warning() {
            let _ = write!(text, "\n> **Mind the labels.** {}\n", escaped(&warning));
        }
        for note in &plan.notes {
            let _ = write!(text, "\n> {}\n", escaped(note));
        }
        let mut legends = vec![];
        for table in &tables {
            text += &rendered(table, !legends.contains(&&table.legend));
            legends.push(&table.legend);
        }
        text += &self.plots_section();
        text += &self.dependences_section();
        text += &remarks("Failures", &self.failures());
        text += &remarks("Warnings", &self.warnings());
        text
    }

    fn plots_section(&self) -> String {
        let mut text = String::from("\n## Plots\n");
        for plot in self.plots() {
            let _ = write!(text, "\n![{}]({})\n", escaped(&plot.title), plot.name);
        }
        text
    }

    /// What the metrics that follow confidence do so by.
    fn dependences_section(&self) -> String {
        if self.dependences.is_empty() {
            return String::new();
        }
        let plan = self.plan();
        let mut text = String::from(
            "\n## Confidence\n\nSpearman's correlation of a metric with the confidence in the explained class, over pictures.\n\n| Metric | Model | Method | n | ρ | p |\n| --- | --- | --- | ---: | ---: | ---: |\n",
        );
        for of in &self.dependences {
            let names = [
                &plan.metrics[of.metric].label,
                &plan.models[of.model].name,
                plan.methods[of.method].label(),
            ];
            let names = names.map(escaped).join(" | ");
            let numbers = correlation_text(&of.correlation);
            let _ = writeln!(text, "| {names} | {numbers} |");
        }
        text
    }
}

fn correlation_text(of: &Defined<crate::study::statistics::Correlation>) -> String {
    match of {
        Ok(of) => format!("{} | {:.2} | {}", of.n, of.rho, escaped(&super::scale::p_text(of.p))),
        Err(why) => format!("– | {why} | –"),
    }
}

fn remarks(title: &str, remarks: &[Remark]) -> String {
    if remarks.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## {title}\n\n");
    for Remark { text: what, cells, example } in remarks {
        let cells = crate::text::count(*cells, "cell", "cells");
        let _ = writeln!(text, "- {cells}: {} (first {})", escaped(what), escaped(example));
    }
    text
}

/// A table with its caption; with its legend where that wasn't said before.
fn rendered(table: &Table, with_legend: bool) -> String {
    let mut text = format!("\n## {}\n\n", escaped(&table.title));
    if let Some(warning) = &table.warning {
        let _ = write!(text, "> {}\n\n", escaped(warning));
    }
    let headings: Vec<_> = table.headings.iter().map(heading).collect();
    let rules: Vec<_> = table
        .headings
        .iter()
        .map(|heading| if heading.is_number { "---:" } else { "---" })
        .collect();
    let _ = writeln!(text, "| {} |\n| {} |", headings.join(" | "), rules.join(" | "));
    for block in &table.blocks {
        if let Some(name) = &block.name {
            let empty = " |".repeat(table.headings.len() - 1);
            let _ = writeln!(text, "| **{}** |{empty}", escaped(name));
        }
        for row in &block.rows {
            let entries: Vec<_> = row.iter().map(entry).collect();
            let _ = writeln!(text, "| {} |", entries.join(" | "));
        }
    }
    let legend = if with_legend { &table.legend } else { "" };
    let caption = format!("{} {legend}", table.caption);
    let _ = write!(text, "\n{}\n", escaped(&caption));
    text
}

fn heading(heading: &Heading) -> String {
    let arrow = match heading.better {
        Better::Higher => " ↑",
        Better::Lower => " ↓",
        Better::Neither => "",
    };
    let letter = heading.letter.as_ref().map_or(String::new(), |letter| format!(" ({letter})"));
    let power = match heading.exponent {
        0 => String::new(),
        exponent => format!(" ×10<sup>{exponent}</sup>"),
    };
    format!("{}{letter}{arrow}{power}", escaped(&heading.text))
}

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Text(text) => escaped(text),
        Entry::Number(number) => number_text(number),
    }
}

fn number_text(number: &Number) -> String {
    let mut text = escaped(&number.value);
    if number.is_best {
        text = format!("**{text}**");
    }
    if let Some(error) = &number.error {
        let _ = write!(text, " ± {error}");
    }
    if !number.marks.is_empty() {
        let _ = write!(text, " <sup>{}</sup>", escaped(&number.marks.join(" ")));
    }
    if let Some(n) = number.n {
        let _ = write!(text, " (n = {n})");
    }
    text
}

/// Text that Markdown leaves as it is, in one line.
pub fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in crate::error::one_line(text).chars() {
        match character {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => {
                plain.push('\\');
                plain.push(character);
            }
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        let name = "a|b\n# <script>*x*</script> [l](u) `c` ~~d~~ $e$";
        let safe = escaped(name);
        assert!(!safe.contains('\n') && !safe.contains('<') && !safe.contains(" |"));
        assert_eq!(escaped("a|b"), "a\\|b");
        assert_eq!(escaped("5 < 6 & 7"), "5 &lt; 6 &amp; 7");
        assert_eq!(escaped("* p"), "\\* p");
    }
}
