//! Tables as data, before Markdown or LaTeX.

use crate::score::Better;

/// A table for people.
#[derive(Debug, Clone)]
pub struct Table {
    /// For references: lower case, digits and hyphens.
    pub id: String,
    pub title: String,
    /// What it shows, of how many pictures.
    pub caption: String,
    /// What its marks and tests mean, the same for every table of its kind.
    pub legend: String,
    /// What to mind.
    pub warning: Option<String>,
    pub headings: Vec<Heading>,
    /// Rows in groups that a line divides.
    pub blocks: Vec<Block>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Over the rows; none where it needs no name.
    pub name: Option<String>,
    pub rows: Vec<Vec<Entry>>,
}

/// The head of a column.
#[derive(Debug, Clone)]
pub struct Heading {
    pub text: String,
    pub better: Better,
    /// Numbers are shown divided by ten to this.
    pub exponent: i32,
    /// By which marks refer to it.
    pub letter: Option<String>,
    /// Numbers stand to the right.
    pub is_number: bool,
}

impl Heading {
    pub fn text(text: impl Into<String>) -> Self {
        let better = Better::Neither;
        Self { text: text.into(), better, exponent: 0, letter: None, is_number: false }
    }

    pub fn number(text: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(text) }
    }
}

/// What stands in a table.
#[derive(Debug, Clone)]
pub enum Entry {
    Text(String),
    Number(Number),
}

/// A number as it is shown.
#[derive(Debug, Clone, Default)]
pub struct Number {
    pub value: String,
    /// Standard error.
    pub error: Option<String>,
    pub is_best: bool,
    /// Letters of models from which it differs, with stars.
    pub marks: Vec<String>,
    /// Pictures it is of, where not of all.
    pub n: Option<usize>,
}

impl Entry {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn value(value: impl Into<String>) -> Self {
        Self::Number(Number { value: value.into(), ..Number::default() })
    }
}
