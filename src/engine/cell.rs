//! Names of what is explained.

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

/// One cell of a comparison of open models and pictures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellId {
    pub picture: u64,
    pub model: u64,
    pub method: &'static str,
    pub condition: Condition,
}
