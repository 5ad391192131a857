//! Methods and networks in the order that a person wants: by dragging their names, or by a menu.

use crate::explorer::state::document::Document;

/// A row or column of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridLine {
    Method(&'static str),
    Network(u64),
}

impl Document {
    /// Puts a method or network in the place of another of its kind, which moves on.
    pub fn reorder(&mut self, line: GridLine, to: GridLine) {
        match (line, to) {
            (GridLine::Method(id), GridLine::Method(to)) => {
                let place = |id| self.methods.iter().position(|c| c.method.description().id == id);
                if let (Some(from), Some(to)) = (place(id), place(to)) {
                    let choice = self.methods.remove(from);
                    self.methods.insert(to, choice);
                }
            }
            (GridLine::Network(id), GridLine::Network(to)) => {
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
    pub fn neighbour(&self, line: GridLine, by: isize) -> Option<GridLine> {
        let lines: Vec<GridLine> = match line {
            GridLine::Method(_) => {
                self.shown_methods().map(|c| GridLine::Method(c.method.description().id)).collect()
            }
            GridLine::Network(_) => {
                self.shown_models().map(|open| GridLine::Network(open.id)).collect()
            }
        };
        let place = lines.iter().position(|other| *other == line)?;
        lines.get(place.checked_add_signed(by)?).copied()
    }

    /// Takes a method out of the grid, or closes a network.
    pub fn take_out(&mut self, line: GridLine) {
        match line {
            GridLine::Method(id) => {
                let is_it =
                    |c: &&mut hyaline::engine::MethodChoice| c.method.description().id == id;
                if let Some(choice) = self.methods.iter_mut().find(is_it) {
                    choice.shown = false;
                }
            }
            GridLine::Network(id) => self.models.retain(|open| open.id != id),
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
        document.reorder(GridLine::Method(third), GridLine::Method(first));
        assert_eq!(names(&document), [third, first, second]);
        let next = document.neighbour(GridLine::Method(third), 1).unwrap();
        document.reorder(GridLine::Method(third), next);
        assert_eq!(names(&document), [first, third, second]);
        assert_eq!(document.neighbour(GridLine::Method(first), -1), None);
        document.take_out(GridLine::Method(third));
        assert_eq!(names(&document), [first, second]);
    }
}
