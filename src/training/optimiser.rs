//! Stochastic gradient descent with momentum, and the moving average of weights.

use crate::model::Weights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values by names of tensors.
pub type Values = BTreeMap<String, Vec<f32>>;

/// How weights follow their gradients. Defaults are those of ResNets on CIFAR-10 (He et al. 2016,
/// section 4.2), but for a weight decay of 5e-4, which later work found better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    pub momentum: f32,
    pub nesterov: bool,
    pub weight_decay: f32,
    /// Whether norms and biases decay too.
    pub decay_all: bool,
    /// Decay of the moving average of weights that is tested and saved; 0 for none.
    pub average: f32,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: true, weight_decay: 5e-4, decay_all: false, average: 0.0 }
    }
}

impl Sgd {
    /// One step, as PyTorch's: v ← momentum·v + g, weights ← weights − rate·v, or with Nesterov
    /// weights ← weights − rate·(g + momentum·v), where g includes the decay.
    pub fn step(
        &self,
        weights: &mut Weights,
        velocity: &mut Values,
        gradients: &Values,
        rate: f32,
    ) {
        for (name, gradient) in gradients {
            let Some(tensor) = weights.tensors.get_mut(name) else { continue };
            let decays = self.decay_all || tensor.shape.len() > 1;
            let decay = if decays { self.weight_decay } else { 0.0 };
            let velocity =
                velocity.entry(name.clone()).or_insert_with(|| vec![0.0; gradient.len()]);
            let values = tensor.values.par_iter_mut().zip(velocity.par_iter_mut()).zip(gradient);
            values.with_min_len(1 << 16).for_each(|((value, velocity), gradient)| {
                let gradient = gradient + decay * *value;
                *velocity = self.momentum * *velocity + gradient;
                let step = match self.nesterov {
                    true => gradient + self.momentum * *velocity,
                    false => *velocity,
                };
                *value -= rate * step;
            });
        }
    }
}

/// Moves the average towards the weights, with all statistics; in the first steps faster, so that
/// the first weights leave no trace.
pub fn follow(average: &mut Weights, weights: &Weights, decay: f32, step: usize) {
    let decay = decay.min((1.0 + step as f32) / (10.0 + step as f32));
    for (name, tensor) in &mut average.tensors {
        let values = tensor.values.iter_mut().zip(&weights.tensors[name].values);
        values.for_each(|(average, value)| *average = decay * *average + (1.0 - decay) * value);
    }
}
