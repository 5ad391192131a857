//! A control: noise, the chance level of every score.

use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;
use rand::RngExt;

pub struct RandomMap;

static DESCRIPTION: Description = Description {
    id: "random-map",
    name: "Random map",
    family: Family::Control,
    paper: "the chance level: pixels in random order",
    formula: "u(y, x) ~ U(0, 1)",
    shape: MapShape::Plane,
    unit: "none",
    passes: "none",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[],
};

impl Method for RandomMap {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 0, backwards: 0 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let [_, _, height, width] = job.pixels.dims();
        let mut generator = job.stream.generator();
        Ok(Array3::from_shape_simple_fn((1, height, width), || generator.random()))
    }
}
