//! What a run of a method gives.

use super::method::Description;
use crate::parameter::Values;
use ndarray::Array3;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A finished (or cancelled) map with its record.
#[derive(Debug, Clone)]
pub struct Attribution {
    pub method: &'static Description,
    /// C×H×W, signed, never normalised.
    pub map: Arc<Array3<f32>>,
    pub target: usize,
    pub values: Values,
    /// Of work, without what showing partial maps and pauses took.
    pub seconds: f64,
    /// Samples done and requested; fewer done than requested marks a partial map.
    pub samples: Option<(usize, usize)>,
    pub diagnostics: BTreeMap<String, f64>,
    pub warnings: Vec<String>,
    /// True for a map of an earlier run that was kept.
    pub cached: bool,
}

impl Attribution {
    /// True when the work was cancelled before its end.
    pub fn is_partial(&self) -> bool {
        self.samples.is_some_and(|(done, total)| done < total)
    }
}
