//! XGrad-CAM: a layer's channels weighted by the mean of their gradients over their activation.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct XGradCam;

/// Keeps the denominator away from zero, as in pytorch-grad-cam.
const EPSILON: f32 = 1e-7;

static DESCRIPTION: Description = Description {
    id: "xgrad-cam",
    name: "XGrad-CAM",
    family: Family::Cam,
    paper: "Fu, Hu, Dong, Guo, Gao, Li 2020, Axiom-based Grad-CAM, section 3; without the final ReLU, which the display applies",
    formula: "Σ_k w_k A^k, w_k = Σ_ij A^k_ij ∂S_c/∂A^k_ij / (Σ_ij A^k_ij + 1e-7)",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for XGradCam {
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

fn weighted(activations: Tensor<4>, gradients: Tensor<4>) -> Tensor<4> {
    let sum = |x: Tensor<4>| x.sum_dim(2).sum_dim(3);
    let weights = sum(activations.clone() * gradients) / (sum(activations.clone()) + EPSILON);
    activations * weights
}
