//! A control: the distance of each pixel from the colour that the network normalises to zero.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;

pub struct InputIntensity;

static DESCRIPTION: Description = Description {
    id: "input-intensity",
    name: "Input intensity",
    family: Family::Control,
    paper: "what methods that multiply by the input (Adebayo et al. 2018, Sanity Checks for Saliency Maps, on input-gradient products) show of the input alone; distance to the colour that the network normalises to zero",
    formula: "mean over channels of |x_c − mean_c|",
    shape: MapShape::Plane,
    unit: "pixel value",
    passes: "none",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[],
};

impl Method for InputIntensity {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 0, backwards: 0 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        to_map((job.pixels.clone() - job.model.mean_colour()).abs().mean_dim(1))
    }
}
