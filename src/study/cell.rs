//! The unit of work: one method on one picture with one model, and what comes of it.

use super::definition::{Choice, TargetRule};
use super::plan::{Plan, PlannedModel, PlannedPicture};
use crate::attribution::Target;
use crate::engine::{CellIndex, Condition};
use crate::file::sha256;
use ndarray::Array3;
use std::collections::BTreeMap;

/// How far beyond 0 and 1 a probability may come out.
const ROUNDING: f64 = 1e-5;

/// One map to compute and score. It is done or failed as a whole.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    pub plan: &'a Plan,
    pub model: &'a PlannedModel,
    pub picture: &'a PlannedPicture,
    pub method: &'a Choice,
    /// In the plan.
    pub index: CellIndex,
    /// SHA-256 of everything that determines the results.
    pub key: String,
    /// SHA-256 of everything that determines the map alone.
    pub map_key: String,
}

impl<'a> Cell<'a> {
    /// The cell of a plan at an index. `scoring` says what decides the scores of a map.
    pub(super) fn new(plan: &'a Plan, index: CellIndex, scoring: &str) -> Self {
        let (model, picture) = (&plan.models[index.model], &plan.pictures[index.picture]);
        let method = &plan.methods[index.method];
        let target = match target(plan, picture) {
            Target::Top1 => "top1".to_string(),
            Target::Class(class) => class.to_string(),
        };
        let condition = match &plan.conditions[index.condition] {
            // As it was before there were others, so that earlier results stay known.
            Condition::Clean => String::new(),
            attacked @ Condition::Attacked { .. } => format!("\n{}", attacked.identity()),
        };
        let map_key = [
            "map",
            &plan.program,
            &plan.seed.to_string(),
            &target,
            &model.sha256,
            &picture.sha256,
            &method.identity(),
        ];
        let map_key = sha256((map_key.join("\n") + &condition).as_bytes());
        let key = sha256(format!("cell\n{map_key}\n{scoring}").as_bytes());
        Self { plan, model, picture, method, index, key, map_key }
    }

    pub fn condition(&self) -> &'a Condition {
        &self.plan.conditions[self.index.condition]
    }

    /// Which class is explained.
    pub fn target(&self) -> Target {
        target(self.plan, self.picture)
    }
}

fn target(plan: &Plan, picture: &PlannedPicture) -> Target {
    match (plan.target, picture.label) {
        (TargetRule::Top1, _) | (TargetRule::Label, None) => Target::Top1,
        (TargetRule::Class(class), _) | (TargetRule::Label, Some(class)) => Target::Class(class),
    }
}

/// What the work on a cell gives.
#[derive(Debug, Clone, Default)]
pub struct CellResults {
    /// The raw map, C×H×W or 1×h×w, where maps are kept.
    pub map: Option<Array3<f32>>,
    /// Time that the method took.
    pub seconds: f64,
    pub warnings: Vec<String>,
    pub prediction: CellPrediction,
    /// By metric: a value for every one of the plan's.
    pub values: BTreeMap<String, Measured>,
    pub curves: Vec<Curve>,
}

/// What the network says of the whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CellPrediction {
    /// The class explained.
    pub target: usize,
    /// The class that the network holds most likely.
    pub predicted: usize,
    /// Probability of the target, 0 to 1; none where the network gives values.
    pub confidence: Option<f64>,
}

/// A metric of one map.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// Always finite once it is stored.
    Value(f64),
    /// It has no value, and why.
    Undefined(String),
}

impl Measured {
    /// The value, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(*value),
            Self::Undefined(_) => None,
        }
    }
}

impl From<f64> for Measured {
    /// A number; what is not finite is undefined.
    fn from(value: f64) -> Self {
        match value.is_finite() {
            // Databases keep no sign of zero.
            true => Self::Value(value + 0.0),
            false => Self::Undefined(format!("it came out as {value}")),
        }
    }
}

/// A curve of one map.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Such as `insertion`.
    pub kind: String,
    /// Places and values, in the order of the places.
    pub points: Vec<[f32; 2]>,
}

impl CellResults {
    /// The results as they may be kept: of every metric of the plan a value or why there is none.
    ///
    /// # Errors
    /// When a metric is missing or is none of the plan's, or a number can't be.
    pub fn checked(mut self, plan: &Plan) -> Result<Self, String> {
        for metric in &plan.metrics {
            let Some(measured) = self.values.get_mut(&metric.id) else {
                return Err(format!("the scores gave no {}", metric.id));
            };
            if let Measured::Value(value) = *measured {
                *measured = value.into();
            }
        }
        let known = |id: &String| plan.metrics.iter().any(|metric| metric.id == *id);
        if let Some(id) = self.values.keys().find(|id| !known(id)) {
            return Err(format!("the scores gave {id}, which the study doesn't measure"));
        }
        if let Some(confidence) = &mut self.prediction.confidence {
            if !(-ROUNDING..=1.0 + ROUNDING).contains(confidence) {
                return Err(format!("the network's confidence is {confidence}"));
            }
            *confidence = confidence.clamp(0.0, 1.0);
        }
        if !self.seconds.is_finite() {
            return Err(format!("it took {} seconds", self.seconds));
        }
        Ok(self)
    }
}
