//! Which network of a file is meant.

use crate::model::BatchNorms;

/// What a person said of the network to take from a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct NetworkRequest<'a> {
    /// What its names start with, as far as that tells it from others.
    pub prefix: Option<&'a str>,
    /// Identifier of its architecture.
    pub architecture: Option<&'a str>,
    /// Which of two sets of batch norms are in it.
    pub batch_norms: BatchNorms,
}
