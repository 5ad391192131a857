//! Provenance of what is known about a network.

use serde::Serialize;

/// Where the normalisation of the pixels comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The model card.
    Card,
    /// The file itself.
    File,
    /// The configuration beside the file.
    Configuration,
    /// What published weights of the architecture were trained with.
    Architecture,
    /// What is usual for such pictures; it may be wrong.
    Guess,
}

impl Source {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Source::Card => "from the model card",
            Source::File => "from the file itself",
            Source::Configuration => "from config.json beside it",
            Source::Architecture => "usual for the architecture",
            Source::Guess => "a guess",
        }
    }
}
