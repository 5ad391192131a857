//! Grad-CAM++: a layer's channels weighted by positive gradients, each by its share of the score.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use burn::tensor::{Tensor, activation};
use ndarray::Array3;

pub struct GradCamPlusPlus;

/// Keeps the denominator of α away from zero, as in pytorch-grad-cam.
const EPSILON: f32 = 1e-6;

static DESCRIPTION: Description = Description {
    id: "grad-cam-plus-plus",
    name: "Grad-CAM++",
    family: Family::Cam,
    paper: "Chattopadhay, Sarkar, Howlader, Balasubramanian 2018, Grad-CAM++, section 3.2: of exp S_c, whose higher derivatives are powers of the first where the network is piecewise linear; the factor exp S_c, which all weights share, is left out; without the final ReLU, which the display applies",
    formula: "Σ_k w_k A^k, w_k = Σ_ij α_ij max(g_ij, 0), α = g² / (2g² + g³ Σ A^k + 1e-6), g = ∂S_c/∂A^k",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for GradCamPlusPlus {
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
    // Negative gradients count as zero in the end; left in, they could make α infinite.
    let gradients = activation::relu(gradients);
    let square = gradients.clone().square();
    let cube = square.clone() * gradients.clone();
    let sum = activations.clone().sum_dim(2).sum_dim(3);
    let alpha = square.clone() / (square * 2.0 + sum * cube + EPSILON);
    activations * (alpha * gradients).sum_dim(2).sum_dim(3)
}
