//! Deconvolution: positive gradients pass a rectifier whether it was open or not.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::error::Result;
use crate::graph::{Graph, RuleSet, Rules};
use crate::parameter::Values;
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct Deconvolution;

static DESCRIPTION: Description = Description {
    id: "deconvolution",
    name: "Deconvolution",
    family: Family::Gradient,
    paper: "Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, section 2.1; at rectifiers (ReLU and clipped ReLU), others keep their derivative",
    formula: "∂S_c/∂x with, at each ReLU, R_in = max(R_out, 0)",
    shape: MapShape::Picture,
    unit: "logit per pixel value",
    passes: "1 forward, 1 backward",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[],
};

impl Method for Deconvolution {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::Deconvolution)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        to_map(job.input_gradient_from(&job.tape(), &Rules::Deconvolution))
    }

    fn maps(&self, job: &Job, pixels: Tensor<4>) -> Option<Result<Tensor<4>>> {
        Some(Ok(job.input_gradients(pixels, &Rules::Deconvolution)))
    }
}
