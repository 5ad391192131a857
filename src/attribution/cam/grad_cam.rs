//! Grad-CAM: a layer's channels weighted by their mean gradients.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct GradCam;

static DESCRIPTION: Description = Description {
    id: "grad-cam",
    name: "Grad-CAM",
    family: Family::Cam,
    paper: "Selvaraju et al. 2017, Grad-CAM, section 3, without the final ReLU, which the display applies",
    formula: "Σ_k mean_ij(∂S_c/∂A^k_ij) A^k",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for GradCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, true)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        cam_layers::by_gradients(job, weighted)
    }
}

pub fn weighted(activations: Tensor<4>, gradients: Tensor<4>) -> Tensor<4> {
    activations * gradients.mean_dim(2).mean_dim(3)
}
