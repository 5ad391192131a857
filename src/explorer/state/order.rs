//! Methods and networks in the order that a person wants: by dragging their names, or by a menu.

use crate::explorer::state::document::Document;

/// A row or column of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Method(&'static str),
    Network(u64),
}

impl Document {
    /// Puts a method or network in the place of another of its kind, which moves on.
    pub fn reorder(&mut self, line: Line, to: Line) {
        match (line, to) {
            (Line::Method(id), Line::Method(to)) => {
                let place = |id| self.methods.iter().position(|c| c.method.description().id == id);
                if let (Some(from), Some(to)) = (place(id), place(to)) {
                    let choice = self.methods.remove(from);
                    self.methods.insert(to, choice);
                }
            }
            (Line::Network(id), Line::Network(to)) => {
                let place = |id| self.models.iter().position(|open| open.id == id);
                if let (Some(from), Some(to)) = (place(id), place(to)) {
                    let model = self.models.remove(from);
                    self.models.insert(to, model);
                }
            }
            _ => {}
        }
    }

    /// The shown line of the same kind before (−1) or after (1).
    pub fn neighbour(&self, line: Line, by: isize) -> Option<Line> {
        let lines: Vec<Line> = match line {
            Line::Method(_) => {
                self.shown_methods().map(|c| Line::Method(c.method.description().id)).collect()
            }
            Line::Network(_) => self.models.iter().map(|open| Line::Network(open.id)).collect(),
        };
        let place = lines.iter().position(|other| *other == line)?;
        lines.get(place.checked_add_signed(by)?).copied()
    }

    /// Takes a method out of the grid, or closes a network.
    pub fn take_out(&mut self, line: Line) {
        match line {
            Line::Method(id) => {
                let is_it = |c: &&mut crate::engine::MethodChoice| c.method.description().id == id;
                if let Some(choice) = self.methods.iter_mut().find(is_it) {
                    choice.shown = false;
                }
            }
            Line::Network(id) => self.models.retain(|open| open.id != id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_move_and_the_rest_keeps_its_order() {
        let mut document = Document::default();
        let names = |document: &Document| -> Vec<&str> {
            document.shown_methods().map(|choice| choice.method.description().id).collect()
        };
        let before = names(&document);
        let [first, second, third] = before[..] else { panic!("three methods are shown at first") };
        document.reorder(Line::Method(third), Line::Method(first));
        assert_eq!(names(&document), [third, first, second]);
        let next = document.neighbour(Line::Method(third), 1).unwrap();
        document.reorder(Line::Method(third), next);
        assert_eq!(names(&document), [first, third, second]);
        assert_eq!(document.neighbour(Line::Method(first), -1), None);
        document.take_out(Line::Method(third));
        assert_eq!(names(&document), [first, second]);
    }
}
