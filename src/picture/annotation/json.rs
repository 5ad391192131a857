//! JSON as programs write it.

use super::Annotations;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// A value of the expected type, or anything else.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Loose<T> {
    Known(T),
    Odd(IgnoredAny),
}

impl<T> Loose<T> {
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Odd(_) => None,
        }
    }
}

/// JSON, also with the `NaN` and `Infinity` that Python writes where it should not.
pub(super) fn parsed<T: DeserializeOwned>(
    text: &str,
    found: &mut Annotations,
) -> Result<T, String> {
    serde_json::from_str(text).or_else(|error| {
        let repaired = without_nan(text).ok_or_else(|| error.to_string())?;
        let value = serde_json::from_str(&repaired).map_err(|_| error.to_string())?;
        found.tally.note("NaN and Infinity, which JSON has not, count as missing");
        Ok(value)
    })
}

/// `NaN`, `Infinity` and `-Infinity` outside of texts as `null`; none where there is none.
fn without_nan(text: &str) -> Option<String> {
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut changed) = (text, false);
    while let Some(place) = rest.find(['"', 'N', 'I', '-']) {
        repaired.push_str(&rest[..place]);
        rest = &rest[place..];
        let word = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| rest.starts_with(word));
        let length = match word {
            Some(word) => word.len(),
            None if rest.starts_with('"') => quoted(rest),
            None => 1,
        };
        changed |= word.is_some();
        repaired.push_str(if word.is_some() { "null" } else { &rest[..length] });
        rest = &rest[length..];
    }
    repaired.push_str(rest);
    changed.then_some(repaired)
}

/// The length of the text in quotes that begins here.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}
