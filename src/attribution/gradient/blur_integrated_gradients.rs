//! Blur integrated gradients: the path from a blurred picture to a sharp one.

use crate::attribution::blur::{Border, gaussian_blur};
use crate::attribution::gradient::integrated_gradients::record_completeness;
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::{Graph, Rules};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::Tensor;
use ndarray::Array3;

pub struct BlurIntegratedGradients;

static DESCRIPTION: Description = Description {
    id: "blur-integrated-gradients",
    name: "Blur Integrated Gradients",
    family: Family::Gradient,
    paper: "Xu, Venugopalan, Sundararajan 2020, Attribution in Scale and Space, section 3, as in PAIR's saliency",
    formula: "−∫₀^σ ∂S_c/∂x (x_s) ⊙ ∂x_s/∂s ds, x_s the picture blurred by a Gaussian of deviation s",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "steps × (1 forward, 1 backward)",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "steps",
            help: "points on the path",
            unit: "gradients",
            kind: Kind::Integer { default: 100, min: 1, max: 10_000 },
            source: "PAIR saliency 0.2",
        },
        Parameter {
            id: "sigma",
            help: "deviation of the strongest blur",
            unit: "px",
            kind: Kind::Real { default: 50.0, min: 0.1, max: 500.0 },
            source: "PAIR saliency 0.2 (max_sigma)",
        },
        Parameter {
            id: "spacing",
            help: "how the blurs are spaced: evenly in σ, or evenly in σ² (square-root)",
            unit: "",
            kind: Kind::Choice { default: "linear", options: &["linear", "square-root"] },
            source: "PAIR saliency 0.2 (sqrt=False)",
        },
        Parameter {
            id: "border",
            help: "what lies outside the picture: its edge repeated, or black, as in PAIR's saliency",
            unit: "",
            kind: Kind::Choice { default: "edge", options: &["edge", "black"] },
            source: "black would darken the picture's border and explain that",
        },
    ],
};

/// Step of the finite difference for ∂x_s/∂s, px, as in PAIR's saliency.
const DIFFERENCE: f32 = 0.01;

impl Method for BlurIntegratedGradients {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let steps = values.integer("steps");
        Cost { forwards: steps + 2, backwards: steps }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let (steps, strongest) = (job.values.integer("steps"), job.values.real("sigma"));
        let root = job.values.choice("spacing") == "square-root";
        let sigma = |i: usize| {
            let share = i as f32 / steps as f32;
            strongest * if root { share.sqrt() } else { share }
        };
        let border = match job.values.choice("border") {
            "black" => Border::Zero,
            _ => Border::Edge,
        };
        let pixels = job.pixels.clone();
        let blurred = |sigma: f32| gaussian_blur(pixels.clone(), sigma, border);
        let start = blurred(strongest);
        let mut sum = job.pixels.zeros_like();
        let mut done = 0;
        while done < steps {
            let batch = done..steps.min(done + job.batch);
            let (mut pixels, mut slopes) = (vec![], vec![]);
            for i in batch.clone() {
                let (here, width) = (sigma(i), sigma(i + 1) - sigma(i));
                let x = blurred(here);
                slopes.push((blurred(here + DIFFERENCE) - x.clone()) * (width / DIFFERENCE));
                pixels.push(x);
            }
            let gradients = job.input_gradients(Tensor::cat(pixels, 0), &Rules::Gradient);
            sum = sum - (gradients * Tensor::cat(slopes, 0)).sum_dim(0);
            done = batch.end;
            // A part of the path is a part of the map: the sharpest blurs come first.
            if job.advance(done, steps, &|| to_map(sum.clone())) == Flow::Cancel {
                return to_map(sum);
            }
        }
        record_completeness(job, &[start], sum.clone())?;
        to_map(sum)
    }
}
