//! Tables for a paper: LaTeX with the package booktabs.

use super::Report;
use super::table::{Entry, Heading, Number, Table};
use crate::score::Better;
use crate::text::latex as escaped;
use std::fmt::Write as _;

impl Report {
    /// The tables, each a float with caption and label.
    pub fn latex(&self) -> String {
        let mut text = String::from("% Needs \\usepackage{booktabs}.\n");
        for table in self.tables() {
            text += &rendered(&table);
        }
        text
    }
}

fn rendered(table: &Table) -> String {
    let columns: String =
        table.headings.iter().map(|heading| if heading.is_number { 'r' } else { 'l' }).collect();
    let headings: Vec<_> = table.headings.iter().map(heading).collect();
    let blocks: Vec<String> = table
        .blocks
        .iter()
        .map(|block| {
            let width = table.headings.len();
            let name = block.name.as_ref().map_or(String::new(), |name| {
                format!("\\multicolumn{{{width}}}{{l}}{{\\emph{{{}}}}} \\\\\n", escaped(name))
            });
            let rows = block.rows.iter().map(|row| {
                let entries: Vec<_> = row.iter().map(entry).collect();
                format!("{} \\\\\n", entries.join(" & "))
            });
            name + &rows.collect::<String>()
        })
        .collect();
    format!(
        "\n\\begin{{table}}[t]\n\\centering\n\\caption{{{}}}\n\\label{{tab:{}}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{} \\\\\n\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n",
        escaped(
            &[Some(&table.caption), table.warning.as_ref(), Some(&table.legend)]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        ),
        label(&table.id),
        headings.join(" & "),
        blocks.join("\\midrule\n"),
    )
}

/// Labels are of letters, digits and hyphens.
fn label(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn heading(heading: &Heading) -> String {
    let arrow = match heading.better {
        Better::Higher => " $\\uparrow$",
        Better::Lower => " $\\downarrow$",
        Better::Neither => "",
    };
    let letter = heading
        .letter
        .as_ref()
        .map_or(String::new(), |letter| format!("\\textsuperscript{{{}}}", escaped(letter)));
    let power = match heading.exponent {
        0 => String::new(),
        exponent => format!(" $\\times 10^{{{exponent}}}$"),
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
    // A hyphen before a digit is a minus sign.
    let signed = |text: &str| {
        let (mut text, escaped) = (String::new(), escaped(text));
        let mut characters = escaped.chars().peekable();
        while let Some(character) = characters.next() {
            match (character, characters.peek()) {
                ('-', Some('0'..='9')) => text.push_str("$-$"),
                _ => text.push(character),
            }
        }
        text
    };
    let mut text = signed(&number.value);
    if number.is_best {
        text = format!("\\textbf{{{text}}}");
    }
    if let Some(error) = &number.error {
        let _ = write!(text, " $\\pm$ {}", signed(error));
    }
    if !number.marks.is_empty() {
        let _ = write!(text, "\\textsuperscript{{{}}}", escaped(&number.marks.join(" ")));
    }
    if let Some(n) = number.n {
        let _ = write!(text, " ($n={n}$)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        assert_eq!(escaped("100% a_b & #1 $x$ {y}"), "100\\% a\\_b \\& \\#1 \\$x\\$ \\{y\\}");
        assert_eq!(escaped("\\input{/etc/passwd}"), "\\textbackslash{}input\\{/etc/passwd\\}");
        assert_eq!(escaped("[5pt]*x"), "{[}5pt]*x");
        assert_eq!(escaped("a~b^c\n\td"), "a\\textasciitilde{}b\\textasciicircum{}c d");
        assert_eq!(label("a_b%{c}"), "a-b--c-");
    }

    #[test]
    fn numbers_have_minus_signs_and_marks() {
        let number = Number {
            value: "-0.50".into(),
            error: Some("0.10".into()),
            is_best: true,
            marks: vec!["a**".into()],
            n: Some(7),
        };
        assert_eq!(
            number_text(&number),
            "\\textbf{$-$0.50} $\\pm$ 0.10\\textsuperscript{a**} ($n=7$)"
        );
    }
}
