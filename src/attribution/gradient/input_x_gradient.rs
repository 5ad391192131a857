//! Pixels times the gradient of the class's logit.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, Rules};
use crate::parameter::Values;
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct InputXGradient;

static DESCRIPTION: Description = Description {
    id: "input-x-gradient",
    name: "Input × Gradient",
    family: Family::Gradient,
    paper: "Shrikumar, Greenside, Shcherbina, Kundaje 2016, Not Just a Black Box, section 2",
    formula: "x ⊙ ∂S_c/∂x",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "1 forward, 1 backward",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[],
};

impl Method for InputXGradient {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        to_map(job.pixels.clone() * job.gradient_at(Graph::INPUT))
    }

    fn maps(&self, job: &Job, pixels: Tensor<4>) -> Option<Result<Tensor<4>>> {
        Some(Ok(pixels.clone() * job.input_gradients(pixels, &Rules::Gradient)))
    }
}
