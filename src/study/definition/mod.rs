//! STUDY.toml: which models, pictures, methods and scores a study measures.

mod catalogue;
mod pictures;
mod target;
mod written;

pub use catalogue::{Catalogue, Choice};
pub use pictures::ListedPicture;
pub use target::TargetRule;

use crate::error::{Error, Result};
use crate::model::DeviceChoice;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A study as a person defines it. Paths are resolved; names of methods and scores are not yet
/// checked, see [`Definition::methods`] and [`Definition::scores`].
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The file it was read from.
    pub path: PathBuf,
    pub name: String,
    /// The user's seed.
    pub seed: u64,
    /// Model cards, networks or weights.
    pub models: Vec<PathBuf>,
    /// Which output of ONNX files that have several; none for what their cards or names say.
    pub output: Option<String>,
    pub pictures: Pictures,
    pub target: TargetRule,
    pub device: DeviceChoice,
    /// How the report's tables are laid out.
    pub layout: Layout,
    /// Whether every map is kept beside its scores.
    pub keep_maps: bool,
    /// Pairs of models to test against each other, as indices of `models`.
    pub compare: Vec<[usize; 2]>,
    methods: Vec<Named>,
    scores: Vec<Named>,
    parameters: BTreeMap<String, Parameters>,
}

/// Where the pictures come from, in this order, each file once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pictures {
    /// Folders, searched with the folders in them.
    pub folders: Vec<PathBuf>,
    pub files: Vec<PathBuf>,
    /// A text file with a picture a line, or a table (`.csv`) with a column `image` and maybe
    /// `label`.
    pub list: Option<PathBuf>,
    /// Take the first so many.
    pub limit: Option<usize>,
    /// Take so many at random, by the seed.
    pub sample: Option<usize>,
    /// Boxes or masks for scores that need them.
    pub annotations: Option<PathBuf>,
}

/// How the report's tables are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A table for each score: methods down, models across, the models' accuracy on top.
    #[default]
    ByScore,
    /// A block of rows for each model: methods down, scores across.
    ByModel,
}

/// A name in the file.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: String,
    line: usize,
}

/// A table of parameters in the file.
#[derive(Debug, Clone, PartialEq)]
struct Parameters {
    values: toml::Table,
    line: usize,
}

impl Definition {
    /// Reads STUDY.toml.
    ///
    /// # Errors
    /// When it can't be read or something in it is not allowed, with the line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::new(failed(path), e))?;
        Self::parse(path, &text)
    }

    /// Reads the text of a study at `path`.
    ///
    /// # Errors
    /// When something in it is not allowed, with the line.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        written::parse(path, text)
    }

    /// The methods, presets opened up, each with all its parameters.
    ///
    /// # Errors
    /// When a name or a parameter is unknown, with the line.
    pub fn methods(&self, catalogue: &dyn Catalogue) -> Result<Vec<Choice>> {
        self.choices(&self.methods, catalogue)
    }

    /// The scores, each with all its parameters.
    ///
    /// # Errors
    /// When a name or a parameter is unknown, with the line.
    pub fn scores(&self, catalogue: &dyn Catalogue) -> Result<Vec<Choice>> {
        self.choices(&self.scores, catalogue)
    }

    /// # Errors
    /// When parameters are given for what is neither among the methods nor among the scores, or
    /// among both.
    pub fn check_parameters(&self, methods: &[Choice], scores: &[Choice]) -> Result<()> {
        for (id, parameters) in &self.parameters {
            let among = |choices: &[Choice]| choices.iter().any(|choice| choice.id == *id);
            let why = match (among(methods), among(scores)) {
                (false, false) => "the study has neither a method nor a score of this name",
                (true, true) => "both a method and a score have this name",
                _ => continue,
            };
            return Err(self.error(parameters.line, format!("[parameters.{id}]: {why}")));
        }
        Ok(())
    }

    fn choices(&self, names: &[Named], catalogue: &dyn Catalogue) -> Result<Vec<Choice>> {
        let mut choices: Vec<Choice> = vec![];
        for Named { name, line } in names {
            for mut choice in catalogue.expand(name).map_err(|e| self.error(*line, e))? {
                let own = self.parameters.get(&choice.id);
                choice.parameters.extend(own.map(|own| own.values.clone()).unwrap_or_default());
                let line = own.map_or(*line, |own| own.line);
                let choice = catalogue.complete(choice).map_err(|e| self.error(line, e))?;
                if choices.iter().any(|other| other.id == choice.id) {
                    return Err(self.error(line, format!("{} is chosen twice", choice.id)));
                }
                choices.push(choice);
            }
        }
        Ok(choices)
    }

    fn error(&self, line: usize, why: impl std::fmt::Display) -> Error {
        Error::new(failed(&self.path), format!("line {line}: {why}"))
    }
}

fn failed(path: &Path) -> String {
    format!("cannot use study {}", path.display())
}
