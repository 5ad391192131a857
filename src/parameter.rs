//! Typed, documented parameters. The window, the command line, the documentation and the records
//! beside results are generated from these descriptions alone.

use crate::error::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// One parameter of a method.
#[derive(Debug)]
pub struct Parameter {
    /// Identifier in `--set METHOD.ID=VALUE`.
    pub id: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
    /// Unit of the value; empty for plain numbers and choices.
    pub unit: &'static str,
    pub kind: Kind,
    /// Where the default comes from.
    pub source: &'static str,
}

/// Type, range and default of a parameter.
#[derive(Debug)]
pub enum Kind {
    Integer {
        default: i64,
        min: i64,
        max: i64,
    },
    Real {
        default: f64,
        min: f64,
        max: f64,
    },
    Choice {
        default: &'static str,
        options: &'static [&'static str],
    },
    /// A node of the network, or several with commas; by default the one that suits the method.
    Layer,
    /// Numbers with commas, each from `min` to `max`.
    Reals {
        default: &'static [f64],
        min: f64,
        max: f64,
    },
    /// A baseline (reference input): one of `options`, or a picture's file.
    Baseline {
        default: &'static str,
        options: &'static [&'static str],
    },
}

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Integer(i64),
    Real(f64),
    Choice(&'static str),
    /// Nodes' names, or none for the default node.
    Layer(Option<String>),
    Reals(Vec<f64>),
    /// One of the options, or the path of a picture.
    Baseline(String),
}

// Numbers are finite where they are parsed, so that values are equal to themselves and can be keys.
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Zero and minus zero are equal.
        let bits = |value: f64| (value + 0.0).to_bits();
        match self {
            Value::Integer(value) => value.hash(state),
            Value::Real(value) => bits(*value).hash(state),
            Value::Choice(value) => value.hash(state),
            Value::Layer(value) => value.hash(state),
            Value::Reals(values) => values.iter().for_each(|value| bits(*value).hash(state)),
            Value::Baseline(value) => value.hash(state),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(f),
            Value::Real(value) => value.fmt(f),
            Value::Choice(value) => value.fmt(f),
            Value::Layer(value) => value.as_deref().unwrap_or("auto").fmt(f),
            Value::Reals(values) => {
                let texts: Vec<_> = values.iter().map(f64::to_string).collect();
                texts.join(",").fmt(f)
            }
            Value::Baseline(value) => value.fmt(f),
        }
    }
}

impl Parameter {
    /// The default value.
    pub fn default_value(&self) -> Value {
        match self.kind {
            Kind::Integer { default, .. } => Value::Integer(default),
            Kind::Real { default, .. } => Value::Real(default),
            Kind::Choice { default, .. } => Value::Choice(default),
            Kind::Layer => Value::Layer(None),
            Kind::Reals { default, .. } => Value::Reals(default.to_vec()),
            Kind::Baseline { default, .. } => Value::Baseline(default.into()),
        }
    }

    /// The allowed values, in words.
    pub fn range(&self) -> String {
        match &self.kind {
            Kind::Integer { min, max, .. } => format!("{min}–{max}"),
            Kind::Real { min, max, .. } => format!("{min}–{max}"),
            Kind::Choice { options, .. } => options.join(", "),
            Kind::Layer => "auto, a node's name, or several with commas".into(),
            Kind::Reals { min, max, .. } => format!("numbers of {min}–{max} with commas"),
            Kind::Baseline { options, .. } => {
                format!("{}, or a picture's file", options.join(", "))
            }
        }
    }

    /// Reads a value as a person writes it.
    pub fn parse(&self, text: &str) -> Option<Value> {
        match &self.kind {
            Kind::Integer { min, max, .. } => {
                let value = text.parse().ok()?;
                (min..=max).contains(&&value).then_some(Value::Integer(value))
            }
            Kind::Real { min, max, .. } => {
                let value = text.parse().ok()?;
                (min..=max).contains(&&value).then_some(Value::Real(value))
            }
            Kind::Choice { options, .. } => {
                options.iter().find(|option| **option == text).map(|option| Value::Choice(option))
            }
            Kind::Layer => Some(Value::Layer((text != "auto").then(|| text.to_string()))),
            Kind::Reals { min, max, .. } => {
                let values = text.split(',').map(|part| part.trim().parse().ok());
                let values = values.collect::<Option<Vec<f64>>>()?;
                values.iter().all(|v| (min..=max).contains(&v)).then_some(Value::Reals(values))
            }
            Kind::Baseline { options, .. } => {
                let known = options.contains(&text) || Path::new(text).is_file();
                known.then(|| Value::Baseline(text.into()))
            }
        }
    }
}

