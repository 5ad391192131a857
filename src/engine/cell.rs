//! Names of what is explained.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which version of a picture a model sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// The picture as it is.
    #[default]
    Clean,
    /// The picture changed by an attack on the model.
    Attacked {
        attack: String,
        /// By name, as `--set` takes them.
        #[serde(default)]
        parameters: BTreeMap<String, String>,
    },
}

impl Condition {
    /// The conditions of a comparison that names none.
    pub fn only_clean() -> Vec<Self> {
        vec![Self::Clean]
    }

    /// Whether a comparison is of clean pictures alone.
    pub fn are_clean(conditions: &[Self]) -> bool {
        *conditions == [Self::Clean]
    }

    /// Everything that determines it, as text that stays the same.
    pub fn identity(&self) -> String {
        serde_json::to_string(self).expect("conditions are plain data")
    }

    /// # Errors
    /// When the picture can't be brought into this condition.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Clean => Ok(()),
            Self::Attacked { attack, .. } => {
                let why = "this version of Hyaline has no attacks on pictures";
                Err(Error::new(format!("cannot attack by `{attack}`"), why)
                    .hint("show clean pictures, or use a later version"))
            }
        }
    }
}

/// One cell of a comparison, by indices into its lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellIndex {
    pub picture: usize,
    pub model: usize,
    pub condition: usize,
    pub method: usize,
}

impl CellIndex {
    /// The cell of a clean picture, where that is the first condition.
    pub fn clean(picture: usize, model: usize, method: usize) -> Self {
        Self { picture, model, condition: 0, method }
    }

    /// Whether both are of one picture on one model under one condition.
    pub fn is_same_subject(self, other: Self) -> bool {
        let method = 0;
        Self { method, ..self } == Self { method, ..other }
    }
}

/// One cell of a comparison of open models and pictures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellId {
    pub picture: u64,
    pub model: u64,
    pub method: &'static str,
    pub condition: Condition,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_and_read() {
        let parameters = BTreeMap::from([("epsilon".to_string(), "8/255".to_string())]);
        let attacked = Condition::Attacked { attack: "pgd".into(), parameters };
        let text = serde_json::to_string(&[Condition::Clean, attacked.clone()]).unwrap();
        let read: Vec<Condition> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, [Condition::Clean, attacked.clone()]);
        assert!(!Condition::are_clean(&read) && Condition::are_clean(&Condition::only_clean()));
        assert!(attacked.check().unwrap_err().to_string().contains("`pgd`"));
    }
}
