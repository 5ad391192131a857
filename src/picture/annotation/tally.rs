//! Counts and reports entries that can't be used, so that one odd entry does not spoil the others.

use crate::text::count;

/// Examples that are kept of what was left out.
const EXAMPLES: usize = 3;

/// Parts of files, and those of them that were left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    pub entries: Skipped,
    pub files: Skipped,
    /// Boxes that were cut at their picture's border.
    cut: usize,
    first_cut: Option<String>,
    notes: Vec<String>,
}

/// Things of one kind: how many there are, and how many were skipped.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Skipped {
    all: usize,
    unusable: usize,
    /// The first reasons, with their locations.
    examples: Vec<String>,
}

impl Skipped {
    /// One that could be used.
    pub fn keep(&mut self) {
        self.all += 1;
    }

    /// One that could not.
    pub fn skip(&mut self, why: impl FnOnce() -> String) {
        self.all += 1;
        self.unusable += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(why());
        }
    }

    /// Why nothing is left, if so.
    fn nothing_left(&self, [one, many]: [&str; 2]) -> Option<String> {
        let first = self.examples.first().filter(|_| self.unusable == self.all)?;
        Some(match self.all {
            1 => first.clone(),
            all => format!("none of its {} can be used: {first}", count(all, one, many)),
        })
    }

    fn line(&self, [one, many]: [&str; 2]) -> Option<String> {
        let examples = self.examples.join("; ");
        let more = match self.unusable.saturating_sub(self.examples.len()) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let of = count(self.all, one, many);
        (self.unusable > 0).then(|| format!("{} of {of} skipped: {examples}{more}", self.unusable))
    }
}

const ENTRIES: [&str; 2] = ["entry", "entries"];
const FILES: [&str; 2] = ["file", "files"];

impl Tally {
    /// A box was cut at its picture's border.
    pub fn cut(&mut self, place: impl FnOnce() -> String) {
        self.cut += 1;
        self.first_cut.get_or_insert_with(place);
    }

    /// An assumption; it is reported once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Why nothing can be used, if so.
    pub fn nothing_left(&self) -> Option<String> {
        self.entries.nothing_left(ENTRIES).or_else(|| self.files.nothing_left(FILES))
    }

    /// Warnings, one line each.
    pub fn lines(&self) -> Vec<String> {
        let cut = self.first_cut.as_ref().map(|first| {
            let boxes = count(self.cut, "box reached", "boxes reached");
            let were = if self.cut == 1 { "was" } else { "were" };
            format!("{boxes} beyond the picture and {were} cut: {first}{}", more(self.cut))
        });
        let skipped = [self.entries.line(ENTRIES), self.files.line(FILES), cut];
        self.notes.iter().cloned().chain(skipped.into_iter().flatten()).collect()
    }
}

fn more(all: usize) -> String {
    if all > 1 { format!(" and {} more", all - 1) } else { String::new() }
}
