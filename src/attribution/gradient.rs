//! Gradient of the class's logit with respect to the pixels.

use super::{Cost, Description, Job, Method, Ranking, Sign, Values, to_map};
use crate::error::Result;
use crate::graph::Rules;
use ndarray::Array3;

pub struct Gradient;

static DESCRIPTION: Description = Description {
    id: "gradient",
    name: "Gradient",
    paper: "Simonyan, Vedaldi, Zisserman 2014, Deep Inside Convolutional Networks, section 3",
    formula: "∂S_c/∂x",
    shape: "C×H×W",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[],
};

impl Method for Gradient {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let pixels = job.pixels.clone();
        to_map(job.model.graph.input_gradient(pixels, job.target, &Rules::default()))
    }
}
