//! Integrated gradients: gradients along the straight path from a baseline to the picture.

use super::baseline;
use super::job::to_map;
use super::{Cost, Description, Family, Flow, Job, Kind, Method, Parameter, Ranking, Sign, Values};
use crate::error::Result;
use crate::graph::{Graph, Rules};
use crate::model::host;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;

pub struct IntegratedGradients;

static DESCRIPTION: Description = Description {
    id: "integrated-gradients",
    name: "Integrated Gradients",
    family: Family::Gradient,
    paper: "Sundararajan, Taly, Yan 2017, Axiomatic Attribution for Deep Networks, section 3",
    formula: "(x − x₀) ⊙ ∫₀¹ ∂S_c/∂x (x₀ + α(x − x₀)) dα",
    shape: "C×H×W",
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
pub(super) fn mean_over(
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

/// The integral along one path by (place, weight) of points; `each` hears of every batch and may
/// end it, and what was done then stands for the whole path.
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
pub(super) fn record_completeness(
    job: &mut Job,
    baselines: &[Tensor<4>],
    map: Tensor<4>,
) -> Result<()> {
    let mut ends = vec![];
    for part in baselines.chunks(job.batch) {
        ends.extend(job.logits(Tensor::cat(part.to_vec(), 0))?);
    }
    let start = ends.iter().map(|logit| f64::from(*logit)).sum::<f64>() / ends.len() as f64;
    let change = f64::from(job.logits(job.pixels.clone())?[0]) - start;
    let sum: f64 = host(map)?.iter().map(|value| f64::from(*value)).sum();
    job.facts.insert("logit change", change);
    job.facts.insert("completeness error", sum - change);
    Ok(())
}

fn points(rule: &str, steps: usize) -> Vec<(f64, f64)> {
    match rule {
        "trapezoid" => trapezoid(steps),
        "left" => riemann(steps, 0.0),
        "middle" => riemann(steps, 0.5),
        "right" => riemann(steps, 1.0),
        _ => gauss_legendre(steps),
    }
}

/// Riemann's sum over equal parts, each taken at a place inside it.
fn riemann(n: usize, place: f64) -> Vec<(f64, f64)> {
    (0..n).map(|i| ((i as f64 + place) / n as f64, 1.0 / n as f64)).collect()
}

/// Nodes and weights of the Gauss–Legendre rule with `n` points on [0,1], by Newton's method on
/// the Legendre polynomial. Weights sum to 1.
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let points = (0..n).map(|i| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    });
    points.collect()
}

/// The Legendre polynomial of degree `n` and its derivative at `x`, by its recurrence.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

fn trapezoid(n: usize) -> Vec<(f64, f64)> {
    if n == 1 {
        return vec![(0.5, 1.0)];
    }
    let gap = 1.0 / (n - 1) as f64;
    let end = |i| i == 0 || i == n - 1;
    (0..n).map(|i| (i as f64 * gap, if end(i) { gap / 2.0 } else { gap })).collect()
}

/// The same points in bit-reversed order, so that any first part of them is spread over the
/// whole path and a cancelled run is a fair estimate.
pub(super) fn in_spread_order(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let bits = points.len().next_power_of_two().trailing_zeros();
    (0..1usize << bits)
        .map(|i| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) })
        .filter_map(|i| points.get(i).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_legendre_integrates_polynomials_exactly() {
        for n in [1, 2, 5, 50] {
            for power in 0..(2 * n as i32).min(20) {
                let sum: f64 = gauss_legendre(n).iter().map(|(x, w)| w * x.powi(power)).sum();
                let exact = 1.0 / f64::from(power + 1);
                assert!((sum - exact).abs() < 1e-13, "n {n}, power {power}: {sum} for {exact}");
            }
        }
    }

    #[test]
    fn the_trapezoid_rule_is_exact_for_straight_lines() {
        for n in [1, 2, 7] {
            let sum: f64 = trapezoid(n).iter().map(|(x, w)| w * (3.0 * x + 1.0)).sum();
            assert!((sum - 2.5).abs() < 1e-13);
        }
    }

    #[test]
    fn riemann_sums_have_the_errors_they_should() {
        let sum = |place| -> f64 { riemann(10, place).iter().map(|(x, w)| w * x).sum() };
        assert!((sum(0.0) - 0.45).abs() < 1e-12);
        assert!((sum(0.5) - 0.5).abs() < 1e-12);
        assert!((sum(1.0) - 0.55).abs() < 1e-12);
    }

    #[test]
    fn spreading_keeps_every_point() {
        for n in [1, 2, 3, 8, 50] {
            let mut spread = in_spread_order(trapezoid(n));
            spread.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert_eq!(spread, trapezoid(n));
        }
    }
}
