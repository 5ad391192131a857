//! How gradients pass rectifiers.

/// What a gradient becomes at rectifiers: ReLU, and what is ReLU up to a bound or smoothly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReluRule {
    /// The derivative.
    #[default]
    Gradient,
    /// Guided backpropagation: the derivative, and only positive gradients pass (Springenberg et
    /// al. 2015, "Striving for Simplicity", section 3.4).
    Guided,
    /// Deconvolution: positive gradients pass whatever the input was (Zeiler and Fergus 2014,
    /// "Visualizing and Understanding Convolutional Networks", section 2.1).
    Deconvolution,
}
