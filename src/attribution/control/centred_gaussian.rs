//! A control: what is gained by looking at the middle of every picture.

use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use ndarray::Array3;

pub struct CentredGaussian;

static DESCRIPTION: Description = Description {
    id: "centred-gaussian",
    name: "Centred Gaussian",
    family: Family::Control,
    paper: "the centre prior of saliency benchmarks: Judd, Durand, Torralba 2012, A Benchmark of Computational Models of Saliency to Predict Human Fixations, which stretches a Gaussian to the picture",
    formula: "exp(−½ ((y/H − ½)² + (x/W − ½)²) / σ²), y and x at the centres of pixels",
    shape: MapShape::Plane,
    unit: "none",
    passes: "none",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[Parameter {
        id: "sigma",
        help: "standard deviation, as a share of each side",
        unit: "of a side",
        kind: Kind::Real { default: 0.25, min: 0.01, max: 10.0 },
        source: "Hyaline: a quarter of the side puts the border at two deviations",
    }],
};

impl Method for CentredGaussian {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 0, backwards: 0 }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let [_, _, height, width] = job.pixels.dims();
        let sigma = job.values.real("sigma");
        let bell = |place: usize, side: usize| {
            let distance = (place as f32 + 0.5) / side as f32 - 0.5;
            (-0.5 * (distance / sigma).powi(2)).exp()
        };
        let value = |(_, y, x)| bell(y, height) * bell(x, width);
        Ok(Array3::from_shape_fn((1, height, width), value))
    }
}
