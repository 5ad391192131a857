//! SmoothGrad: the mean gradient over noisy copies of the picture.

use super::{Cost, Description, Flow, Job, Kind, Method, Parameter, Ranking, Sign, Values, to_map};
use crate::error::Result;
use crate::graph::Rules;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;
use rand_distr::{Distribution, StandardNormal};

pub struct SmoothGrad;

static DESCRIPTION: Description = Description {
    id: "smoothgrad",
    name: "SmoothGrad",
    paper: "Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, SmoothGrad, section 3",
    formula: "mean over n of ∂S_c/∂x (x + ε), ε ~ N(0, σ²)",
    shape: "C×H×W",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "samples",
            help: "noisy copies",
            unit: "gradients",
            kind: Kind::Integer { default: 50, min: 1, max: 10_000 },
            source: "the paper, section 3.2: little change above 50",
        },
        Parameter {
            id: "sigma",
            help: "standard deviation of the noise; noisy pixels are not clamped",
            unit: "of the [0,1] pixel range",
            kind: Kind::Real { default: 0.15, min: 0.0, max: 10.0 },
            source: "the paper, section 3.1: 10 to 20 percent",
        },
    ],
};

impl Method for SmoothGrad {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values) -> Cost {
        let samples = values.integer("samples");
        Cost { forwards: samples, backwards: samples }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let sigma = job.values.real("sigma");
        let mut generator = job.stream.generator();
        let normal = |_| sigma * Distribution::<f32>::sample(&StandardNormal, &mut generator);
        smoothgrad_over(job, job.values.integer("samples"), normal)
    }
}

/// SmoothGrad over given noise: `noise` gives the next value, in pixel units, of C×H×W after
/// C×H×W.
pub fn smoothgrad_over(
    job: &mut Job,
    samples: usize,
    mut noise: impl FnMut(usize) -> f32,
) -> Result<Array3<f32>> {
    let [_, channels, height, width] = job.pixels.dims();
    let size = channels * height * width;
    let mut sum = job.pixels.zeros_like();
    let mut done = 0;
    while done < samples {
        let batch = job.model.batch.min(samples - done);
        let values: Vec<f32> = (done * size..(done + batch) * size).map(&mut noise).collect();
        let data = TensorData::new(values, [batch, channels, height, width]);
        let pixels = job.pixels.clone() + Tensor::from_data(data, &sum.device());
        let gradients = job.model.graph.input_gradient(pixels, job.target, &Rules::default());
        sum = sum + gradients.sum_dim(0);
        done += batch;
        let partial = || to_map(sum.clone().div_scalar(done as f32));
        if job.advance(done, samples, &partial) == Flow::Cancel {
            break;
        }
    }
    to_map(sum.div_scalar(done as f32))
}
