//! Guided integrated gradients: a path that changes the pixels of small gradients first.

use crate::attribution::baseline;
use crate::attribution::gradient::integrated_gradients::record_completeness;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, Rules, read_back};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;

pub struct GuidedIntegratedGradients;

static DESCRIPTION: Description = Description {
    id: "guided-integrated-gradients",
    name: "Guided Integrated Gradients",
    family: Family::Gradient,
    paper: "Kapishnikov, Venugopalan, Avci, Wedin, Terry, Bolukbasi 2021, Guided Integrated Gradients, section 4 and algorithm 1, as in PAIR's saliency; there of the softmax score, here of the logit",
    formula: "∫ ∂S_c/∂x dγ along a path γ that first moves the share of pixels with the smallest |∂S_c/∂x|",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "steps × (1 forward, 1 backward)",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "steps",
            help: "steps of the path",
            unit: "gradients",
            kind: Kind::Integer { default: 200, min: 1, max: 10_000 },
            source: "PAIR saliency 0.2 (x_steps)",
        },
        Parameter {
            id: "fraction",
            help: "share of the pixels that move at each part of a step",
            unit: "",
            kind: Kind::Real { default: 0.25, min: 0.001, max: 1.0 },
            source: "PAIR saliency 0.2",
        },
        Parameter {
            id: "max-distance",
            help: "how far a pixel may be from the straight path, as a share of its whole way",
            unit: "",
            kind: Kind::Real { default: 0.02, min: 0.0, max: 1.0 },
            source: "PAIR saliency 0.2 (max_dist)",
        },
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "black", options: baseline::BASELINES },
            source: "the paper, section 5: a black image",
        },
    ],
};

impl Method for GuidedIntegratedGradients {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let steps = values.integer("steps");
        Cost { forwards: steps + 2, backwards: steps }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let name = job.values.baseline("baseline");
        let baseline = baseline::drawn(job, name, &mut job.stream.generator())?;
        let steps = job.values.integer("steps");
        let mut path = Path::new(job, read_back(baseline.clone())?)?;
        for step in 0..steps {
            let at = job.model.tensor(&path.map(&path.x));
            let gradient = read_back(job.input_gradients(at, &Rules::Gradient))?;
            path.advance(&gradient, (step + 1) as f64 / steps as f64);
            if job.advance(step + 1, steps, &|| Ok(path.map(&path.attribution))) == Flow::Cancel {
                return Ok(path.map(&path.attribution));
            }
        }
        let map = path.map(&path.attribution);
        record_completeness(job, &[baseline], job.model.tensor(&map))?;
        Ok(map)
    }
}

/// A walk from the baseline to the picture, pixel by pixel on the host.
struct Path {
    dims: (usize, usize, usize),
    start: Vec<f32>,
    end: Vec<f32>,
    x: Vec<f32>,
    attribution: Vec<f32>,
    /// Σ |end − start|.
    length: f64,
    fraction: f64,
    max_distance: f64,
}

impl Path {
    fn new(job: &Job, start: Vec<f32>) -> Result<Self> {
        let [_, channels, height, width] = job.pixels.dims();
        let end = read_back(job.pixels.clone())?;
        Ok(Self {
            dims: (channels, height, width),
            length: l1(&end, &start),
            x: start.clone(),
            attribution: vec![0.0; end.len()],
            start,
            end,
            fraction: f64::from(job.values.real("fraction")),
            max_distance: f64::from(job.values.real("max-distance")),
        })
    }

    fn map(&self, values: &[f32]) -> Array3<f32> {
        Array3::from_shape_vec(self.dims, values.to_vec()).expect("as many as pixels")
    }

    /// The pixel's value at a share of the straight path.
    fn straight(&self, i: usize, share: f64) -> f32 {
        self.start[i] + (self.end[i] - self.start[i]) * share as f32
    }

    /// Moves on until the distance to the end is what the straight path would have at `share`:
    /// the pixels of the smallest gradients first.
    fn advance(&mut self, gradient: &[f32], share: f64) {
        let lowest = (share - self.max_distance).max(0.0);
        let highest = (share + self.max_distance).min(1.0);
        let target = self.length * (1.0 - share);
        // What is numerically there already ends the step; so do pixels that can't move.
        let mut gamma = f64::INFINITY;
        while gamma > 1.0 {
            let before = self.x.clone();
            self.catch_up(lowest);
            let now = l1(&self.end, &self.x);
            if (now - target).abs() <= 1e-6 * self.length.max(1e-12) {
                self.collect(&before, gradient);
                break;
            }
            let strength: Vec<f32> = (0..self.x.len())
                .map(|i| match self.x[i] == self.straight(i, highest) {
                    true => f32::INFINITY,
                    false => gradient[i].abs(),
                })
                .collect();
            let limit = quantile(&strength, self.fraction);
            let movable: Vec<usize> = (0..self.x.len())
                .filter(|&i| strength[i] <= limit && strength[i].is_finite())
                .collect();
            let reachable: f64 = movable
                .iter()
                .map(|&i| f64::from((self.straight(i, highest) - self.x[i]).abs()))
                .sum();
            gamma = if reachable > 0.0 { (now - target) / reachable } else { f64::INFINITY };
            for &i in &movable {
                let far = self.straight(i, highest);
                self.x[i] = match gamma > 1.0 {
                    true => far,
                    false => self.x[i] + (far - self.x[i]) * gamma as f32,
                };
            }
            self.collect(&before, gradient);
            if movable.is_empty() {
                break;
            }
        }
    }

    /// Moves pixels that are behind the allowed distance up to it.
    fn catch_up(&mut self, share: f64) {
        for i in 0..self.x.len() {
            let whole = self.end[i] - self.start[i];
            let done =
                if whole == 0.0 { share } else { f64::from((self.x[i] - self.start[i]) / whole) };
            if done < share {
                self.x[i] = self.straight(i, share);
            }
        }
    }

    fn collect(&mut self, before: &[f32], gradient: &[f32]) {
        for i in 0..self.x.len() {
            self.attribution[i] += (self.x[i] - before[i]) * gradient[i];
        }
    }
}

fn l1(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum()
}

/// The value below which a share of the finite values lies, the lower of two neighbours.
fn quantile(values: &[f32], share: f64) -> f32 {
    let mut sorted = values.to_vec();
    let index = ((sorted.len() - 1) as f64 * share) as usize;
    *sorted.select_nth_unstable_by(index, f32::total_cmp).1
}
