//! DeepLIFT with the rescale rule: differences from a baseline, carried back through every node.

use crate::attribution::baseline;
use crate::attribution::gradient::integrated_gradients::record_completeness;
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::error::Result;
use crate::graph::{Graph, RuleSet, Rules};
use crate::parameter::{Kind, Parameter, Values};
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct DeepLift;

static DESCRIPTION: Description = Description {
    id: "deeplift",
    name: "DeepLIFT",
    family: Family::Gradient,
    paper: "Shrikumar, Greenside, Kundaje 2017, Learning Important Features Through Propagating Activation Differences, section 3.2 (rescale rule); max pools as in Captum; products of two values by the mean of the other",
    formula: "(x − x₀) ⊙ ∂S_c/∂x with, at each nonlinearity, (f(z) − f(z₀)) / (z − z₀) for f′(z)",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "2 forward, 1 backward",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[Parameter {
        id: "baseline",
        help: baseline::HELP,
        unit: "",
        kind: Kind::Baseline { default: "black", options: baseline::BASELINES },
        source: "Captum 0.9: zero; of [0,1] pixels here",
    }],
};

impl Method for DeepLift {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 2, backwards: 1 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::Rescale)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let name = job.values.baseline("baseline");
        let baseline = baseline::drawn(job, name, &mut job.stream.generator())?;
        let map = contributions(job, &baseline);
        record_completeness(job, &[baseline], map.clone())?;
        to_map(map)
    }

    fn maps(&self, job: &Job, pixels: Tensor<4>) -> Option<Result<Tensor<4>>> {
        let name = job.values.baseline("baseline");
        let baseline = baseline::drawn(job, name, &mut job.stream.generator());
        Some(baseline.map(|baseline| {
            let reference = job.model.graph.forward(baseline.clone());
            let multipliers = job.input_gradients(pixels.clone(), &Rules::Rescale(&reference));
            (pixels - baseline) * multipliers
        }))
    }
}

/// The picture's map against one baseline (1×C×H×W).
pub fn contributions(job: &Job, baseline: &Tensor<4>) -> Tensor<4> {
    let reference = job.model.graph.forward(baseline.clone());
    let multipliers = job.input_gradient_from(&job.tape(), &Rules::Rescale(&reference));
    (job.pixels.clone() - baseline.clone()) * multipliers
}
