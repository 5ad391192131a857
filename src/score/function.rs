//! What scores are taken of: functions over pictures, never a network, so that any backend can
//! serve them and tests can give functions whose scores are known.

use crate::error::Result;
use crate::graph::read_back;
use crate::model::Model;
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData, s};
use ndarray::{Array3, Array4};
use serde::Serialize;

/// A class's score of every picture of a batch (N×C×H×W in [0,1]): N numbers, logits or
/// probabilities. A picture's score must not depend on the others of its batch.
pub type ScoreFunction<'a> = dyn FnMut(Array4<f32>) -> Result<Vec<f32>> + 'a;

/// The map of a picture (C×H×W in [0,1]), always of one shape and one class.
pub type ExplainFunction<'a> = dyn FnMut(&Array3<f32>) -> Result<Array3<f32>> + 'a;

/// Called with the passes done and their total; returns whether to continue.
pub type Watch<'a> = dyn FnMut(usize, usize) -> Flow + 'a;

/// What of a class is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Its probability, in [0,1]; the value of networks that give values.
    #[default]
    Probability,
    Logit,
}

impl Quantity {
    /// The quantity that a score's parameter names.
    pub fn named(name: &str) -> Self {
        match name {
            "logit" => Quantity::Logit,
            _ => Quantity::Probability,
        }
    }

    /// What of the class is scored for a network: values have no probability.
    pub fn of(self, model: &Model) -> Self {
        match model.outputs.kind.probability() {
            Some(_) => self,
            None => Self::Logit,
        }
    }
}

/// The score of one class of a network, as a [`ScoreFunction`].
pub fn of_class(
    model: &Model,
    class: usize,
    quantity: Quantity,
) -> impl FnMut(Array4<f32>) -> Result<Vec<f32>> + '_ {
    move |pictures| {
        let (samples, channels, height, width) = pictures.dim();
        let (values, _) = pictures.as_standard_layout().into_owned().into_raw_vec_and_offset();
        let mut data = Some(TensorData::new(values, [samples, channels, height, width]));
        model.surviving(|model| {
            // A GPU may fail, and then the CPU takes the same pictures.
            let data = if model.on_gpu { data.clone() } else { data.take() };
            let device = model.graph.device();
            let pictures = Tensor::from_data(data.expect("once on the CPU"), device);
            let scores = match quantity.of(model) {
                Quantity::Probability => model.probabilities(pictures)?,
                Quantity::Logit => model.graph.logits(pictures),
            };
            read_back(scores.slice(s![.., class]))
        })
    }
}
