//! The kinds of node. Each file holds a family: its shape rule, forward and backward.

mod arithmetic;
mod batch_norm;
mod choose;
mod convolution;
mod cpu;
mod double_backward;
mod elementary;
mod layout;
mod linear;
mod pointwise;
mod pooling;
mod properties;
mod relu_rule;
mod resample;
mod rescale;
mod softplus;
mod statistics;
mod step;
mod take;
mod weight_gradients;

pub use arithmetic::{Affine, Arithmetic, PRelu};
pub use batch_norm::BatchNorm;
pub use convolution::{Convolution, same_padding};
pub use elementary::Elementary;
pub use layout::{Concatenate, FACTORS, Pad, Rearrange, Slice, Steps};
pub use linear::{Linear, Normalise};
pub use pointwise::Pointwise;
pub use pooling::MaxPool;
pub use relu_rule::ReluRule;
pub use resample::{Matrix, PoolAxis, Resample};
pub use statistics::{Axes, LocalResponse, Standardise};
pub use take::Take;

pub(in crate::graph) use step::{DoubleBackward, Saved, Step, WeightGradient};

use super::Shape;
use burn::tensor::Tensor;

/// An operation of the network, with its weights.
#[derive(Debug, Clone)]
pub enum Op {
    /// The pixels.
    Input,
    /// Pixels less their mean, over their deviation.
    Normalise(Normalise),
    Convolution(Convolution),
    /// A matrix times a C×1×1 value.
    Linear(Linear),
    /// A matrix product of two values, for every channel.
    MatrixProduct,
    /// A function of one value at a time.
    Pointwise(Pointwise),
    PRelu(PRelu),
    /// Two values into one.
    Arithmetic(Arithmetic),
    /// Scale and shift by constants.
    Affine(Affine),
    /// Scale and shift by statistics of the batch, when training.
    BatchNorm(BatchNorm),
    MaxPool(MaxPool),
    GlobalAveragePool,
    /// Average pooling and resizing.
    Resample(Resample),
    /// A sum over some axes.
    Sum(Axes),
    Standardise(Standardise),
    LocalResponse(LocalResponse),
    Softmax(Axes),
    /// C×H×W to (C·H·W)×1×1, in that order.
    Flatten,
    Rearrange(Rearrange),
    Slice(Slice),
    Pad(Pad),
    Concatenate(Concatenate),
    /// Values by their positions.
    Take(Take),
    /// The second input where the first is not 0, elsewhere the third.
    Choose,
}

