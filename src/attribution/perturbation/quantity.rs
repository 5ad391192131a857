//! What of the class a method explains that only looks at scores: its logit or its probability.

use crate::attribution::job::Job;
use crate::attribution::method::Need;
use crate::error::Result;
use crate::parameter::{Kind, Parameter, Values};
use burn::tensor::Tensor;

/// Which score is explained.
pub const SCORE: Parameter = Parameter {
    id: "score",
    help: "what is explained of the class: its logit (or what the network gives), or its probability",
    unit: "",
    kind: Kind::Choice { default: "logit", options: &["logit", "probability"] },
    source: "Captum 0.9 and shap 0.51 explain what they are given; the logit is additive",
};

/// What [`SCORE`] needs of a network.
pub fn needs(values: &Values) -> Vec<Need> {
    match values.choice(SCORE.id) {
        "probability" => vec![Need::Probabilities],
        _ => vec![],
    }
}

/// What [`SCORE`] asks for, of several pictures (N×C×H×W), in their order.
///
/// # Errors
/// When the device failed.
pub fn scores(job: &Job, pixels: Tensor<4>) -> Result<Vec<f32>> {
    match job.values.choice(SCORE.id) {
        "probability" => job.probabilities(pixels),
        _ => job.logits(pixels),
    }
}
