//! All kinds of training.

use super::{AdvProp, Adversarial, Fast, Objective, Sep, Trades, Vanilla};
use serde::{Deserialize, Serialize};

/// The kind of training that a recipe asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    Vanilla(Vanilla),
    Pgd(Adversarial),
    Fast(Fast),
    Trades(Trades),
    Sep(Sep),
    AdvProp(AdvProp),
}

impl Kind {
    /// Its name in recipes and cards.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Vanilla(_) => "vanilla",
            Kind::Pgd(_) => "pgd",
            Kind::Fast(_) => "fast",
            Kind::Trades(_) => "trades",
            Kind::Sep(_) => "sep",
            Kind::AdvProp(_) => "advprop",
        }
    }

    pub fn objective(&self) -> &dyn Objective {
        match self {
            Kind::Vanilla(objective) => objective,
            Kind::Pgd(objective) => objective,
            Kind::Fast(objective) => objective,
            Kind::Trades(objective) => objective,
            Kind::Sep(objective) => objective,
            Kind::AdvProp(objective) => objective,
        }
    }
}