impl Op {
    /// The kind's usual name.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Normalise(_) => "normalise",
            Op::Convolution(convolution) if convolution.is_depthwise() => "depthwise convolution",
            Op::Convolution(_) => "convolution",
            Op::Linear(_) => "linear",
            Op::MatrixProduct => "matrix product",
            Op::Pointwise(function) => function.kind(),
            Op::PRelu(_) => "prelu",
            Op::Arithmetic(arithmetic) => arithmetic.kind(),
            Op::Affine(_) => "scale and shift",
            Op::BatchNorm(_) => "batch norm",
            Op::MaxPool(_) => "max pool",
            Op::GlobalAveragePool => "global average pool",
            Op::Resample(resample) => resample.kind(),
            Op::Sum(_) => "sum",
            Op::Standardise(_) => "standardise",
            Op::LocalResponse(_) => "local response norm",
            Op::Softmax(_) => "softmax",
            Op::Flatten => "flatten",
            Op::Rearrange(rearrange) if rearrange.is_reshape() => "reshape",
            Op::Rearrange(_) => "rearrange",
            Op::Slice(_) => "slice",
            Op::Pad(_) => "pad",
            Op::Concatenate(_) => "concatenate",
            Op::Take(_) => "take",
            Op::Choose => "choose",
        }
    }

    /// How many inputs it takes; `None` for any number.
    fn arity(&self) -> Option<usize> {
        match self {
            Op::Input => Some(0),
            Op::Arithmetic(_) | Op::MatrixProduct => Some(2),
            Op::Concatenate(_) => None,
            Op::Choose => Some(3),
            Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::Pointwise(_)
            | Op::PRelu(_)
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
            | Op::Take(_) => Some(1),
        }
    }

    pub(super) fn output_shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        match self.arity() {
            Some(wanted) if wanted != inputs.len() => {
                return Err(format!("{} takes {wanted} inputs, got {}", self.kind(), inputs.len()));
            }
            None if inputs.is_empty() => return Err(format!("{} needs an input", self.kind())),
            _ => {}
        }
        match self {
            Op::Input => Err("a graph has one input, its first node".into()),
            Op::Normalise(normalise) => normalise.output_shape(inputs[0]),
            Op::Convolution(convolution) => convolution.output_shape(inputs[0]),
            Op::Linear(linear) => linear.output_shape(inputs[0]),
            Op::MatrixProduct => linear::product_shape(inputs[0], inputs[1]),
            Op::Pointwise(_) | Op::Standardise(_) | Op::Softmax(_) => Ok(inputs[0]),
            Op::PRelu(prelu) => prelu.output_shape(inputs[0]),
            Op::Arithmetic(arithmetic) => arithmetic.output_shape(inputs[0], inputs[1]),
            Op::Affine(affine) => affine.output_shape(inputs[0]),
            Op::BatchNorm(norm) => norm.output_shape(inputs[0]),
            Op::MaxPool(pool) => pool.output_shape(inputs[0]),
            Op::GlobalAveragePool => Ok(Shape::new(inputs[0].channels, 1, 1)),
            Op::Resample(resample) => resample.output_shape(inputs[0]),
            Op::Sum(axes) => Ok(axes.reduced(inputs[0])),
            Op::LocalResponse(norm) => norm.output_shape(inputs[0]),
            Op::Flatten => Ok(Shape::new(inputs[0].len(), 1, 1)),
            Op::Rearrange(rearrange) => rearrange.output_shape(inputs[0]),
            Op::Slice(slice) => slice.output_shape(inputs[0]),
            Op::Pad(pad) => Ok(pad.output_shape(inputs[0])),
            Op::Concatenate(join) => join.output_shape(inputs),
            Op::Take(take) => take.output_shape(inputs[0]),
            Op::Choose => choose::output_shape(inputs),
        }
    }

    /// The value alone, from inputs that may be used up.
    pub(super) fn apply(&self, mut inputs: Vec<Tensor<4>>) -> Tensor<4> {
        if let Op::Concatenate(join) = self {
            return join.apply(inputs);
        }
        let x = inputs.remove(0);
        match self {
            Op::Input | Op::Concatenate(_) => x,
            Op::Normalise(normalise) => normalise.apply(x),
            Op::Convolution(convolution) => convolution.apply(x),
            Op::Linear(linear) => linear.apply(x),
            Op::MatrixProduct => x.matmul(inputs.remove(0)),
            Op::Pointwise(function) => function.apply(x),
            Op::PRelu(prelu) => prelu.apply(x),
            Op::Arithmetic(arithmetic) => arithmetic.apply(x, inputs.remove(0)),
            Op::Affine(affine) => affine.apply(x),
            Op::BatchNorm(norm) => norm.apply(x).0,
            Op::MaxPool(pool) => pool.apply(x),
            Op::GlobalAveragePool => pooling::global_average(x),
            Op::Resample(resample) => resample.apply(x),
            Op::Sum(axes) => axes.sum(x),
            Op::Standardise(standardise) => standardise.apply(x),
            Op::LocalResponse(norm) => norm.apply(x),
            Op::Softmax(axes) => statistics::softmax(x, *axes),
            Op::Flatten => layout::flatten(x),
            Op::Rearrange(rearrange) => rearrange.apply(x),
            Op::Slice(slice) => slice.apply(x),
            Op::Pad(pad) => pad.apply(x),
            Op::Take(take) => take.apply(x),
            Op::Choose => {
                let (a, b) = (inputs.remove(0), inputs.remove(0));
                choose::apply(x, a, b)
            }
        }
    }

    /// The value, and what backward will need.
    pub(super) fn forward(&self, inputs: &[Tensor<4>]) -> (Tensor<4>, Saved) {
        match self {
            Op::MaxPool(pool) => pool.apply_with_indices(inputs[0].clone()),
            Op::BatchNorm(norm) => norm.apply(inputs[0].clone()),
            // Their backward needs the input and output at most.
            Op::Input
            | Op::Normalise(_)
            | Op::Convolution(_)
            | Op::Linear(_)
            | Op::MatrixProduct
            | Op::Pointwise(_)
            | Op::PRelu(_)
            | Op::Arithmetic(_)
            | Op::Affine(_)
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
            | Op::Choose => (self.apply(inputs.to_vec()), Saved::Nothing),
        }
    }

    /// The gradient at each input, given the one at the output.
    pub(super) fn backward(
        &self,
        step: &Step,
        gradient: Tensor<4>,
        rule: ReluRule,
    ) -> Vec<Tensor<4>> {
        let x = step.inputs[0];
        let from = x.dims();
        vec![match self {
            Op::Input => gradient,
            Op::Normalise(normalise) => normalise.backward(gradient),
            Op::Convolution(convolution) => convolution.backward(gradient, from),
            Op::Linear(linear) => linear.backward(gradient),
            Op::MatrixProduct => return linear::product_backward(x, step.inputs[1], gradient),
            Op::Pointwise(function) => function.backward(x, gradient, rule),
            Op::PRelu(prelu) => prelu.backward(x, gradient),
            Op::Arithmetic(arithmetic) => return arithmetic.backward(step, gradient),
            Op::Affine(affine) => affine.backward(gradient),
            Op::BatchNorm(norm) => norm.backward(x, step.saved, gradient).0,
            Op::MaxPool(pool) => pool.backward(step, gradient),
            Op::GlobalAveragePool => pooling::global_average_backward(gradient, from),
            Op::Resample(resample) => resample.backward(gradient),
            Op::Sum(_) => gradient.expand(from),
            Op::Standardise(standardise) => standardise.backward(x, gradient),
            Op::LocalResponse(norm) => norm.backward(x, gradient),
            Op::Softmax(axes) => statistics::softmax_backward(x, gradient, *axes),
            Op::Flatten => gradient.reshape(from),
            Op::Rearrange(rearrange) => rearrange.backward(gradient, from),
            Op::Slice(slice) => slice.backward(gradient, from),
            Op::Pad(pad) => pad.backward(gradient, from),
            Op::Concatenate(join) => return join.backward(&step.inputs, gradient),
            Op::Take(take) => take.backward(gradient, from),
            Op::Choose => return choose::backward(step, gradient),
        }]
    }
}

/// An operation that is all of a variant's value becomes an [`Op`] by `into`.
macro_rules! into_op {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Op {
            fn from(operation: $kind) -> Self {
                Op::$kind(operation)
            }
        })*
    };
}

into_op!(
    Normalise,
    Convolution,
    Linear,
    Pointwise,
    PRelu,
    Arithmetic,
    Affine,
    BatchNorm,
    MaxPool,
    Resample,
    Standardise,
    LocalResponse,
    Rearrange,
    Slice,
    Pad,
    Concatenate,
    Take
);

impl From<Elementary> for Op {
    fn from(function: Elementary) -> Self {
        Op::Pointwise(Pointwise::Elementary(function))
    }
}
