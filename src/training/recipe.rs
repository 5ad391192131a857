//! What a training is described by: a TOML file.

use super::data::{Augmentation, TargetShape};
use super::explanations::Explanation;
use super::networks::NetworkRecipe;
use super::objective::Kind;
use super::optimiser::Sgd;
use super::pixel_distance::PixelDistance;
use super::schedule::Schedule;
use crate::attack::PixelNorm;
use crate::error::{Error, Result};
use crate::file::toml_line;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A training, as written. What it leaves out has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The network's display name; by default that of the recipe's file.
    pub name: Option<String>,
    /// Seed of all random streams.
    #[serde(default)]
    pub seed: u64,
    #[serde(default = "thirty")]
    pub epochs: usize,
    /// Pictures of a step.
    #[serde(default = "usual_batch")]
    pub batch: usize,
    /// The highest learning rate.
    #[serde(default = "usual_rate")]
    pub rate: f64,
    #[serde(default = "usual_schedule")]
    pub schedule: Schedule,
    /// Numbers of the weights file: 32 bits, or 16.
    #[serde(default)]
    pub precision: Precision,
    /// Minutes between checkpoints within an epoch.
    #[serde(default = "ten")]
    pub checkpoint_minutes: f64,
    pub network: NetworkRecipe,
    pub data: DataRecipe,
    pub objective: Kind,
    #[serde(default)]
    pub optimiser: Sgd,
    #[serde(default)]
    pub evaluation: EvaluationRecipe,
}

/// Types of numbers that weights are saved as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    #[default]
    #[serde(rename = "f32")]
    Single,
    #[serde(rename = "f16")]
    Half,
}

/// The pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// Training pictures: a folder of classes, an archive of such, CIFAR's or MNIST's files,
    /// or an `.npz`; from the folder of the recipe.
    pub train: PathBuf,
    /// Pictures of the final test; by default those held out.
    pub test: Option<PathBuf>,
    /// Share of the training pictures that is held out for monitoring, above 0 and below 1.
    #[serde(default = "twentieth")]
    pub holdout: f64,
    /// Uses at most this many of them, drawn at random; all by default.
    pub limit: Option<usize>,
    /// Height and width that pictures are brought to; by default they are of one size.
    pub size: Option<[usize; 2]>,
    /// 1 for grey, 3 for colours (the default) of picture files.
    pub channels: Option<usize>,
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Mean and standard deviation of the [0,1] pixels, one value a channel; by default those of
    /// the training pictures.
    pub mean: Option<Vec<f32>>,
    pub std: Option<Vec<f32>>,
}

/// What is measured, in each epoch and in the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationRecipe {
    /// Held-out pictures that are classified after each epoch.
    pub watched: usize,
    /// Those that are attacked after each epoch too, by 10 steps.
    pub attacked: usize,
    /// Test pictures of the final accuracies without attack.
    pub pictures: usize,
    /// Test pictures of the final accuracies under attack.
    pub robust_pictures: usize,
    /// The norm and radius of attacks; by default those of the training, or else `linf` and 8/255.
    pub norm: Option<PixelNorm>,
    pub epsilon: Option<PixelDistance>,
    /// Random starts of the strongest attack.
    pub restarts: usize,
    /// Radii of the curve of accuracies, in parts of `epsilon`.
    pub curve: Vec<f32>,
    /// Test pictures whose explanations are compared, and by which explanation; 0 for none.
    pub explanations: usize,
    pub explanation: Explanation,
}

impl Default for EvaluationRecipe {
    fn default() -> Self {
        Self {
            watched: 1000,
            attacked: 256,
            pictures: 10_000,
            robust_pictures: 1000,
            norm: None,
            epsilon: None,
            restarts: 3,
            curve: vec![0.25, 0.5, 0.75, 1.5, 2.0],
            explanations: 0,
            explanation: Explanation::default(),
        }
    }
}

/// Sides of pictures that can be asked for, pixels.
const SIDES: std::ops::RangeInclusive<usize> = 4..=1024;

fn thirty() -> usize {
    30
}

fn ten() -> f64 {
    10.0
}

fn usual_batch() -> usize {
    128
}

fn usual_rate() -> f64 {
    0.1
}

fn twentieth() -> f64 {
    0.05
}

fn usual_schedule() -> Schedule {
    Schedule::Cosine
}

impl Recipe {
    /// Whether a file is a recipe and no other kind of TOML, such as a model card.
    pub fn is_recipe_file(path: &Path) -> bool {
        crate::file::is_toml_with(path, ["network", "objective"])
    }

