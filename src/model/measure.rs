//! Runs that measure a network: its first pass, and how fast it is.

use super::report::ForwardCheck;
use super::{Model, PassTimes, Prediction};
use crate::error::{Error, Result};
use crate::graph::{Rules, read_back};
use burn::tensor::Tensor;
use std::time::Instant;

impl Model {
    /// The times of passes, if they were measured.
    pub fn pass_times(&self) -> Option<PassTimes> {
        self.pass_times.get().copied()
    }

    /// The times of passes, measured once: a forward pass and a gradient, each after a warm-up run.
    ///
    /// # Errors
    /// When the device failed.
    pub fn measure_pass_times(&self) -> Result<PassTimes> {
        if let Some(times) = self.pass_times() {
            return Ok(times);
        }
        let shape = self.graph.input_shape();
        let grey =
            Tensor::full([1, shape.channels, shape.height, shape.width], 0.5, self.graph.device());
        let forward = second_time(|| read_back(self.graph.logits(grey.clone())).map(drop))?;
        let gradient = second_time(|| {
            read_back(self.graph.input_gradient(grey.clone(), 0, &Rules::Gradient)).map(drop)
        })?;
        let times = PassTimes { forward, backward: (gradient - forward).max(0.0) };
        Ok(*self.pass_times.get_or_init(|| times))
    }

    /// Adds the network's first run to the report; a run that failed becomes a warning.
    pub fn checked(mut self) -> Self {
        match self.surviving(Self::check_forward) {
            Ok(check) => self.report.forward_check = Some(check),
            Err(error) => self.warnings.push(error.to_string()),
        }
        self
    }

    /// Runs the network once and looks at its scores.
    ///
    /// # Errors
    /// When a score is not finite, or the device fails.
    pub fn check_forward(&self) -> Result<ForwardCheck> {
        let shape = self.graph.input_shape();
        let dims = [1, shape.channels, shape.height, shape.width];
        let started = Instant::now();
        let best = self
            .predict(self.mean_colour().expand(dims))
            .map_err(|why| Error::new("the forward check failed", why))?;
        let seconds = started.elapsed().as_secs_f64();
        let Some(Prediction { class, label, logit, probability }) = best.into_iter().next() else {
            return Err(Error::new("the forward check failed", "it has no outputs"));
        };
        Ok(ForwardCheck { seconds, class, label, logit, probability })
    }
}

fn second_time(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?;
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}
