//! Score-CAM: a layer's channels weighted by the class's score where each lets the picture through.

use crate::attribution::cam::cam_layers::{self, Weighing};
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::upsample::{Corners, bilinear_of};
use crate::error::Result;
use crate::graph::{Graph, NodeId, read_back};
use crate::parameter::{Kind, Parameter, Values};
use burn::tensor::{Int, Tensor};
use ndarray::Array3;

pub struct ScoreCam;

static DESCRIPTION: Description = Description {
    id: "score-cam",
    name: "Score-CAM",
    family: Family::Cam,
    paper: "Wang et al. 2020, Score-CAM, section 3, in the form of its authors' code: probabilities p_c as they are; masked pixels turn to the colour that the network normalises to zero; without the final ReLU, which the display applies",
    formula: "Σ_k p_c(x ⊙ M_k) A^k, M_k = A^k enlarged, from 0 to 1",
    shape: MapShape::Layer,
    unit: "activation",
    passes: "1 forward for every channel of the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[
        cam_layers::LAYER,
        cam_layers::AUGMENTATION,
        cam_layers::SMOOTHING,
        Parameter {
            id: "weights",
            help: "probability: the class's probability under each channel's mask, constant channels left out; softmax: as pytorch-grad-cam, the softmax over all channels of the class's logits, under masks enlarged with their corners on the picture's",
            unit: "",
            kind: Kind::Choice { default: "probability", options: &["probability", "softmax"] },
            source: "the authors' code",
        },
    ],
};

impl Method for ScoreCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost_by_channels(values, graph)
    }

    fn needs(&self, values: &Values) -> Vec<Need> {
        match values.choice("weights") {
            "probability" => vec![Need::Probabilities],
            _ => vec![],
        }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        match job.values.choice("weights") {
            "softmax" => cam_layers::by_channels(job, &Softmax),
            _ => cam_layers::by_channels(job, &Probability),
        }
    }
}

struct Probability;

impl Weighing for Probability {
    fn channels(&self, view: &Job, layer: NodeId) -> Result<Vec<usize>> {
        let activations = view.tape().value(layer);
        let high = activations.clone().max_dim(2).max_dim(3);
        let spread = read_back(high - activations.min_dim(2).min_dim(3))?;
        Ok((0..spread.len()).filter(|channel| spread[*channel] > 0.0).collect())
    }

    fn scores(&self, view: &Job, layer: NodeId, channels: &[usize]) -> Result<Vec<f32>> {
        view.probabilities(masked(view, layer, channels, Corners::Clamped, 0.0))
    }
}

struct Softmax;

impl Weighing for Softmax {
    fn channels(&self, view: &Job, layer: NodeId) -> Result<Vec<usize>> {
        Ok((0..view.model.graph.node(layer).shape.channels).collect())
    }

    fn scores(&self, view: &Job, layer: NodeId, channels: &[usize]) -> Result<Vec<f32>> {
        view.logits(masked(view, layer, channels, Corners::Aligned, 1e-8))
    }

    fn weights(&self, scores: &[f32]) -> Vec<f32> {
        let high = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let raised: Vec<f32> = scores.iter().map(|score| (score - high).exp()).collect();
        let sum: f32 = raised.iter().sum();
        raised.into_iter().map(|value| value / sum).collect()
    }
}

/// The picture under one mask a channel; `epsilon` is added to a mask's range.
fn masked(
    view: &Job,
    layer: NodeId,
    channels: &[usize],
    corners: Corners,
    epsilon: f32,
) -> Tensor<4> {
    let [_, _, height, width] = view.pixels.dims();
    let device = view.pixels.device();
    let indices: Vec<i32> = channels.iter().map(|channel| *channel as i32).collect();
    let chosen = Tensor::<1, Int>::from_data(indices.as_slice(), &device);
    let activations = view.tape().value(layer).select(1, chosen).swap_dims(0, 1);
    let [_, _, rows, columns] = activations.dims();
    let enlarged =
        bilinear_of([rows, columns], [height, width], corners, &device).apply(activations);
    let low = enlarged.clone().min_dim(2).min_dim(3);
    let range = enlarged.clone().max_dim(2).max_dim(3) - low.clone() + epsilon;
    let mean = view.model.mean_colour();
    (view.pixels.clone() - mean.clone()) * ((enlarged - low) / range) + mean
}
