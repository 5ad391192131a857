//! Means over samples, with how sure they are.

use super::host_map::to_map;
use crate::error::Result;
use crate::graph::read_back;
use burn::tensor::Tensor;
use ndarray::Array3;

/// Mean and variance of maps that come in batches, N×C×H×W; memory does not grow with their number.
#[derive(Debug, Clone)]
pub struct Estimate {
    mean: Tensor<4>,
    /// Σ (map − mean)².
    spread: Tensor<4>,
    pub count: usize,
}

impl Estimate {
    /// Of maps shaped like `like`, 1×C×H×W.
    pub fn new(like: &Tensor<4>) -> Self {
        Self { mean: like.zeros_like(), spread: like.zeros_like(), count: 0 }
    }

    /// Merges in a batch (Chan, Golub, LeVeque 1979): sums of squares would cancel in f32.
    pub fn add(&mut self, maps: Tensor<4>) {
        let (before, new) = (self.count as f32, maps.dims()[0] as f32);
        let mean = maps.clone().mean_dim(0);
        let spread = (maps - mean.clone()).square().sum_dim(0);
        let step = mean - self.mean.clone();
        let total = before + new;
        self.spread = self.spread.clone() + spread + step.clone().square() * (before * new / total);
        self.mean = self.mean.clone() + step * (new / total);
        self.count = total as usize;
    }

    pub fn mean(&self) -> Tensor<4> {
        self.mean.clone()
    }

    pub fn mean_square(&self) -> Tensor<4> {
        self.variance() + self.mean().square()
    }

    /// Of the samples themselves, over their number.
    pub fn variance(&self) -> Tensor<4> {
        self.spread.clone().div_scalar(self.count as f32)
    }

    /// ‖standard error of the mean‖ / ‖mean‖: how far the map is from its limit, about.
    ///
    /// # Errors
    /// When the device failed.
    pub fn relative_standard_error(&self) -> Result<f64> {
        if self.count < 2 {
            return Ok(f64::INFINITY);
        }
        let sums = Tensor::cat(vec![self.variance().sum(), self.mean().square().sum()], 0);
        let sums = read_back(sums)?;
        Ok((f64::from(sums[0]) / (self.count - 1) as f64 / f64::from(sums[1])).sqrt())
    }

    /// The mean as a map.
    ///
    /// # Errors
    /// When the device failed.
    pub fn map(&self) -> Result<Array3<f32>> {
        to_map(self.mean())
    }
}

/// What [`Estimate::relative_standard_error`] is called where it is shown.
pub const STANDARD_ERROR: &str = "relative standard error";
