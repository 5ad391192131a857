//! Which class people want explained, on networks whose classes differ.

use crate::attribution::Target;
use crate::model::{Followed, Model, NamedClass};
use serde::{Deserialize, Serialize};

/// Which class is explained.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClassChoice {
    /// The most probable class of each network.
    #[default]
    Top1,
    /// That of an index, on every network.
    Index(usize),
    /// A class of one network, and on the others that of its name.
    Named(NamedClass),
}

/// How a network comes by the class that is explained on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is its most probable one, as of every network.
    Top1,
    /// It was chosen.
    Chosen,
    /// It has the index of the chosen one, and names do not tell whether it is the same.
    ByIndex,
    /// It is its most probable one, for it does not have the chosen one.
    Missing,
}

/// The class that is explained on a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedClass {
    pub class: NamedClass,
    pub standing: Standing,
}

impl ClassChoice {
    pub fn is_top1(&self) -> bool {
        *self == Self::Top1
    }

    /// The class of a picture to explain on a network, and how it comes by it.
    pub fn on(&self, model: &Model) -> (Target, Standing) {
        match self {
            Self::Top1 => (Target::Top1, Standing::Top1),
            Self::Index(class) => (Target::Class(*class), Standing::Chosen),
            Self::Named(class) => match model.follow(class) {
                Some(Followed::ByName(class)) => (Target::Class(class), Standing::Chosen),
                Some(Followed::ByIndex(class)) => (Target::Class(class), Standing::ByIndex),
                None => (Target::Top1, Standing::Missing),
            },
        }
    }

    /// The same, where an index means the class of the first network that has so many.
    pub fn named_by<'m>(self, mut models: impl Iterator<Item = &'m Model>) -> Self {
        match self {
            Self::Index(class) => models
                .find(|model| class < model.graph.classes())
                .map_or(self, |model| Self::Named(model.named_class(class))),
            other => other,
        }
    }
}

impl From<Target> for ClassChoice {
    fn from(target: Target) -> Self {
        match target {
            Target::Top1 => Self::Top1,
            Target::Class(class) => Self::Index(class),
        }
    }
}

impl Standing {
    /// As records say it.
    pub fn record(self) -> &'static str {
        match self {
            Self::Top1 | Self::Missing => "top1",
            Self::Chosen | Self::ByIndex => "index",
        }
    }

    /// Whether it is the chosen class.
    pub fn is_chosen(self) -> bool {
        matches!(self, Self::Chosen | Self::ByIndex)
    }
}

impl ExplainedClass {
    /// Whether maps of two networks are of one class.
    pub fn is_same(&self, other: &Self) -> bool {
        let are_chosen = self.standing.is_chosen() && other.standing.is_chosen();
        are_chosen || self.class.is_same(&other.class)
    }

    /// Whether some of the classes that are known are not one.
    pub fn differ(explained: &[Option<Self>]) -> bool {
        let mut known = explained.iter().flatten();
        let Some(first) = known.next() else { return false };
        known.any(|other| !first.is_same(other))
    }
}