    /// Reads a recipe; its paths become those from its folder.
    ///
    /// # Errors
    /// When it can't be read, is no recipe, or asks for what can't be.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot read recipe {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| Error::new(what(), e))?;
        let mut recipe = Self::parse(&text).map_err(|e| Error::new(what(), e))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        recipe.data.train = folder.join(&recipe.data.train);
        recipe.data.test = recipe.data.test.map(|test| folder.join(test));
        recipe.network.start = recipe.network.start.map(|start| folder.join(start));
        recipe.name.get_or_insert_with(|| crate::file::stem(path));
        Ok(recipe)
    }

    /// A recipe from its text.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let recipe: Self = toml::from_str(text)
            .map_err(|e| Error::new(format!("line {}", toml_line(text, &e)), e.message()))?;
        recipe.checked()
    }

    fn checked(self) -> Result<Self> {
        let wrong =
            |name: &str, why: String| Err(Error::new(format!("`{name}` can't be used"), why));
        let Self { epochs, batch, rate, data, optimiser, evaluation, .. } = &self;
        let adversary = self.objective.objective().adversary();
        match () {
            () if self.name.as_ref().is_some_and(|name| name.contains(['/', '\\'])) => {
                wrong("name", "files are named after it, so it must not contain a slash".into())
            }
            () if self
                .name
                .as_ref()
                .is_some_and(|name| name.is_empty() || name == "checkpoint") =>
            {
                wrong("name", "files are named after it, and it would hide one".into())
            }
            () if self.checkpoint_minutes.is_nan() || self.checkpoint_minutes < 0.0 => {
                wrong("checkpoint_minutes", "it must not be below 0".into())
            }
            () if data.limit == Some(0) => wrong("limit", "it leaves nothing to train on".into()),
            () if data.channels.is_some_and(|channels| ![1, 3].contains(&channels)) => {
                wrong("channels", "it must be 1 or 3".into())
            }
            () if data.size.is_some_and(|size| size.iter().any(|side| !SIDES.contains(side))) => {
                let [low, high] = [SIDES.start(), SIDES.end()];
                wrong("size", format!("its sides must be {low} to {high} pixels"))
            }
            () if evaluation.pictures == 0 || evaluation.robust_pictures == 0 => {
                wrong("pictures", "accuracies need one at least".into())
            }
            () if evaluation.epsilon.is_some_and(|epsilon| epsilon.exact() == 0.0) => {
                wrong("epsilon", "an attack within 0 changes nothing".into())
            }
            () if *epochs == 0 => wrong("epochs", "there must be one at least".into()),
            () if *batch < 2 => wrong("batch", format!("it is {batch}, of at least 2 pictures")),
            () if !(rate.is_finite() && *rate > 0.0) => {
                wrong("rate", format!("it is {rate}, it must be above 0"))
            }
            () if !(data.holdout > 0.0 && data.holdout < 1.0) => {
                wrong("holdout", format!("it is {}, it must be above 0 and below 1", data.holdout))
            }
            () if !(0.0..1.0).contains(&optimiser.momentum) => {
                wrong("momentum", format!("it is {}, it must be 0 to 1", optimiser.momentum))
            }
            () if !(0.0..1.0).contains(&optimiser.average) => {
                wrong("average", format!("it is {}, it must be 0 to 1", optimiser.average))
            }
            () if !(optimiser.weight_decay >= 0.0 && optimiser.weight_decay.is_finite()) => wrong(
                "weight_decay",
                format!("it is {}, it must not be below 0", optimiser.weight_decay),
            ),
            () if adversary.is_some_and(|(_, epsilon)| epsilon.exact() == 0.0) => {
                wrong("epsilon", "it is 0, which is vanilla training".into())
            }
            () if evaluation.curve.iter().any(|part| !part.is_finite() || *part < 0.0) => {
                wrong("curve", "its parts of ε must be numbers not below 0".into())
            }
            () => {
                self.objective.objective().check()?;
                self.schedule.check()?;
                Ok(self)
            }
        }
    }

    /// What picture files are brought to.
    pub(super) fn target_shape(&self) -> TargetShape {
        TargetShape { channels: self.data.channels, size: self.data.size }
    }

    /// The norm and radius that it is tested with.
    pub fn adversary(&self) -> (PixelNorm, PixelDistance) {
        let trained = self.objective.objective().adversary();
        let (norm, epsilon) = trained.unwrap_or((PixelNorm::Linf, PixelDistance::of_255(8.0)));
        (self.evaluation.norm.unwrap_or(norm), self.evaluation.epsilon.unwrap_or(epsilon))
    }

    /// Hash of everything that determines the weights: the pictures' paths and the final
    /// measurements may change between starts.
    pub(super) fn sha256(&self) -> String {
        let mut recipe = self.clone();
        recipe.data.train = PathBuf::new();
        recipe.data.test = None;
        let start = recipe.network.start.as_deref().and_then(Path::file_name);
        recipe.network.start = start.map(PathBuf::from);
        recipe.checkpoint_minutes = 0.0;
        recipe.precision = Precision::Single;
        let EvaluationRecipe { watched, attacked, norm, epsilon, .. } = recipe.evaluation;
        // Monitoring can end a training.
        recipe.evaluation =
            EvaluationRecipe { watched, attacked, norm, epsilon, ..EvaluationRecipe::default() };
        let text = toml::to_string(&recipe).expect("a recipe is TOML");
        crate::file::sha256(text.as_bytes())
    }
}
