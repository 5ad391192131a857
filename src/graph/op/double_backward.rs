//! Backward of an operation's backward step.

use super::{Arithmetic, DoubleBackward, Op, Pad, Pointwise, ReluRule, Step};
use burn::tensor::Tensor;

impl Op {
    /// Whether [`Self::double_backward`] is defined for the operation.
    pub(in crate::graph) fn has_double_backward(&self) -> bool {
        match self {
            // Any other function is refused, not guessed.
            Op::Pointwise(function) => {
                matches!(function, Pointwise::Relu | Pointwise::SmoothRelu { .. })
            }
            // Linear in one value or several, a max pool for given positions of the maxima.
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Arithmetic(Arithmetic::Add)
            | Op::Affine(_)
            | Op::MaxPool(_)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Pad(_)
            | Op::Concatenate(_)
            | Op::Take(_) => true,
            Op::MatrixProduct
            | Op::PRelu(_)
            | Op::Arithmetic(Arithmetic::Subtract | Arithmetic::Multiply | Arithmetic::Divide)
            | Op::BatchNorm(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Choose => false,
        }
    }

    /// The backward of a backward step: from adjoints of the gradients at the inputs to that of the
    /// gradient at the output.
    ///
    /// # Panics
    /// Unless [`Self::has_double_backward`].
    pub(in crate::graph) fn double_backward(
        &self,
        step: &Step,
        gradient: &Tensor<4>,
        mut adjoints: Vec<Tensor<4>>,
        rule: ReluRule,
    ) -> DoubleBackward {
        let linear = |adjoint| DoubleBackward { adjoint, at_input: None };
        match self {
            Op::Convolution(convolution) => linear(convolution.apply_linear(adjoints.remove(0))),
            Op::Linear(layer) => linear(layer.apply_linear(adjoints.remove(0))),
            // Its backward is symmetric.
            Op::Affine(affine) => linear(affine.backward(adjoints.remove(0))),
            Op::Normalise(normalise) => linear(normalise.apply_linear(adjoints.remove(0))),
            Op::Pad(pad) => linear(Pad { value: 0.0, ..*pad }.apply(adjoints.remove(0))),
            Op::MaxPool(pool) => linear(pool.values_at(step.saved, adjoints.remove(0))),
            Op::Pointwise(function) => {
                let adjoint = adjoints.remove(0);
                function.double_backward(step.inputs[0], gradient, adjoint, rule)
            }
            // Linear without constants: the adjoints go forward as values do.
            Op::Input
            | Op::Arithmetic(Arithmetic::Add)
            | Op::GlobalAveragePool
            | Op::Resample(_)
            | Op::Sum(_)
            | Op::Flatten
            | Op::Rearrange(_)
            | Op::Slice(_)
            | Op::Concatenate(_)
            | Op::Take(_) => linear(self.apply(adjoints)),
            Op::MatrixProduct
            | Op::PRelu(_)
            | Op::Arithmetic(Arithmetic::Subtract | Arithmetic::Multiply | Arithmetic::Divide)
            | Op::BatchNorm(_)
            | Op::Standardise(_)
            | Op::LocalResponse(_)
            | Op::Softmax(_)
            | Op::Choose => unreachable!("it has no double backward"),
        }
    }
}
