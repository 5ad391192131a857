//! How fast a network runs.

/// Seconds of one picture's passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassTimes {
    pub forward: f64,
    /// Back to the pixels.
    pub backward: f64,
}
