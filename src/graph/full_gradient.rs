//! The full gradient: the logit as a sum over the pixels and over the constants of all nodes.

use super::op::{Arithmetic, Op, Pointwise, ReluRule, Step};
use super::{Graph, NodeId, Rules, Tape};
use burn::tensor::Tensor;

/// The logit of one class, taken apart at one picture: Σ x ⊙ ∂S_c/∂x + Σ over nodes b ⊙ ∂S_c/∂z
/// (Srinivas and Fleuret 2019, "Full-Gradient Representation for Neural Network Visualization",
/// section 3). The normalisation of pixels is not among the nodes.
#[derive(Debug)]
pub struct FullGradient {
    /// ∂S_c/∂x, 1×C×H×W.
    pub input: Tensor<4>,
    /// b ⊙ ∂S_c/∂z of every node that has a constant, 1×c×h×w.
    pub biases: Vec<Tensor<4>>,
}

impl Graph {
    /// The full gradient over a tape of one picture.
    pub fn full_gradient(&self, tape: &Tape, class: usize) -> FullGradient {
        let constants: Vec<(NodeId, Tensor<4>)> = self
            .ids()
            .skip(1)
            .filter_map(|id| {
                let step = tape.step(self.node(id), id.0);
                constant(&self.node(id).op, &step).map(|constant| (id, constant))
            })
            .collect();
        let mut nodes = vec![Self::INPUT];
        nodes.extend(constants.iter().map(|(id, _)| *id));
        let mut gradients = self.gradients(tape, &[class], &nodes, &Rules::Gradient).into_iter();
        let input = gradients.next().expect("a gradient for every node");
        let biases = gradients.zip(constants).map(|(gradient, (_, b))| gradient * b).collect();
        FullGradient { input, biases }
    }
}

/// What a node's value has beside its derivative times its input: a bias, or the distance of a
/// nonlinear function from its linearisation through zero.
fn constant(op: &Op, step: &Step) -> Option<Tensor<4>> {
    match op {
        Op::Convolution(convolution) => convolution.bias(),
        Op::Linear(linear) => linear.bias(),
        Op::Affine(affine) => affine.shift(),
        Op::Pointwise(Pointwise::Relu | Pointwise::LeakyRelu { .. }) => None,
        Op::Pointwise(function) => {
            let x = step.inputs[0];
            let line = function.backward(x, x.clone(), ReluRule::Gradient);
            Some(step.output.clone() - line)
        }
        // Of degree 2 in both together: the derivatives count it twice.
        Op::Arithmetic(Arithmetic::Multiply) | Op::MatrixProduct => Some(-step.output.clone()),
        // Of degree 0: values times derivatives sum to zero.
        Op::Arithmetic(Arithmetic::Divide) => Some(step.output.clone()),
        // Their Jacobians are symmetric, so that backward computes the forward derivative.
        Op::Softmax(_) | Op::Standardise(_) => {
            let x = step.inputs[0].clone();
            let line = op.backward(step, x, ReluRule::Gradient).remove(0);
            Some(step.output.clone() - line)
        }
        Op::Pad(pad) if pad.value != 0.0 => {
            let nothing = step.inputs[0].zeros_like();
            Some(op.apply(vec![nothing]))
        }
        // Linear, or linear between kinks at zero; the constant part of local response norm is left
        // out, which `Op::support` says.
        Op::Input
        | Op::Normalise(_)
        | Op::PRelu(_)
        | Op::Arithmetic(Arithmetic::Add | Arithmetic::Subtract)
        | Op::BatchNorm(_)
        | Op::MaxPool(_)
        | Op::GlobalAveragePool
        | Op::Resample(_)
        | Op::Sum(_)
        | Op::LocalResponse(_)
        | Op::Flatten
        | Op::Rearrange(_)
        | Op::Slice(_)
        | Op::Pad(_)
        | Op::Take(_)
        | Op::Choose
        | Op::Concatenate(_) => None,
    }
}
