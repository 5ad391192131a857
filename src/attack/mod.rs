//! Attacks on classifiers through their pixels.

mod loss;
mod pgd;

pub use loss::{Loss, cross_entropy, log_softmax, seed};
pub use pgd::{Norm, Pgd, Start, input_gradient};
