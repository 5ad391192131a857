//! What one evaluated node keeps, and what its backward steps give.

use burn::tensor::{Int, Tensor};

/// What a forward step leaves for its reverse besides its input and output.
#[derive(Debug, Clone)]
pub enum Saved {
    Nothing,
    /// Positions of the maxima, N×C×h×w, each an index into the H·W input positions.
    Indices(Tensor<4, Int>),
    /// Mean and variance of each channel of a batch.
    Statistics([Tensor<1>; 2]),
}

/// One evaluated node, as its reverse sees it.
pub(in crate::graph) struct Step<'a> {
    pub inputs: Vec<&'a Tensor<4>>,
    pub output: &'a Tensor<4>,
    pub saved: &'a Saved,
}

/// The gradient at one trained tensor, flattened, with the last part of its name.
pub(in crate::graph) type WeightGradient = (&'static str, Tensor<1>);

/// What the backward of a backward step gives.
pub(in crate::graph) struct DoubleBackward {
    /// The adjoint of the gradient at the output.
    pub adjoint: Tensor<4>,
    /// The adjoint of the input, where the step depends on it.
    pub at_input: Option<Tensor<4>>,
}
