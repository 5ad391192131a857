//! Eigen-CAM: the first principal component of a layer's activations, whatever the class.

use crate::attribution::cam::cam_layers;
use crate::attribution::cam::principal_component::first_component;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;

pub struct EigenCam;

static DESCRIPTION: Description = Description {
    id: "eigen-cam",
    name: "Eigen-CAM",
    family: Family::Cam,
    paper: "Muhammad, Yeasin 2020, Eigen-CAM, section III; each channel less its mean over places, as in pytorch-grad-cam; of the two signs the one that correlates positively with the mean activation; the same for every class",
    formula: "vᵀ(A − mean_ij A), v the unit vector over channels along which A varies most",
    shape: MapShape::Layer,
    unit: "activation",
    passes: "1 forward",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[cam_layers::LAYER, cam_layers::AUGMENTATION],
};

impl Method for EigenCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, false)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        cam_layers::over_layers(job, |view, layer| first_component(view.tape().value(layer)))
    }
}
