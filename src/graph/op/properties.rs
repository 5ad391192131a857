//! What kind of function an operation is, and its trained values. Every list is written out, so
//! that a new operation does not compile before each question about it is answered.

use super::Op;
use burn::tensor::Tensor;

impl Op {
    /// True for pointwise nonlinearities.
    pub fn is_activation(&self) -> bool {
        match self {
            Op::Pointwise(function) => function.is_activation(),
            Op::PRelu(_) => true,
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => false,
        }
    }

    /// True for rectifiers, at which guided backpropagation and deconvolution have rules.
    pub(in crate::graph) fn is_rectifier(&self) -> bool {
        match self {
            Op::Pointwise(function) => function.is_rectifier(),
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => false,
        }
    }

    /// True for what averages or sums each channel over all its positions, with equal weights.
    pub(in crate::graph) fn averages_positions(&self) -> bool {
        match self {
            Op::GlobalAveragePool => true,
            Op::Sum(axes) => axes.rows && axes.columns && !axes.channels,
            Op::Resample(resample) => resample.averages_all(),
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => false,
        }
    }

    /// True for linear maps of one value, with constants added.
    pub(in crate::graph) fn is_affine(&self) -> bool {
        match self {
            Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Affine(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Take(_) => true,
            // Of none or several values, or not linear in one; a batch norm's statistics depend
            // on the batch.
            Op::Input
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Concatenate(_)
            | Op::Choose => false,
        }
    }

    /// Number of trained values.
    pub fn parameters(&self) -> usize {
        match self {
            Op::Convolution(convolution) => convolution.parameters(),
            Op::Linear(linear) => linear.parameters(),
            Op::PRelu(prelu) => prelu.parameters(),
            Op::Affine(affine) => affine.parameters(),
            Op::BatchNorm(norm) => norm.parameters(),
            // Constants of the architecture, or none.
            Op::Input
            | Op::Normalise(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::Arithmetic(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => 0,
        }
    }

    /// Whether [`Op::with_weights`] changes it.
    pub fn has_weights(&self) -> bool {
        match self {
            Op::Convolution(_) | Op::Linear(_) => true,
            Op::Input
            | Op::Normalise(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => false,
        }
    }

    /// The same layer with other weights and bias; operations without weights stay as they are.
    pub fn with_weights(
        &self,
        weight: impl Fn(Tensor<4>) -> Tensor<4>,
        bias: impl Fn(Tensor<1>) -> Tensor<1>,
    ) -> Self {
        match self {
            Op::Convolution(convolution) => convolution.with_weights(weight, bias).into(),
            Op::Linear(linear) => linear.with_weights(weight, bias).into(),
            Op::Input
            | Op::Normalise(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
            | Op::BatchNorm(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_)
            | Op::Choose => self.clone(),
        }
    }
}
