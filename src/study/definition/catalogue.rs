//! What a study may choose from.

use crate::error::Result;
use serde::{Deserialize, Serialize};

/// The methods and presets, or the scores, that there are.
pub trait Catalogue {
    /// What a name stands for: itself, or the members of a preset with the parameters it sets.
    ///
    /// # Errors
    /// When there is nothing of this name; the error says what there is.
    fn expand(&self, name: &str) -> Result<Vec<Choice>>;

    /// The same choice with every parameter it has, checked, defaults filled in.
    ///
    /// # Errors
    /// When a parameter is unknown or its value is not allowed; the error says what is.
    fn complete(&self, choice: Choice) -> Result<Choice>;
}

/// A method or a score with its parameters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    pub id: String,
    /// The name for tables; the id where it is empty.
    #[serde(default)]
    pub label: String,
    /// Hash of the files and pictures that the parameters name, such as baselines; empty for most.
    #[serde(default)]
    pub content: String,
    #[serde(default)]
    pub parameters: toml::Table,
}

impl Choice {
    /// A choice with nothing set.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// The name for tables.
    pub fn label(&self) -> &str {
        if self.label.is_empty() { &self.id } else { &self.label }
    }

    /// The parameters as JSON, the same text for the same values.
    pub fn json(&self) -> String {
        table(&self.parameters)
    }

    /// What determines results: the id, the parameters and the files they name.
    pub(in crate::study) fn identity(&self) -> String {
        format!("{} {} {}", self.id, self.content, self.json())
    }
}

fn table(table: &toml::Table) -> String {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    let entry = |(name, value): (&String, _)| format!("{}:{}", quoted(name), json(value));
    format!("{{{}}}", entries.into_iter().map(entry).collect::<Vec<_>>().join(","))
}

fn json(value: &toml::Value) -> String {
    match value {
        toml::Value::String(value) => quoted(value),
        toml::Value::Datetime(value) => quoted(&value.to_string()),
        toml::Value::Integer(value) => value.to_string(),
        // JSON has no infinities; as texts they stay apart.
        toml::Value::Float(value) if value.is_finite() => format!("{value:?}"),
        toml::Value::Float(value) => quoted(&value.to_string()),
        toml::Value::Boolean(value) => value.to_string(),
        toml::Value::Table(values) => table(values),
        toml::Value::Array(values) => {
            format!("[{}]", values.iter().map(json).collect::<Vec<_>>().join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_the_same_text_in_any_order() {
        let choice = |text: &str| Choice {
            parameters: toml::from_str(text).unwrap(),
            ..Choice::new("grad-cam")
        };
        let one = choice("samples = 5\nsigma = 0.1\nlayer = 'a\"b'\nareas = [0.1, 1e-7]");
        let other = choice("areas = [0.1, 1e-7]\nlayer = 'a\"b'\nsigma = 0.1\nsamples = 5");
        assert_eq!(one.json(), other.json());
        assert_eq!(one.json(), r#"{"areas":[0.1,1e-7],"layer":"a\"b","samples":5,"sigma":0.1}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&one.json()).is_ok());
        assert_ne!(choice("x = 1").json(), choice("x = 1.0").json());
    }
}
