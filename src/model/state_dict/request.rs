//! Which network of a file is meant.

use crate::model::BatchNorms;

/// Which network of a file is requested, as a card says it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NetworkRequest<'a> {
    /// What its names start with, as far as that distinguishes it from others.
    pub prefix: Option<&'a str>,
    /// Identifier of its architecture.
    pub architecture: Option<&'a str>,
    /// Which of two sets of batch norms are in it.
    pub batch_norms: BatchNorms,
}
