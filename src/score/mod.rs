//! Scores of attributions.

mod insertion_deletion;

pub use insertion_deletion::{Curves, area, default_step, insertion_deletion, order, rise_blur};
