//! What a method is, and how it is described.

use super::job::Job;
use crate::error::Result;
use crate::graph::{Graph, RuleSet};
use crate::model::PassTimes;
use crate::parameter::{Parameter, Values};
use crate::text::count;
use burn::tensor::Tensor;
use ndarray::Array3;
use std::fmt;

/// An attribution method.
pub trait Method: Sync {
    fn description(&self) -> &'static Description;

    /// Passes through a network that a run with these values costs.
    fn cost(&self, values: &Values, graph: &Graph) -> Cost;

    /// What a run with these values needs of a network.
    fn needs(&self, values: &Values) -> Vec<Need> {
        let _ = values;
        vec![]
    }

    /// Computes the map: C×H×W of the picture, 1×H×W, or 1×h×w of a layer; signed, never
    /// normalised.
    ///
    /// # Errors
    /// When a parameter doesn't fit the network, or the device failed.
    fn run(&self, job: &mut Job) -> Result<Array3<f32>>;

    /// The maps of several pictures of the job's class at once (N×C×H×W from N×C×H×W), for methods
    /// that are one pass back through the network. Averages over noise are built on it.
    fn maps(&self, job: &Job, pixels: Tensor<4>) -> Option<Result<Tensor<4>>> {
        let _ = (job, pixels);
        None
    }
}

/// What a method needs of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Probabilities of classes.
    Probabilities,
    /// Rules for every node.
    Rules(RuleSet),
}

/// Families of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Gradient,
    Cam,
    Perturbation,
    Region,
    /// Controls: maps that do not depend on the network, to compare with.
    Control,
}

impl Family {
    pub const ALL: [Self; 5] =
        [Self::Gradient, Self::Cam, Self::Perturbation, Self::Region, Self::Control];

    /// The display name.
    pub fn name(self) -> &'static str {
        match self {
            Family::Gradient => "Gradients",
            Family::Cam => "Class activation maps",
            Family::Perturbation => "Perturbations",
            Family::Region => "Regions",
            Family::Control => "Controls",
        }
    }
}

/// What a person needs to know of a method.
#[derive(Debug)]
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub family: Family,
    pub paper: &'static str,
    pub formula: &'static str,
    pub shape: MapShape,
    /// What a value of the map is counted in; `class score` where a parameter chooses between logit
    /// and probability.
    pub unit: &'static str,
    /// Passes through the network, in words.
    pub passes: &'static str,
    pub ranking: Ranking,
    /// How its maps are shown unless a norm is chosen.
    pub sign: Sign,
    pub parameters: &'static [Parameter],
}

/// The shape of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapShape {
    /// C×H×W: a value for every channel of every pixel.
    Picture,
    /// 1×H×W: a value for every pixel.
    Plane,
    /// 1×h×w of a layer's positions.
    Layer,
    /// 1×h×w of a grid that the method lays over the picture.
    Grid,
}

impl fmt::Display for MapShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Picture => "C×H×W",
            Self::Plane => "1×H×W",
            Self::Layer => "1×h×w of the layer",
            Self::Grid => "1×h×w of the grid",
        })
    }
}

/// What makes a pixel important, when pixels are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Ranking {
    /// The sum of absolute values over channels: signed influence of either direction.
    Magnitude,
    /// The sum of values over channels: only evidence for the class.
    Signed,
}

/// Which values of a map are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Negative and positive, zero in the middle of the colours.
    Signed,
    /// Positive values; the rest as zero.
    Positive,
    /// Absolute values.
    Absolute,
    /// From the lowest to the highest.
    Full,
}

impl Sign {
    pub const ALL: [Self; 4] = [Self::Signed, Self::Positive, Self::Absolute, Self::Full];

    pub fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Positive => "positive",
            Self::Absolute => "magnitude",
            Self::Full => "lowest to highest",
        }
    }
}

/// Passes through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    pub forwards: usize,
    pub backwards: usize,
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            forwards: self.forwards + other.forwards,
            backwards: self.backwards + other.backwards,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), std::ops::Add::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.forwards, self.backwards) {
            (0, 0) => f.write_str("no passes"),
            (forwards, 0) => f.write_str(&count(forwards, "forward pass", "forward passes")),
            (forwards, backwards) => {
                write!(
                    f,
                    "{forwards} forward and {}",
                    count(backwards, "backward pass", "backward passes")
                )
            }
        }
    }
}

impl Cost {
    /// From how many seconds on a run is called slow.
    pub const SLOW_SECONDS: f64 = 10.0;

    /// Estimated seconds at a network's pass_times.
    pub fn seconds(self, pass_times: PassTimes) -> f64 {
        self.forwards as f64 * pass_times.forward + self.backwards as f64 * pass_times.backward
    }
}
