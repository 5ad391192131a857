//! What a score is, and how it is described.

use super::localisation::{Contours, Localisation};
use super::measured::Measured;
use super::trial::{ExplainTrial, ScoreTrial};
use crate::error::Result;
use crate::parameter::{Parameter, Values};
use ndarray::Array3;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What a person needs to know of a score.
#[derive(Debug)]
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub better: Better,
    /// Values it can take, in words.
    pub range: &'static str,
    pub over_pictures: OverPictures,
    pub paper: &'static str,
    pub formula: &'static str,
    /// Passes through the network, in words.
    pub passes: &'static str,
    pub parameters: &'static [Parameter],
    pub measure: Measure,
}

/// Which of two values of a score is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    Higher,
    Lower,
    /// It describes, or what is better depends on what is compared: maps should be alike between
    /// seeds and differ after a network's weights are randomised.
    Neither,
}

/// How one number comes of many pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverPictures {
    #[default]
    Mean,
    /// The mean over classes of each class's mean:
    /// [`PointingAccuracy`](super::localisation::PointingAccuracy).
    MeanOfClasses,
    /// The share of pictures that are right at the threshold that suits all best:
    /// [`MaxBoxAccuracy`](super::localisation::MaxBoxAccuracy).
    BestThreshold(Contours),
}

/// What a score needs, and how it is taken. Those that draw take a generator; the same generator
/// gives the same score for any batch. `None` where the watch cancelled.
#[derive(Clone, Copy)]
pub enum Measure {
    /// Several numbers: [`insertion_deletion`](super::insertion_deletion()).
    Curves,
    /// The class's score of other pictures.
    Scores(fn(&mut ScoreTrial, &Values, &mut ChaCha8Rng) -> Result<Option<Measured>>),
    /// The method's maps of other pictures.
    Explanations(fn(&mut ExplainTrial, &Values, &mut ChaCha8Rng) -> Result<Option<Measured>>),
    /// The map alone, with all its channels.
    Map(fn(&Array3<f32>, &Values) -> Measured),
    /// Where a map lies: the map, reduced to one channel at the picture's size, and ground-truth
    /// annotations, which [`Localisation::needs_region`] says whether the score needs.
    Regions(&'static dyn Localisation),
    /// The method's maps of networks with other weights:
    /// [`similarity_curve`](super::similarity_curve).
    Randomisation,
    /// Two maps of one shape.
    TwoMaps(fn(&Array3<f32>, &Array3<f32>, &Values) -> Measured),
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Measure::Curves => "Curves",
            Measure::Scores(_) => "Scores",
            Measure::Explanations(_) => "Explanations",
            Measure::Map(_) => "Map",
            Measure::Regions(_) => "Regions",
            Measure::Randomisation => "Randomisation",
            Measure::TwoMaps(_) => "TwoMaps",
        })
    }
}
