//! SEP: adversarial training that also makes explanations harder or easier to move (Chen et al.
//! 2024, "Are Classification Robustness and Explanation Robustness Really Strongly Correlated?",
//! training with a surrogate of the explanation loss's flatness).

use super::{Adversarial, Batch, Collapse, Objective, Trades, check_adversary, check_weight};
use crate::attack::PixelNorm;
use crate::error::{Error, Result};
use crate::graph::read_back;
use crate::model::Weights;
use crate::training::explanations::{Explanation, heat};
use crate::training::network::Network;
use crate::training::optimiser::Values;
use crate::training::pixel_distance::PixelDistance;
use crate::training::update::Update;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// L = L_adversarial + `lambda`·mean L_f, L_f = mean over pixels of (h(x + ζ) − h(x))², where h is
/// the explanation of the label's logit, its channels' absolute values summed, divided by its
/// sum, and ζ is Gaussian noise. A positive λ flattens explanations (the paper's SEP_pos, 50000),
/// a negative one sharpens them (SEP_neg, −3000). Explanations are those of the running network
/// with ReLU as ln(1 + e^(βx)) / β. The noise's deviation and β are not in the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sep {
    pub norm: PixelNorm,
    /// Radius of the adversary's ball, in [0,1] pixels.
    pub epsilon: PixelDistance,
    /// Length of its step, in [0,1] pixels.
    pub step: PixelDistance,
    pub steps: usize,
    /// TRADES with this weight instead of adversarial training.
    pub trades: Option<f64>,
    pub explanation: Explanation,
    pub lambda: f64,
    /// Deviation of the noise, in [0,1] pixels.
    pub noise: PixelDistance,
    pub softplus: f32,
}

impl Default for Sep {
    fn default() -> Self {
        let Adversarial { norm, epsilon, step, steps } = Adversarial::default();
        Self {
            norm,
            epsilon,
            step,
            steps,
            trades: None,
            explanation: Explanation::default(),
            lambda: 50_000.0,
            noise: PixelDistance::of_255(8.0),
            softplus: 30.0,
        }
    }
}

impl Sep {
    /// L_f of each sample, for given noise, with the gradients of its mean times λ at the weights.
    ///
    /// # Errors
    /// When the device failed, or the network has parts that can't be differentiated twice.
    pub fn explanation_loss(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        noise: Tensor<4>,
    ) -> Result<(Vec<f64>, Values)> {
        let graph = network.explaining(weights)?.smoothed(self.softplus);
        if let Some(name) = graph.first_without_double_backward() {
            let why = format!("`{name}` can't be differentiated twice");
            return Err(Error::new("cannot learn from explanations", why)
                .hint("convolutions, linear layers, ReLUs, pools and batch norms can"));
        }
        // The pictures and their noisy copies in one pass.
        let pixels = Tensor::cat(vec![batch.pixels.clone(), batch.pixels.clone() + noise], 0);
        let labels = [batch.labels.as_slice(), &batch.labels].concat();
        let (dims, values) = (pixels.dims(), read_back(pixels.clone())?);
        let tape = graph.forward(pixels);
        let trace = graph.input_gradient_trace(&tape, &labels, self.explanation.rule());
        let factors =
            (self.explanation == Explanation::InputXGradient).then_some(values.as_slice());
        let maps = Maps::of(&read_back(trace.at_pixels())?, factors, dims);
        let share = self.lambda / batch.labels.len() as f64;
        let (losses, adjoint) = maps.differences(share);
        let adjoint = Tensor::from_data(TensorData::new(adjoint, dims), graph.device());
        let found = graph.double_backward(&trace, adjoint);
        let found = found.into_iter().map(|(name, values)| Ok((name, read_back(values)?)));
        Ok((losses, at_norms(found.collect::<Result<_>>()?, weights)))
    }
}

/// Gradients at the scale and shift of a norm's constants become those at its weight and bias:
/// scale = weight / √(variance + ε), shift = bias − mean·scale.
fn at_norms(mut found: Values, weights: &Weights) -> Values {
    const EPSILON: f32 = 1e-5;
    for name in weights.tensors.keys() {
        let Some(norm) = name.strip_suffix(".weight") else { continue };
        let Some(variance) = weights.tensors.get(&format!("{norm}.running_var")) else { continue };
        let mean = &weights.tensors[&format!("{norm}.running_mean")].values;
        let shift = found.get(&format!("{norm}.bias")).cloned().unwrap_or_default();
        let gradient = found.get_mut(name).into_iter().flatten();
        for (channel, value) in gradient.enumerate() {
            let through_mean = shift.get(channel).map_or(0.0, |shift| mean[channel] * shift);
            *value = (*value - through_mean) / (variance.values[channel] + EPSILON).sqrt();
        }
    }
    found
}

