//! LayerCAM: activations times positive gradients, place by place, which suits early layers too.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use burn::tensor::activation;
use ndarray::Array3;

pub struct LayerCam;

static DESCRIPTION: Description = Description {
    id: "layer-cam",
    name: "LayerCAM",
    family: Family::Cam,
    paper: "Jiang, Zhang, Hou, Cheng, Wei 2021, LayerCAM, section III; without the final ReLU, which the display applies",
    formula: "Σ_k max(∂S_c/∂A^k, 0) ⊙ A^k",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: cam_layers::PARAMETERS,
};

impl Method for LayerCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, true)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        cam_layers::by_gradients(job, |activations, gradients| {
            activations * activation::relu(gradients)
        })
    }
}
