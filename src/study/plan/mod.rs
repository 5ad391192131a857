//! A study as it is run: everything named is found, checked and known by its content.

mod check;

use self::check::{check_labels, check_metrics, check_models, once_each};
use super::cell::Cell;
use super::definition::{Choice, Definition, Layout, TargetRule};
use crate::engine::{CellIndex, Condition};
use crate::error::{Error, Result};
use crate::file::sha256;
use crate::score::{Better, OverPictures};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a study measures. Models and pictures are known by content, so that files may move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub name: String,
    /// Version of the program: another one may compute otherwise, so its results are others.
    pub program: String,
    pub seed: u64,
    pub target: TargetRule,
    pub layout: Layout,
    /// SHA-256 of the annotations, where there are some.
    pub annotations: Option<String>,
    /// Pairs of models to test against each other.
    pub compare: Vec<[usize; 2]>,
    /// What people should know about the selection, such as pictures that are there twice.
    pub notes: Vec<String>,
    /// Which versions of every picture are explained.
    #[serde(default = "Condition::only_clean", skip_serializing_if = "Condition::are_clean")]
    pub conditions: Vec<Condition>,
    pub models: Vec<PlannedModel>,
    pub methods: Vec<Choice>,
    pub scores: Vec<Choice>,
    /// The numbers that the scores give of every map.
    pub metrics: Vec<Metric>,
    pub pictures: Vec<PlannedPicture>,
}

/// A model of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// The name for people.
    pub name: String,
    /// Where it is on this machine; never recorded.
    #[serde(skip)]
    pub path: PathBuf,
    /// What identifies it: a hash over weights and everything else that changes its numbers, such
    /// as the input's preparation and the choice of batch norms.
    pub sha256: String,
}

/// A picture of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedPicture {
    pub name: String,
    /// Where it is on this machine; never recorded.
    #[serde(skip)]
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its class, where it is known.
    pub label: Option<usize>,
}

/// One number that scores give of every map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Such as `insertion-auc`.
    pub id: String,
    /// The name for tables.
    pub label: String,
    pub better: Better,
    /// Whether it rises or falls with a network's confidence, so that values of different networks
    /// can't be compared as they are.
    pub follows_confidence: bool,
    /// The metric to compare networks by instead.
    pub normalised: Option<String>,
    /// How the published benchmarks count it.
    #[serde(default)]
    pub over_pictures: OverPictures,
}

/// What the names of a definition turned out to be.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// In the order of the definition.
    pub models: Vec<PlannedModel>,
    pub pictures: Vec<PlannedPicture>,
    pub methods: Vec<Choice>,
    pub scores: Vec<Choice>,
    /// Of all scores, in the order of the report's columns.
    pub metrics: Vec<Metric>,
    /// SHA-256 of the annotations, where there are some.
    pub annotations: Option<String>,
    /// What people should know of them.
    pub notes: Vec<String>,
}

impl Plan {
    /// Puts a definition and its contents together. Pictures of the same content count once, and
    /// a note says which.
    ///
    /// # Errors
    /// When two models or metrics can't be told apart, a picture has two labels, or one has no
    /// label although the labels are explained.
    pub fn new(definition: &Definition, contents: Contents) -> Result<Self> {
        let failed = |why: String| Error::new(format!("cannot run study {}", definition.name), why);
        check_models(&contents.models).map_err(failed)?;
        check_metrics(&contents.metrics).map_err(failed)?;
        let (pictures, same) = once_each(contents.pictures).map_err(failed)?;
        let notes = contents.notes.into_iter().chain(same).collect();
        check_labels(&pictures, definition.target).map_err(failed)?;
        Ok(Self {
            name: definition.name.clone(),
            program: env!("CARGO_PKG_VERSION").into(),
            seed: definition.seed,
            target: definition.target,
            layout: definition.layout,
            annotations: contents.annotations,
            compare: definition.compare.clone(),
            notes,
            conditions: Condition::only_clean(),
            models: contents.models,
            methods: contents.methods,
            scores: contents.scores,
            metrics: contents.metrics,
            pictures,
        })
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        let subjects = self.models.len() * self.pictures.len() * self.conditions.len();
        subjects * self.methods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every cell, by model, then picture, then condition, then method: a model stays loaded and the
    /// methods of a picture can share passes.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let scoring = self.scoring();
        (0..self.len()).map(move |at| {
            let (at, method) = (at / self.methods.len(), at % self.methods.len());
            let (at, condition) = (at / self.conditions.len(), at % self.conditions.len());
            let (model, picture) = (at / self.pictures.len(), at % self.pictures.len());
            Cell::new(self, CellIndex { picture, model, condition, method }, &scoring)
        })
    }

    /// Where a cell stands among [`Plan::cells`].
    pub fn position(&self, cell: CellIndex) -> usize {
        let subject = (cell.model * self.pictures.len() + cell.picture) * self.conditions.len();
        (subject + cell.condition) * self.methods.len() + cell.method
    }

    /// SHA-256 of what determines results: contents and parameters, neither names, paths and
    /// order, nor how the report looks.
    pub fn hash(&self) -> String {
        let contents: Vec<String> =
            self.aspects().into_iter().map(|(_, content)| content).collect();
        // Hashes of studies of clean pictures are as they were before there were conditions.
        let known = contents.len() - usize::from(Condition::are_clean(&self.conditions));
        sha256(contents[..known].join("\n\n").as_bytes())
    }

    /// What makes this another study than `other`, in words; none if it is the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.aspects().into_iter().zip(other.aspects());
        let differing = pairs.filter(|((_, one), (_, other))| one != other);
        let names: Vec<_> = differing.map(|((name, _), _)| name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// What must be the same for results to be of one study.
    fn aspects(&self) -> [(&'static str, String); 9] {
        let set = |mut lines: Vec<String>| {
            lines.sort();
            lines.join("\n")
        };
        let models = self.models.iter().map(|model| model.sha256.clone()).collect();
        let picture = |picture: &PlannedPicture| format!("{} {:?}", picture.sha256, picture.label);
        let choices =
            |choices: &[Choice]| set(choices.iter().map(Choice::identity).collect::<Vec<_>>());
        [
            ("another version of the program", self.program.clone()),
            ("another seed", self.seed.to_string()),
            ("another target", format!("{:?}", self.target)),
            ("other models", set(models)),
            ("other pictures", set(self.pictures.iter().map(picture).collect())),
            ("other methods", choices(&self.methods)),
            ("other scores", choices(&self.scores)),
            ("other annotations", self.annotations.clone().unwrap_or_default()),
            ("other conditions", set(self.conditions.iter().map(Condition::identity).collect())),
        ]
    }

    /// What decides the scores of a map.
    fn scoring(&self) -> String {
        let mut scores: Vec<_> = self.scores.iter().map(Choice::identity).collect();
        scores.sort();
        format!("{}\n{}", self.annotations.as_deref().unwrap_or_default(), scores.join("\n"))
    }
}
