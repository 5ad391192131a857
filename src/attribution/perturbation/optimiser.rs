//! Gradient descent over one tensor, for methods whose map is the solution of a problem.

use burn::tensor::Tensor;

/// Adam (Kingma, Ba 2015, algorithm 1) with its usual decays, .9 and .999.
pub struct Adam {
    rate: f32,
    steps: i32,
    mean: Tensor<4>,
    square: Tensor<4>,
}

impl Adam {
    /// For tensors shaped like `like`.
    pub fn new(rate: f32, like: &Tensor<4>) -> Self {
        Self { rate, steps: 0, mean: like.zeros_like(), square: like.zeros_like() }
    }

    /// Where a step against the gradient leads.
    pub fn step(&mut self, at: Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        const DECAYS: [f32; 2] = [0.9, 0.999];
        const EPSILON: f32 = 1e-8;
        let mix = |old: &Tensor<4>, new, decay| old.clone() * decay + new * (1.0 - decay);
        self.steps += 1;
        self.mean = mix(&self.mean, gradient.clone(), DECAYS[0]);
        self.square = mix(&self.square, gradient.square(), DECAYS[1]);
        // The averages start at zero, and these shares of them are missing.
        let [mean, square] = DECAYS.map(|decay| 1.0 - decay.powi(self.steps));
        let size = self.square.clone().div_scalar(square).sqrt().add_scalar(EPSILON);
        at - self.mean.clone().div_scalar(mean) / size * self.rate
    }
}

/// Gradient descent along a running mean of the gradients (PyTorch's SGD with equal momentum and
/// dampening).
pub struct Momentum {
    rate: f32,
    /// Share of the mean that stays.
    decay: f32,
    velocity: Option<Tensor<4>>,
}

impl Momentum {
    pub fn new(rate: f32, decay: f32) -> Self {
        Self { rate, decay, velocity: None }
    }

    /// Where a step against the gradient leads.
    pub fn step(&mut self, at: Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        let velocity = match self.velocity.take() {
            Some(before) => before * self.decay + gradient * (1.0 - self.decay),
            None => gradient,
        };
        self.velocity = Some(velocity.clone());
        at - velocity * self.rate
    }
}

/// Gradient of a scalar function at a tensor, by burn's autodiff.
pub fn gradient(at: &Tensor<4>, function: impl FnOnce(Tensor<4>) -> Tensor<1>) -> Tensor<4> {
    let at = at.clone().autodiff().require_grad();
    let mut gradients = function(at.clone()).backward();
    at.grad_remove(&mut gradients).unwrap_or_else(|| at.inner().zeros_like())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::read_back;
    use burn::tensor::{Device, TensorData};

    /// From torch.optim, with a learning rate of .1.
    const ADAM: [f32; 3] = [1.90000, 1.80017, 1.70062];
    const SGD: [f32; 3] = [1.80000, 1.60200, 1.40778];

    /// Values after each of three steps down ½x², whose gradient is x.
    fn path(mut step: impl FnMut(Tensor<4>, Tensor<4>) -> Tensor<4>) -> Vec<f32> {
        let data = TensorData::new(vec![2.0f32], [1, 1, 1, 1]);
        let mut at = Tensor::<4>::from_data(data, &Device::flex());
        (0..3)
            .map(|_| {
                let slope = gradient(&at, |x| x.square().sum().div_scalar(2.0));
                at = step(at.clone(), slope);
                read_back(at.clone()).unwrap()[0]
            })
            .collect()
    }

    #[test]
    fn adam_takes_the_steps_of_pytorch() {
        let mut adam = Adam::new(0.1, &Tensor::zeros([1, 1, 1, 1], &Device::flex()));
        let found = path(|at, gradient| adam.step(at, gradient));
        for (found, expected) in found.iter().zip(ADAM) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
    }

    #[test]
    fn momentum_takes_the_steps_of_pytorch() {
        let mut momentum = Momentum::new(0.1, 0.9);
        let found = path(|at, gradient| momentum.step(at, gradient));
        for (found, expected) in found.iter().zip(SGD) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
    }
}
