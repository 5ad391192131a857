//! The kinds of node. Each file holds a family: its shape rule, forward and reverse.

mod activation;
mod convolution;
mod layout;
mod linear;
mod pooling;

pub use activation::Clip;
pub use convolution::{Convolution, same_padding};
pub use layout::{PadChannels, Subsample};
pub use linear::{Linear, Normalise};
pub use pooling::MaxPool;

use super::{Rules, Shape};
use burn::tensor::{Int, Tensor};

/// An operation of the network, with its weights.
#[derive(Debug, Clone)]
pub enum Op {
    /// The pixels.
    Input,
    Normalise(Normalise),
    Convolution(Convolution),
    Linear(Linear),
    Relu,
    Clip(Clip),
    MaxPool(MaxPool),
    GlobalAveragePool,
    /// C×H×W to (C·H·W)×1×1, in that order.
    Flatten,
    /// Sum of two values of one shape.
    Add,
    Subsample(Subsample),
    PadChannels(PadChannels),
}

/// What a forward step leaves for its reverse besides its input and output.
#[derive(Debug, Clone)]
pub enum Saved {
    Nothing,
    /// Places of the maxima, N×C×h×w, each an index into the H·W input places.
    Places(Tensor<4, Int>),
}

/// One evaluated node, as its reverse sees it.
pub(super) struct Step<'a> {
    pub inputs: &'a [&'a Tensor<4>],
    pub saved: &'a Saved,
}

impl Op {
    /// The kind's name, in the words of the field.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Normalise(_) => "normalise",
            Op::Convolution(convolution) if convolution.is_depthwise() => "depthwise convolution",
            Op::Convolution(_) => "convolution",
            Op::Linear(_) => "linear",
            Op::Relu => "relu",
            Op::Clip(_) => "clip",
            Op::MaxPool(_) => "max pool",
            Op::GlobalAveragePool => "global average pool",
            Op::Flatten => "flatten",
            Op::Add => "add",
            Op::Subsample(_) => "subsample",
            Op::PadChannels(_) => "pad channels",
        }
    }

    /// True for pointwise nonlinearities.
    pub fn is_activation(&self) -> bool {
        matches!(self, Op::Relu | Op::Clip(_))
    }

    /// Number of trained values.
    pub fn parameters(&self) -> usize {
        match self {
            Op::Convolution(convolution) => convolution.parameters(),
            Op::Linear(linear) => linear.parameters(),
            _ => 0,
        }
    }

    pub(super) fn output_shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let wanted = match self {
            Op::Input => 0,
            Op::Add => 2,
            _ => 1,
        };
        if inputs.len() != wanted {
            return Err(format!("{} takes {wanted} inputs, got {}", self.kind(), inputs.len()));
        }
        match self {
            Op::Input => Err("a graph has one input, its first node".into()),
            Op::Normalise(normalise) => normalise.output_shape(inputs[0]),
            Op::Convolution(convolution) => convolution.output_shape(inputs[0]),
            Op::Linear(linear) => linear.output_shape(inputs[0]),
            Op::Relu | Op::Clip(_) => Ok(inputs[0]),
            Op::MaxPool(pool) => pool.output_shape(inputs[0]),
            Op::GlobalAveragePool => Ok(Shape::new(inputs[0].channels, 1, 1)),
            Op::Flatten => Ok(Shape::new(inputs[0].len(), 1, 1)),
            Op::Add if inputs[0] == inputs[1] => Ok(inputs[0]),
            Op::Add => Err(format!("cannot add {} and {}", inputs[0], inputs[1])),
            Op::Subsample(subsample) => Ok(subsample.output_shape(inputs[0])),
            Op::PadChannels(pad) => Ok(pad.output_shape(inputs[0])),
        }
    }

    /// The value alone, from inputs that may be used up.
    pub(super) fn apply(&self, mut inputs: Vec<Tensor<4>>) -> Tensor<4> {
        let x = inputs.remove(0);
        match self {
            Op::Input => x,
            Op::Normalise(normalise) => normalise.apply(x),
            Op::Convolution(convolution) => convolution.apply(x),
            Op::Linear(linear) => linear.apply(x),
            Op::Relu => activation::relu(x),
            Op::Clip(clip) => clip.apply(x),
            Op::MaxPool(pool) => pool.apply(x),
            Op::GlobalAveragePool => pooling::global_average(x),
            Op::Flatten => layout::flatten(x),
            Op::Add => x + inputs.remove(0),
            Op::Subsample(subsample) => subsample.apply(x),
            Op::PadChannels(pad) => pad.apply(x),
        }
    }

    /// The value, and what the reverse will need.
    pub(super) fn forward(&self, inputs: &[Tensor<4>]) -> (Tensor<4>, Saved) {
        match self {
            Op::MaxPool(pool) => pool.apply_with_places(inputs[0].clone()),
            _ => (self.apply(inputs.to_vec()), Saved::Nothing),
        }
    }

    /// The gradient at each input, given the one at the output.
    pub(super) fn backward(
        &self,
        step: &Step,
        gradient: Tensor<4>,
        rules: &Rules,
    ) -> Vec<Tensor<4>> {
        let from = step.inputs[0].dims();
        vec![match self {
            Op::Input => gradient,
            Op::Normalise(normalise) => normalise.backward(gradient),
            Op::Convolution(convolution) => convolution.backward(gradient, from),
            Op::Linear(linear) => linear.backward(gradient),
            Op::Relu => activation::relu_backward(step.inputs[0], gradient, rules.activation),
            Op::Clip(clip) => clip.backward(step.inputs[0], gradient, rules.activation),
            Op::MaxPool(pool) => pool.backward(step, gradient),
            Op::GlobalAveragePool => pooling::global_average_backward(gradient, from),
            Op::Flatten => gradient.reshape(from),
            Op::Add => return vec![gradient.clone(), gradient],
            Op::Subsample(subsample) => subsample.backward(gradient, from),
            Op::PadChannels(pad) => pad.backward(gradient, from),
        }]
    }
}

impl From<Normalise> for Op {
    fn from(normalise: Normalise) -> Self {
        Op::Normalise(normalise)
    }
}

impl From<Convolution> for Op {
    fn from(convolution: Convolution) -> Self {
        Op::Convolution(convolution)
    }
}

impl From<Linear> for Op {
    fn from(linear: Linear) -> Self {
        Op::Linear(linear)
    }
}
