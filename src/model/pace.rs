//! How fast a network runs on its device, measured.

use super::Model;
use crate::error::Result;
use crate::graph::{Rules, read_back};
use burn::tensor::Tensor;
use std::time::Instant;

/// Seconds of one picture's passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    pub forward: f64,
    /// Back to the pixels.
    pub backward: f64,
}

impl Model {
    /// The pace, if it was measured.
    pub fn pace(&self) -> Option<Pace> {
        self.pace.get().copied()
    }

    /// The pace, measured once: a pass forward and a gradient, each after one that warms up.
    ///
    /// # Errors
    /// When the device failed.
    pub fn measure_pace(&self) -> Result<Pace> {
        if let Some(pace) = self.pace() {
            return Ok(pace);
        }
        let shape = self.graph.input_shape();
        let grey =
            Tensor::full([1, shape.channels, shape.height, shape.width], 0.5, self.graph.device());
        let forward = second_time(|| read_back(self.graph.logits(grey.clone())).map(drop))?;
        let gradient = second_time(|| {
            read_back(self.graph.input_gradient(grey.clone(), 0, &Rules::Gradient)).map(drop)
        })?;
        let pace = Pace { forward, backward: (gradient - forward).max(0.0) };
        Ok(*self.pace.get_or_init(|| pace))
    }
}

fn second_time(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?;
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}
