//! Pixels times the gradient of the class's logit.

use super::{Cost, Description, Job, Method, Ranking, Sign, Values, to_map};
use crate::error::Result;
use crate::graph::Rules;
use ndarray::Array3;

pub struct InputXGradient;

static DESCRIPTION: Description = Description {
    id: "input-x-gradient",
    name: "Input × Gradient",
    paper: "Shrikumar, Greenside, Shcherbina, Kundaje 2016, Not Just a Black Box, section 2",
    formula: "x ⊙ ∂S_c/∂x",
    shape: "C×H×W",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[],
};

impl Method for InputXGradient {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let pixels = job.pixels.clone();
        let gradient =
            job.model.graph.input_gradient(pixels.clone(), job.target, &Rules::default());
        to_map(pixels * gradient)
    }
}
