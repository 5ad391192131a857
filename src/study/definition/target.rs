//! Which class is explained.

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Which class of every picture is explained: `"top1"`, `"label"`, or a class's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetRule {
    /// The class that the network holds most likely.
    #[default]
    Top1,
    /// The picture's own class, from its list or its annotations.
    Label,
    /// The same class for every picture.
    Class(usize),
}

impl Serialize for TargetRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Top1 => serializer.serialize_str("top1"),
            Self::Label => serializer.serialize_str("label"),
            Self::Class(class) => serializer.serialize_u64(*class as u64),
        }
    }
}

impl<'de> Deserialize<'de> for TargetRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Rule)
    }
}

struct Rule;

impl Visitor<'_> for Rule {
    type Value = TargetRule;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("\"top1\", \"label\" or a class's index from 0")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TargetRule, E> {
        match text {
            "top1" => Ok(TargetRule::Top1),
            "label" => Ok(TargetRule::Label),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, class: u64) -> Result<TargetRule, E> {
        let class = usize::try_from(class).map_err(E::custom)?;
        Ok(TargetRule::Class(class))
    }

    fn visit_i64<E: serde::de::Error>(self, class: i64) -> Result<TargetRule, E> {
        let wrong = |_| E::invalid_value(Unexpected::Signed(class), &self);
        usize::try_from(class).map(TargetRule::Class).map_err(wrong)
    }
}
