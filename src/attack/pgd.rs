//! Projected gradient descent: the strongest first-order attack within a ball of pixels (Madry et
//! al. 2018, "Towards Deep Learning Models Resistant to Adversarial Attacks", section 2.1).

use super::{cotangent, cross_entropy};
use crate::error::Result;
use crate::graph::{Graph, Rules, read_back};
use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// The norm of a change of pixels, over all values of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelNorm {
    /// The largest change of any value.
    #[default]
    Linf,
    /// The root of the sum of squares.
    L2,
}

impl PixelNorm {
    /// Its name in recipes and cards.
    pub fn name(self) -> &'static str {
        match self {
            PixelNorm::Linf => "linf",
            PixelNorm::L2 => "l2",
        }
    }
}

/// An attack that stays within `epsilon` of the picture and within [0,1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pgd {
    pub norm: PixelNorm,
    /// Radius of the ball, in [0,1] pixels.
    pub epsilon: f32,
    /// Length of one step, in [0,1] pixels.
    pub step: f32,
    pub steps: usize,
    pub start: Start,
}

/// Where an attack starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    Picture,
    /// Anywhere in the ball, uniformly.
    Uniform,
    /// The picture plus Gaussian noise of this standard deviation.
    Noise(f32),
}

impl Pgd {
    /// One step as long as the radius, from the picture (Goodfellow et al. 2015, "Explaining and
    /// Harnessing Adversarial Examples", section 4).
    pub fn fgsm(norm: PixelNorm, epsilon: f32) -> Self {
        Self { norm, epsilon, step: epsilon, steps: 1, start: Start::Picture }
    }

    /// Steps of 2.5·ε / `steps`, which reach the ball's edge from anywhere in it, from a random
    /// start (Madry et al. 2018, in their code).
    pub fn usual(norm: PixelNorm, epsilon: f32, steps: usize) -> Self {
        Self { norm, epsilon, step: 2.5 * epsilon / steps as f32, steps, start: Start::Uniform }
    }

    /// Pictures that the network misclassifies, as far as it finds them: maximizes the loss of their
    /// labels.
    ///
    /// # Errors
    /// When the device failed.
    pub fn attack(
        &self,
        graph: &Graph,
        pixels: &Tensor<4>,
        labels: &[usize],
        random: &mut impl Rng,
    ) -> Result<Tensor<4>> {
        self.maximise(pixels, random, |x| {
            input_gradient(graph, x, |l| cross_entropy(l, labels).gradient)
        })
    }

    /// Maximizes a function of the pictures, given its gradient.
    ///
    /// # Errors
    /// As `gradient`.
    pub fn maximise(
        &self,
        pixels: &Tensor<4>,
        random: &mut impl Rng,
        mut gradient: impl FnMut(Tensor<4>) -> Result<Tensor<4>>,
    ) -> Result<Tensor<4>> {
        let mut x = match self.start {
            Start::Picture => pixels.clone(),
            _ => self.projected(pixels.clone() + self.change(pixels, random), pixels),
        };
        for _ in 0..self.steps {
            let direction = self.direction(gradient(x.clone())?);
            x = self.projected(x + direction * self.step, pixels);
        }
        Ok(x)
    }

    /// The step of norm 1 along which a linear function grows most: steepest ascent.
    fn direction(&self, gradient: Tensor<4>) -> Tensor<4> {
        match self.norm {
            PixelNorm::Linf => gradient.sign(),
            // A gradient of zero stays zero.
            PixelNorm::L2 => gradient.clone() / length(gradient).clamp_min(1e-30),
        }
    }

    /// Projects onto the ball, then onto [0,1].
    fn projected(&self, x: Tensor<4>, pixels: &Tensor<4>) -> Tensor<4> {
        let change = x - pixels.clone();
        let change = match self.norm {
            PixelNorm::Linf => change.clamp(-self.epsilon, self.epsilon),
            PixelNorm::L2 => {
                let shrink =
                    (length(change.clone()).clamp_min(1e-30).recip() * self.epsilon).clamp_max(1.0);
                change * shrink
            }
        };
        (pixels.clone() + change).clamp(0.0, 1.0)
    }

    /// The initial change, drawn on the host.
    fn change(&self, pixels: &Tensor<4>, random: &mut impl Rng) -> Tensor<4> {
        let dims = pixels.dims();
        let (all, each) = (dims.iter().product(), dims[1..].iter().product());
        let values: Vec<f32> = match (self.start, self.norm) {
            (Start::Picture, _) => vec![0.0; all],
            (Start::Noise(deviation), _) => {
                (0..all).map(|_| random.sample::<f32, _>(StandardNormal) * deviation).collect()
            }
            (Start::Uniform, PixelNorm::Linf) => {
                (0..all).map(|_| random.random_range(-1.0..=1.0) * self.epsilon).collect()
            }
            (Start::Uniform, PixelNorm::L2) => {
                (0..dims[0]).flat_map(|_| self.in_ball(each, random)).collect()
            }
        };
        Tensor::from_data(TensorData::new(values, dims), &pixels.device())
    }

    /// A point of the L2 ball, uniformly: a normal direction, and a radius distributed as r^(n−1).
    fn in_ball(&self, count: usize, random: &mut impl Rng) -> Vec<f32> {
        let mut values: Vec<f32> = (0..count).map(|_| random.sample(StandardNormal)).collect();
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-30);
        let radius = self.epsilon * random.random::<f32>().powf(1.0 / count as f32);
        for value in &mut values {
            *value *= radius / length;
        }
        values
    }
}

/// The L2 norm of each sample, N×1×1×1.
fn length(x: Tensor<4>) -> Tensor<4> {
    x.square().sum_dims(&[1, 2, 3]).sqrt()
}

/// The gradient at the pixels of a function of the logits; `at_logits` computes its gradient at the
/// logits (N×classes) from their values.
///
/// # Errors
/// When the device failed.
pub fn input_gradient(
    graph: &Graph,
    pixels: Tensor<4>,
    at_logits: impl FnOnce(&[f32]) -> Vec<f32>,
) -> Result<Tensor<4>> {
    let tape = graph.forward(pixels);
    let gradient = at_logits(&read_back(tape.logits())?);
    let cotangent = cotangent(gradient, graph.classes(), graph.device());
    Ok(graph.vector_jacobian(&tape, cotangent, &[Graph::INPUT], &Rules::Gradient).remove(0))
}