/// A value for every parameter of one method.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// The defaults of `parameters`.
    pub fn defaults(parameters: &[Parameter]) -> Self {
        Self(parameters.iter().map(|parameter| (parameter.id, parameter.default_value())).collect())
    }

    /// Sets one value as a person writes it.
    ///
    /// # Errors
    /// When there is no such parameter or the value is not allowed.
    pub fn set(&mut self, parameters: &[Parameter], id: &str, text: &str) -> Result<()> {
        let Some(parameter) = parameters.iter().find(|parameter| parameter.id == id) else {
            let known: Vec<_> = parameters.iter().map(|parameter| parameter.id).collect();
            let why = match known.is_empty() {
                true => "the method has no parameters".into(),
                false => format!("the method has {}", known.join(", ")),
            };
            return Err(Error::new(format!("unknown parameter `{id}`"), why));
        };
        let value = parameter.parse(text).ok_or_else(|| {
            Error::new(
                format!("cannot set {id} to `{text}`"),
                format!("it takes {}", parameter.range()),
            )
        })?;
        self.0.insert(parameter.id, value);
        Ok(())
    }

    /// Sets one value that is known to be allowed.
    pub fn insert(&mut self, id: &'static str, value: Value) {
        self.0.insert(id, value);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    pub fn get(&self, id: &str) -> &Value {
        self.0.get(id).unwrap_or_else(|| panic!("the method declares no parameter `{id}`"))
    }

    pub fn integer(&self, id: &str) -> usize {
        match self.get(id) {
            Value::Integer(value) => *value as usize,
            other => panic!("`{id}` is {other}, not an integer"),
        }
    }

    pub fn real(&self, id: &str) -> f32 {
        match self.get(id) {
            Value::Real(value) => *value as f32,
            other => panic!("`{id}` is {other}, not a number"),
        }
    }

    pub fn choice(&self, id: &str) -> &'static str {
        match self.get(id) {
            Value::Choice(value) => value,
            other => panic!("`{id}` is {other}, not a choice"),
        }
    }

    pub fn layer(&self, id: &str) -> Option<&str> {
        match self.get(id) {
            Value::Layer(value) => value.as_deref(),
            other => panic!("`{id}` is {other}, not a layer"),
        }
    }

    /// Files of baselines.
    pub fn files(&self) -> Vec<PathBuf> {
        let file = |value: &Value| match value {
            Value::Baseline(name) if Path::new(name).is_file() => Some(PathBuf::from(name)),
            _ => None,
        };
        self.0.values().filter_map(file).collect()
    }

    /// The same with files by their names alone.
    pub fn without_paths(&self) -> Self {
        let mut values = self.clone();
        for value in values.0.values_mut() {
            if let Value::Baseline(name) = value
                && let Some(file) = Path::new(name).file_name()
            {
                *name = file.to_string_lossy().into_owned();
            }
        }
        values
    }

    /// Whether background pictures, the session's others, are asked for.
    pub fn uses_background(&self) -> bool {
        self.0.values().any(|value| matches!(value, Value::Baseline(name) if name == "others"))
    }

    pub fn reals(&self, id: &str) -> &[f64] {
        match self.get(id) {
            Value::Reals(values) => values,
            other => panic!("`{id}` is {other}, not numbers"),
        }
    }

    pub fn baseline(&self, id: &str) -> &str {
        match self.get(id) {
            Value::Baseline(value) => value,
            other => panic!("`{id}` is {other}, not a baseline"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[Parameter {
        id: "samples",
        help: "",
        unit: "",
        kind: Kind::Integer { default: 5, min: 1, max: 10 },
        source: "",
    }];

    #[test]
    fn values_are_checked_against_the_description() {
        let mut values = Values::defaults(PARAMETERS);
        assert_eq!(values.integer("samples"), 5);
        values.set(PARAMETERS, "samples", "7").unwrap();
        assert_eq!(values.integer("samples"), 7);
        for (id, text) in [("samples", "0"), ("samples", "11"), ("samples", "x"), ("steps", "7")] {
            assert!(values.set(PARAMETERS, id, text).is_err(), "{id}={text}");
        }
        assert_eq!(values.integer("samples"), 7);
    }
}
