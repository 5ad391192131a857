//! Two networks that are compared with each other.

use crate::explorer::state::document::Document;
use hyaline::engine::OpenModel;

/// Two networks by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub first: u64,
    pub second: u64,
}

/// How a pair's maps are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PairView {
    #[default]
    Difference,
    Wipe,
    Blink,
}

impl PairView {
    pub const ALL: [Self; 3] = [Self::Difference, Self::Wipe, Self::Blink];

    pub fn name(self) -> &'static str {
        match self {
            Self::Difference => "Difference",
            Self::Wipe => "Wipe",
            Self::Blink => "Blink",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Difference => {
                "The second map less the first: orange where the first is higher, purple where the second is"
            }
            Self::Wipe => "The first map left of a line, the second right of it; drag the line",
            Self::Blink => "One map after the other",
        }
    }
}

impl Document {
    /// The two networks of the pair, while both are open and shown.
    pub fn paired(&self) -> Option<[OpenModel; 2]> {
        let pair = self.pair?;
        let open = |id| self.shown_models().find(|open| open.id == id).cloned();
        Some([open(pair.first)?, open(pair.second)?])
    }

    /// The two networks where no others are open.
    pub fn only_two(&self) -> Option<Pair> {
        match &self.models[..] {
            [first, second] => Some(Pair { first: first.id, second: second.id }),
            _ => None,
        }
    }

    /// All networks that are shown two by two.
    pub fn pairs(&self) -> Vec<[OpenModel; 2]> {
        let models: Vec<_> = self.shown_models().collect();
        let rest = |index: usize| models[index + 1..].iter().copied().cloned();
        let each = models.iter().enumerate();
        each.flat_map(|(index, a)| rest(index).map(move |b| [(*a).clone(), b])).collect()
    }
}
