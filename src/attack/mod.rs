//! Attacks on classifiers through their pixels.

mod loss;
mod pgd;

pub use loss::{Loss, cotangent, cross_entropy, log_softmax};
pub use pgd::{Pgd, PixelNorm, Start, input_gradient};
