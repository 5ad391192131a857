//! A number that may not exist, and why.

use serde::Serialize;

/// A score's value, or why it is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    Value(f64),
    Undefined(&'static str),
}

impl Measured {
    /// The number, where there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Measured::Value(value) => Some(value),
            Measured::Undefined(_) => None,
        }
    }

    /// Why there is none.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Measured::Value(_) => None,
            Measured::Undefined(reason) => Some(reason),
        }
    }
}

impl From<Result<f64, &'static str>> for Measured {
    /// Numbers beyond the range of an f64 are invalid too.
    fn from(result: Result<f64, &'static str>) -> Self {
        match result {
            Ok(value) if value.is_finite() => Measured::Value(value),
            Ok(_) => Measured::Undefined("the numbers are too large or too small to compute with"),
            Err(reason) => Measured::Undefined(reason),
        }
    }
}
