//! Ablation-CAM: a layer's channels weighted by how much of the logit is lost without each.

use crate::attribution::cam::cam_layers::{self, Weighing};
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, NodeId, read_back};
use crate::parameter::Values;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;

pub struct AblationCam;

static DESCRIPTION: Description = Description {
    id: "ablation-cam",
    name: "Ablation-CAM",
    family: Family::Cam,
    paper: "Desai, Ramaswamy 2020, Ablation-CAM, section 3; without the final ReLU, which the display applies",
    formula: "Σ_k (S_c − S_c with A^k = 0) / S_c A^k",
    shape: MapShape::Layer,
    unit: "activation",
    passes: "1 forward, and from the layer on 1 for every channel",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for AblationCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost_by_channels(values, graph)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        if logit(job)? <= 0.0 {
            job.warnings.push(
                "the class's logit is not positive: what supports the class gets negative weights, as the paper's formula divides by the logit"
                    .into(),
            );
        }
        cam_layers::by_channels(job, &Ablation)
    }
}

fn logit(view: &Job) -> Result<f32> {
    Ok(read_back(view.tape().logits())?[view.target])
}

struct Ablation;

impl Weighing for Ablation {
    /// Without a channel that is zero nothing changes.
    fn channels(&self, view: &Job, layer: NodeId) -> Result<Vec<usize>> {
        let highest = read_back(view.tape().value(layer).abs().max_dim(2).max_dim(3))?;
        Ok((0..highest.len()).filter(|channel| highest[*channel] > 0.0).collect())
    }

    fn scores(&self, view: &Job, layer: NodeId, channels: &[usize]) -> Result<Vec<f32>> {
        let tape = view.tape();
        let activations = tape.value(layer);
        let (samples, count) = (channels.len(), activations.dims()[1]);
        let mut kept = vec![1f32; samples * count];
        for (sample, channel) in channels.iter().enumerate() {
            kept[sample * count + channel] = 0.0;
        }
        let data = TensorData::new(kept, [samples, count, 1, 1]);
        let ablated = activations * Tensor::from_data(data, &view.pixels.device());
        let logits = view.model.graph.logits_from(&tape, layer, ablated);
        let whole = logit(view)?;
        let without = read_back(logits.narrow(1, view.target, 1))?;
        Ok(without.into_iter().map(|without| (whole - without) / whole).collect())
    }
}
