//! Grad-CAM: a layer's activations weighted by their mean gradients.

use super::job::to_map;
use super::{Cost, Description, Family, Job, Kind, Method, Parameter, Ranking, Sign, Values};
use crate::error::Result;
use crate::graph::Graph;
use ndarray::Array3;

pub struct GradCam;

static DESCRIPTION: Description = Description {
    id: "grad-cam",
    name: "Grad-CAM",
    family: Family::Cam,
    paper: "Selvaraju et al. 2017, Grad-CAM, section 3, without the final ReLU, which the display applies",
    formula: "Σ_k mean_ij(∂S_c/∂A^k_ij) A^k",
    shape: "1×h×w of the layer",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[Parameter {
        id: "layer",
        help: "the node whose activations are weighted",
        unit: "",
        kind: Kind::Layer,
        source: "the paper, section 3: the last convolutional layer (here its activation)",
    }],
};

impl Method for GradCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let layer = job.layers("layer")?[0];
        let weights = job.gradient_at(layer).mean_dim(2).mean_dim(3);
        to_map((job.tape().value(layer) * weights).sum_dim(1))
    }
}
