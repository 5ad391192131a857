//! What a GPU can't do any more, the CPU does.

use super::{ComputeDevice, Model};
use crate::error::{Error, Result, panic_text, quietly};
use crate::graph::liveness;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs work and catches panics: a GPU's driver panics where it can't compute.
///
/// # Errors
/// The error of the work.
pub fn caught<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    quietly(|| catch_unwind(AssertUnwindSafe(run)))
        .unwrap_or_else(|panic| Err(Error::device(panic_text(&*panic))))
}

impl Model {
    /// The same network on the CPU.
    ///
    /// # Errors
    /// When its file does not open any more.
    pub fn on_cpu(&self) -> Result<&Self> {
        if !self.on_gpu {
            return Ok(self);
        }
        if self.twin_on_cpu.get().is_none() {
            let twin = Self::open_as(&self.path, self.card.clone(), &ComputeDevice::cpu())?;
            // Another thread may have been faster; its twin is as good.
            let _ = self.twin_on_cpu.set(Box::new(twin));
        }
        Ok(self.twin_on_cpu.get().expect("it was just set"))
    }

    /// Why the network's device was given up, if it was: whatever runs on it fails from then on.
    pub fn given_up(&self) -> Option<String> {
        liveness::given_up(self.graph.device()).filter(|_| self.on_gpu)
    }

    /// As [`caught`], if the network's device is a GPU.
    ///
    /// # Errors
    /// The error of the work.
    pub(crate) fn caught<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.on_gpu { caught(run) } else { run() }
    }

    /// Runs on the network's device or, where that fails, on the CPU.
    ///
    /// # Errors
    /// The error on the CPU, or one that is not the device's fault.
    pub fn surviving<T>(&self, mut run: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        if self.given_up().is_none() {
            match self.caught(|| run(self)) {
                Err(failed) if self.on_gpu && failed.is_of_device() => {}
                done => return done,
            }
        }
        run(self.on_cpu()?)
    }
}
