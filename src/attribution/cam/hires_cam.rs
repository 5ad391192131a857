//! HiResCAM: activations times gradients, place by place.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;

pub struct HiResCam;

static DESCRIPTION: Description = Description {
    id: "hires-cam",
    name: "HiResCAM",
    family: Family::Cam,
    paper: "Draelos, Carin 2020, Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks, section 3; without the final ReLU, which the display applies",
    formula: "Σ_k ∂S_c/∂A^k ⊙ A^k",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for HiResCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, true)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        cam_layers::by_gradients(job, |activations, gradients| activations * gradients)
    }
}