/// Explanations of pictures and, in the second half, of their noisy copies.
struct Maps {
    /// N×C×H×W, signed, and what each gradient was multiplied by to get there.
    values: Vec<f64>,
    factors: Vec<f64>,
    channels: usize,
    /// Pixels of a picture.
    places: usize,
}

impl Maps {
    fn of(gradients: &[f32], factors: Option<&[f32]>, dims: [usize; 4]) -> Self {
        let factors: Vec<f64> = match factors {
            Some(factors) => factors.iter().map(|factor| f64::from(*factor)).collect(),
            None => vec![1.0; gradients.len()],
        };
        let values = gradients.iter().zip(&factors).map(|(g, factor)| f64::from(*g) * factor);
        Self { values: values.collect(), factors, channels: dims[1], places: dims[2] * dims[3] }
    }

    fn heat(&self, sample: usize) -> (Vec<f64>, f64) {
        let size = self.channels * self.places;
        heat(&self.values[sample * size..][..size], self.places)
    }

    /// Mean squared difference of each pair, and the gradient at the explanations' gradients of
    /// their sum times `share`.
    fn differences(&self, share: f64) -> (Vec<f64>, Vec<f32>) {
        let pairs = self.values.len() / (2 * self.channels * self.places);
        let mut gradient = vec![0.0; self.values.len()];
        let losses = (0..pairs).map(|sample| {
            let ((plain, sum), (noisy, noisy_sum)) = (self.heat(sample), self.heat(sample + pairs));
            let change: Vec<f64> = noisy.iter().zip(&plain).map(|(a, b)| a - b).collect();
            let slope = 2.0 * share / self.places as f64;
            self.pull(sample, &plain, sum, change.iter().map(|c| -slope * c), &mut gradient);
            let other = sample + pairs;
            self.pull(other, &noisy, noisy_sum, change.iter().map(|c| slope * c), &mut gradient);
            change.iter().map(|c| c * c).sum::<f64>() / self.places as f64
        });
        let losses = losses.collect();
        (losses, gradient)
    }

    /// From a gradient at a picture's heat to that at its explanation's gradient.
    fn pull(
        &self,
        sample: usize,
        heat: &[f64],
        sum: f64,
        at_heat: impl Iterator<Item = f64>,
        gradient: &mut [f32],
    ) {
        let at_heat: Vec<f64> = at_heat.collect();
        let common = at_heat.iter().zip(heat).map(|(g, h)| g * h).sum::<f64>();
        let size = self.channels * self.places;
        let range = sample * size..(sample + 1) * size;
        let map = self.values[range.clone()].iter().zip(&self.factors[range.clone()]);
        for (index, (gradient, (value, factor))) in gradient[range].iter_mut().zip(map).enumerate()
        {
            let at_map = (at_heat[index % self.places] - common) / sum * sign(*value);
            *gradient = (at_map * factor) as f32;
        }
    }
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

impl Objective for Sep {
    fn learn(
        &self,
        network: &Network,
        weights: &Weights,
        batch: &Batch,
        random: &mut ChaCha8Rng,
    ) -> Result<Update> {
        let Self { norm, epsilon, step, steps, .. } = *self;
        let adversarial: Box<dyn Objective> = match self.trades {
            Some(beta) => Box::new(Trades { norm, epsilon, step, steps, beta }),
            None => Box::new(Adversarial { norm, epsilon, step, steps }),
        };
        let mut update = adversarial.learn(network, weights, batch, random)?;
        let dims = batch.pixels.dims();
        let deviation = self.noise.value();
        let draw = |_| random.sample::<f32, _>(StandardNormal) * deviation;
        let noise: Vec<f32> = (0..dims.iter().product()).map(draw).collect();
        let noise = Tensor::from_data(TensorData::new(noise, dims), &batch.pixels.device());
        let (losses, gradients) = self.explanation_loss(network, weights, batch, noise)?;
        update.loss += self.lambda * losses.iter().sum::<f64>();
        for (name, gradient) in gradients {
            update.add(name, gradient);
        }
        Ok(update)
    }

    fn check(&self) -> Result<()> {
        let wrong = |name: &str, why: &str| {
            Err(Error::new(format!("`{name}` can't be used"), why.to_string()))
        };
        check_weight("trades", self.trades.unwrap_or(0.0))?;
        match () {
            () if !self.lambda.is_finite() => wrong("lambda", "it is NaN or infinite"),
            () if self.noise.exact() == 0.0 => {
                wrong("noise", "without noise there is nothing to compare")
            }
            () if !(self.softplus > 0.0 && self.softplus.is_finite()) => {
                wrong("softplus", "it must be above 0")
            }
            () => check_adversary(self.norm, self.epsilon, self.step.exact(), self.steps),
        }
    }

    fn adversary(&self) -> Option<(PixelNorm, PixelDistance)> {
        Some((self.norm, self.epsilon))
    }

    /// Sharpened explanations can cost the network its accuracy.
    fn collapse(&self) -> Option<Collapse> {
        Some(Collapse::Clean)
    }
}
