//! DeepSHAP: DeepLIFT against many baselines, averaged.

use crate::attribution::baseline;
use crate::attribution::estimate::{Estimate, STANDARD_ERROR};
use crate::attribution::gradient::deeplift::contributions;
use crate::attribution::gradient::integrated_gradients::record_completeness;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::error::Result;
use crate::graph::{Graph, RuleSet};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;

pub struct DeepShap;

static DESCRIPTION: Description = Description {
    id: "deep-shap",
    name: "DeepSHAP",
    family: Family::Gradient,
    paper: "Lundberg, Lee 2017, A Unified Approach to Interpreting Model Predictions, section 4.2; Captum's DeepLiftShap",
    formula: "mean over baselines x₀ of DeepLIFT(x, x₀)",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "1 forward, then 1 forward and 1 backward for every baseline",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "uniform", options: baseline::BASELINES },
            source: "the paper takes pictures of the training set; drawn pixels need none",
        },
        baseline::COUNT,
    ],
};

impl Method for DeepShap {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let baselines = values.integer("baselines");
        Cost { forwards: baselines + 1, backwards: baselines }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::Rescale)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let (name, count) = (job.values.baseline("baseline"), job.values.integer("baselines"));
        let baselines = baseline::baselines(job, name, count, &mut job.stream.generator())?;
        let mut estimate = Estimate::new(&job.pixels);
        for (index, baseline) in baselines.iter().enumerate() {
            estimate.add(contributions(job, baseline));
            job.convergence = Some((STANDARD_ERROR, estimate.relative_standard_error()?));
            if job.advance(index + 1, baselines.len(), &|| estimate.map()) == Flow::Cancel {
                return estimate.map();
            }
        }
        record_completeness(job, &baselines, estimate.mean())?;
        estimate.map()
    }
}
