//! Every architecture that is recognised from names and shapes, against PyTorch.
//!
//! `architectures/make_cases.py` wrote the numbers. The weights are rebuilt by the same formula.

use burn::tensor::{Tensor, TensorData};
use flate2::read::GzDecoder;
use hyaline::graph::{Graph, Rules};
use hyaline::model::architecture::{Fit, find};
use hyaline::model::{ComputeDevice, WeightTensor, Weights, host};
use hyaline::picture::{Filter, Preprocessing};
use serde::Deserialize;
use std::collections::BTreeMap;

const CASES: &[u8] = include_bytes!("architectures/cases.json.gz");
/// Relative L2 error allowed beyond twice the rounding of the reference's own 32 bits.
const LIMIT: f32 = 1e-4;

#[derive(Deserialize)]
struct Case {
    name: String,
    architecture: String,
    slow: bool,
    /// The key of its pixels' formula.
    picture: String,
    input: [usize; 3],
    mean: Vec<f32>,
    std: Vec<f32>,
    tensors: BTreeMap<String, Vec<usize>>,
    target: usize,
    /// The first ten.
    logits: Vec<f32>,
    logits_norm: f32,
    /// Every so many-th value of the gradient of the target's logit at the pixels.
    gradient_step: usize,
    gradient: Vec<f32>,
    gradient_norm: f32,
    /// Relative error of PyTorch's 32 bits, for logits and gradient.
    rounding: [f32; 2],
}

fn cases() -> Vec<Case> {
    serde_json::from_reader(GzDecoder::new(CASES)).unwrap()
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// SplitMix64 from the FNV-1a hash of a key, in [-1, 1).
fn uniform(key: &str, count: usize) -> impl Iterator<Item = f32> {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut state = key.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    (0..count).map(move |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        ((z >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0) as f32
    })
}

fn formula(key: &str, shape: &[usize]) -> WeightTensor {
    let fan_in: usize = shape[1..].iter().product();
    let (offset, scale) = match key.rsplit('.').next() {
        Some("running_var") => (1.0, 0.5),
        Some("running_mean" | "bias") => (0.0, 0.1),
        Some("weight") if shape.len() == 1 => (1.0, 0.2),
        _ => (0.0, (6.0 / fan_in as f64).sqrt() as f32),
    };
    let values = uniform(key, shape.iter().product()).map(|u| offset + scale * u).collect();
    WeightTensor { shape: shape.to_vec(), values }
}

impl Case {
    fn weights(&self) -> Weights {
        let tensor = |(key, shape): (&String, &Vec<usize>)| (key.clone(), formula(key, shape));
        Weights { tensors: self.tensors.iter().map(tensor).collect(), ..Weights::default() }
    }

    fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            channels: self.input[0],
            size: [self.input[1], self.input[2]],
            mean: self.mean.clone(),
            std: self.std.clone(),
            resize: Filter::Bilinear,
            crop: 1.0,
        }
    }

    fn lay(&self, named: Option<&str>, weights: &Weights) -> hyaline::error::Result<(Graph, Fit)> {
        let device = ComputeDevice::cpu().device;
        find(named, weights)?.lay(weights, &self.preprocessing(), &device)
    }

    fn fit(&self, named: Option<&str>, weights: &Weights) -> Fit {
        let device = ComputeDevice::cpu().device;
        find(named, weights).unwrap().fit(weights, &self.preprocessing(), &device)
    }

    fn pixels(&self, graph: &Graph) -> Tensor<4> {
        let values =
            uniform(&self.picture, self.input.iter().product()).map(|u| f32::midpoint(u, 1.0));
        let [channels, height, width] = self.input;
        let data = TensorData::new(values.collect::<Vec<f32>>(), [1, channels, height, width]);
        Tensor::from_data(data, graph.device())
    }

    /// What is wrong, or the errors of logits and gradient.
    fn check(&self) -> Result<[f32; 2], String> {
        let named = self.architecture.starts_with("tf-").then_some(&*self.architecture);
        let weights = self.weights();
        let found = find(named, &weights).map_err(|e| e.to_string())?;
        if found.id != self.architecture {
            return Err(format!("recognised as {}", found.id));
        }
        let (graph, fit) = self.lay(named, &weights).map_err(|e| e.to_string())?;
        let leftovers = self.tensors.keys().filter(|key| is_leftover(key)).count();
        if fit.matched + leftovers != self.tensors.len() || !fit.unexpected.is_empty() {
            return Err(format!("only {} tensors are used", fit.matched));
        }
        let pixels = self.pixels(&graph);
        let logits = host(graph.logits(pixels.clone())).unwrap();
        let gradient = graph.input_gradient(pixels, self.target, &Rules::default());
        let gradient = host(gradient).unwrap();
        let some: Vec<f32> = gradient.iter().copied().step_by(self.gradient_step).collect();
        let errors = [
            error(&logits[..self.logits.len()], &self.logits)
                .max((norm(&logits) / self.logits_norm - 1.0).abs()),
            error(&some, &self.gradient).max((norm(&gradient) / self.gradient_norm - 1.0).abs()),
        ];
        match (0..2).all(|i| errors[i] <= LIMIT + 2.0 * self.rounding[i]) {
            true => Ok(errors),
            false => Err(format!("errors {errors:?}, PyTorch's {:?}", self.rounding)),
        }
    }
}

/// Parts that training uses and inference does not.
fn is_leftover(key: &str) -> bool {
    ["aux1.", "aux2.", "AuxLogits.", "sub_block1."].iter().any(|start| key.starts_with(start))
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32
}

fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let difference: Vec<f32> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(expected)
}

fn check_all(wanted: impl Fn(&Case) -> bool) {
    let mut wrong = vec![];
    for case in cases().iter().filter(|case| wanted(case)) {
        let start = std::time::Instant::now();
        let found = case.check();
        println!("{}: {found:?}, {:.1} s", case.name, start.elapsed().as_secs_f32());
        wrong.extend(found.err().map(|why| format!("{}: {why}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn logits_and_gradients_agree_with_pytorch() {
    check_all(|case| !case.slow);
}

/// `HYALINE_CASE` keeps to the cases whose names contain it.
#[test]
#[ignore = "minutes, and gigabytes of weights"]
fn slow_logits_and_gradients_agree_with_pytorch() {
    let part = std::env::var("HYALINE_CASE").unwrap_or_default();
    check_all(|case| (case.slow || !part.is_empty()) && case.name.contains(&part));
}
