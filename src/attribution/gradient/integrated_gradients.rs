//! Integrated gradients: gradients along the straight path from a baseline to the picture.

use crate::attribution::baseline;
use crate::attribution::gradient::quadrature::{in_spread_order, points};
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, Rules, read_back};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;

pub struct IntegratedGradients;

static DESCRIPTION: Description = Description {
    id: "integrated-gradients",
    name: "Integrated Gradients",
    family: Family::Gradient,
    paper: "Sundararajan, Taly, Yan 2017, Axiomatic Attribution for Deep Networks, section 3",
    formula: "(x − x₀) ⊙ ∫₀¹ ∂S_c/∂x (x₀ + α(x − x₀)) dα",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "steps × (1 forward, 1 backward), for every baseline",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "steps",
            help: "points on the path",
            unit: "gradients",
            kind: Kind::Integer { default: 50, min: 1, max: 2000 },
            source: "Captum 0.9; the paper uses 20 to 300",
        },
        Parameter {
            id: "rule",
            help: "how the integral is approximated",
            unit: "",
            kind: Kind::Choice {
                default: "gauss-legendre",
                options: &["gauss-legendre", "trapezoid", "left", "middle", "right"],
            },
            source: "Captum 0.9",
        },
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "black", options: baseline::BASELINES },
            source: "the paper, section 3: a black image",
        },
        baseline::COUNT,
    ],
};

impl Method for IntegratedGradients {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let paths = match baseline::is_several(values.baseline("baseline")) {
            true => values.integer("baselines"),
            false => 1,
        };
        let points = paths * values.integer("steps");
        Cost { forwards: points + paths + 1, backwards: points }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let values = job.values;
        let rule = in_spread_order(points(values.choice("rule"), values.integer("steps")));
        let (name, count) = (values.baseline("baseline"), values.integer("baselines"));
        let baselines = baseline::baselines(job, name, count, &mut job.stream.generator())?;
        let (map, flow) = mean_over(job, &baselines, &rule, &to_map);
        if flow == Flow::Continue {
            record_completeness(job, &baselines, map.clone())?;
        }
        to_map(map)
    }
}

/// The mean over baselines of the integrals along their paths, by (place, weight) of points;
/// `to_map` makes the partial maps. After a cancel the mean is of what was done.
pub fn mean_over(
    job: &mut Job,
    baselines: &[Tensor<4>],
    rule: &[(f64, f64)],
    to_map: &dyn Fn(Tensor<4>) -> Result<Array3<f32>>,
) -> (Tensor<4>, Flow) {
    let total = rule.len() * baselines.len();
    let mut sum = job.pixels.zeros_like();
    for (index, baseline) in baselines.iter().enumerate() {
        let (before, paths) = (index * rule.len(), index as f32);
        let mut flow = Flow::Continue;
        let path = along(job, baseline, rule, |job, done, so_far| {
            let partial = || to_map((sum.clone() + so_far()).div_scalar(paths + 1.0));
            flow = job.advance(before + done, total, &partial);
            flow
        });
        sum = sum + path;
        if flow == Flow::Cancel {
            return (sum.div_scalar(paths + 1.0), flow);
        }
    }
    (sum.div_scalar(baselines.len() as f32), Flow::Continue)
}

/// The integral along one path by (position, weight) of points; `each` is called after every batch and
/// may end it; the part done then counts as the whole path.
fn along(
    job: &mut Job,
    baseline: &Tensor<4>,
    rule: &[(f64, f64)],
    mut each: impl FnMut(&mut Job, usize, &dyn Fn() -> Tensor<4>) -> Flow,
) -> Tensor<4> {
    let difference = job.pixels.clone() - baseline.clone();
    let mut sum = job.pixels.zeros_like();
    let (mut done, mut weight) = (0, 0f64);
    for points in rule.chunks(job.batch) {
        let column = |values: Vec<f32>| {
            let data = TensorData::new(values, [points.len(), 1, 1, 1]);
            Tensor::<4>::from_data(data, &sum.device())
        };
        let alphas = column(points.iter().map(|(alpha, _)| *alpha as f32).collect());
        let weights = column(points.iter().map(|(_, weight)| *weight as f32).collect());
        let pixels = baseline.clone() + difference.clone() * alphas;
        sum = sum + (job.input_gradients(pixels, &Rules::Gradient) * weights).sum_dim(0);
        done += points.len();
        weight += points.iter().map(|(_, weight)| weight).sum::<f64>();
        let so_far = || difference.clone() * sum.clone().div_scalar(weight);
        if each(job, done, &so_far) == Flow::Cancel {
            break;
        }
    }
    difference * sum.div_scalar(weight)
}

/// The attributions should sum to the change of the logit, its mean over the baselines (the paper,
/// proposition 1).
pub fn record_completeness(job: &mut Job, baselines: &[Tensor<4>], map: Tensor<4>) -> Result<()> {
    let mut ends = vec![];
    for part in baselines.chunks(job.batch) {
        ends.extend(job.logits(Tensor::cat(part.to_vec(), 0))?);
    }
    let start = ends.iter().map(|logit| f64::from(*logit)).sum::<f64>() / ends.len() as f64;
    let change = f64::from(job.logits(job.pixels.clone())?[0]) - start;
    let sum: f64 = read_back(map)?.iter().map(|value| f64::from(*value)).sum();
    job.diagnostics.insert("logit change", change);
    job.diagnostics.insert("completeness error", sum - change);
    Ok(())
}
