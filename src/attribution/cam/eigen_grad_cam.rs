//! Eigen-Grad-CAM: the first principal component of a layer's activations times gradients.

use crate::attribution::cam::cam_layers;
use crate::attribution::cam::principal_component::first_component;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;

pub struct EigenGradCam;

static DESCRIPTION: Description = Description {
    id: "eigen-grad-cam",
    name: "Eigen-Grad-CAM",
    family: Family::Cam,
    paper: "Gildenblat et al. 2021, pytorch-grad-cam, EigenGradCAM: Eigen-CAM (Muhammad, Yeasin 2020) of activations times gradients; of the two signs the one that correlates positively with HiResCAM's map",
    formula: "vᵀ(B − mean_ij B), B = ∂S_c/∂A ⊙ A, v the unit vector over channels along which B varies most",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[cam_layers::LAYER, cam_layers::AUGMENTATION],
};

impl Method for EigenGradCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, true)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        cam_layers::over_layers(job, |view, layer| {
            first_component(view.tape().value(layer) * view.gradient_at(layer))
        })
    }
}
