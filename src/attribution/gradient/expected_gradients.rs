//! Expected gradients, also called GradientSHAP: integrated gradients over drawn baselines, each
//! at one sampled point of its path.

use crate::attribution::baseline::{self, normal};
use crate::attribution::estimate::{Estimate, STANDARD_ERROR};
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, Rules};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;
use rand::RngExt;

pub struct ExpectedGradients;

static DESCRIPTION: Description = Description {
    id: "expected-gradients",
    name: "Expected Gradients (SHAP)",
    family: Family::Gradient,
    paper: "Erion, Janizek, Sturmfels, Lundberg, Lee 2021, Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected Gradients, methods; Captum's GradientShap; SHAP's GradientExplainer",
    formula: "E[(x̃ − x₀) ⊙ ∂S_c/∂x (x₀ + α(x̃ − x₀))], x̃ = x + N(0, σ²), α ~ U(0, 1), x₀ drawn",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "1 forward, 1 backward for every sample",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "samples",
            help: "pairs of a baseline and a place of its path",
            unit: "gradients",
            kind: Kind::Integer { default: 200, min: 1, max: 100_000 },
            source: "SHAP's GradientExplainer (nsamples)",
        },
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "uniform", options: baseline::BASELINES },
            source: "the paper draws pictures of the training set; drawn pixels need none",
        },
        Parameter {
            id: "sigma",
            help: "standard deviation of noise on the picture",
            unit: "of the [0,1] pixel range",
            kind: Kind::Real { default: 0.0, min: 0.0, max: 10.0 },
            source: "Captum 0.9 (stdevs) and SHAP (local_smoothing)",
        },
    ],
};

impl Method for ExpectedGradients {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let samples = values.integer("samples");
        Cost { forwards: samples, backwards: samples }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let values = job.values;
        let (name, sigma) = (values.baseline("baseline"), values.real("sigma"));
        let samples = values.integer("samples");
        let mut generator = job.stream.generator();
        let mut estimate = Estimate::new(&job.pixels);
        while estimate.count < samples {
            let batch = job.batch.min(samples - estimate.count);
            let (mut starts, mut alphas, mut noise) = (vec![], vec![], vec![]);
            for _ in 0..batch {
                starts.push(baseline::drawn(job, name, &mut generator)?);
                alphas.push(generator.random::<f32>());
                if sigma > 0.0 {
                    let size = job.pixels.shape().num_elements();
                    noise.extend((0..size).map(|_| sigma * normal(&mut generator)));
                }
            }
            let device = job.pixels.device();
            let starts = Tensor::cat(starts, 0);
            let alphas = TensorData::new(alphas, [batch, 1, 1, 1]);
            let alphas = Tensor::<4>::from_data(alphas, &device);
            let mut ends = job.pixels.clone();
            if sigma > 0.0 {
                ends = ends + Tensor::from_data(TensorData::new(noise, starts.dims()), &device);
            }
            let difference = ends - starts.clone();
            let pixels = starts + difference.clone() * alphas;
            estimate.add(difference * job.input_gradients(pixels, &Rules::Gradient));
            job.convergence = Some((STANDARD_ERROR, estimate.relative_standard_error()?));
            if job.advance(estimate.count, samples, &|| estimate.map()) == Flow::Cancel {
                break;
            }
        }
        estimate.map()
    }
}
