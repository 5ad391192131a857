//! Sums, products and their like, of two values or of a value and constants.

use super::{Step, WeightGradient};
use crate::graph::Shape;
use burn::tensor::{Device, Tensor, TensorData};

/// An operation on two values. A side of length 1 stretches to the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Arithmetic {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Arithmetic::Add => "add",
            Arithmetic::Subtract => "subtract",
            Arithmetic::Multiply => "multiply",
            Arithmetic::Divide => "divide",
        }
    }

    pub(super) fn output_shape(self, a: Shape, b: Shape) -> Result<Shape, String> {
        stretched_shape(a, b).ok_or_else(|| format!("cannot {} {a} and {b}", self.kind()))
    }

    pub(super) fn apply(self, a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
        match self {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
        }
    }

    pub(super) fn backward(self, step: &Step, gradient: Tensor<4>) -> Vec<Tensor<4>> {
        self.pull([step.inputs[0], step.inputs[1]], step, gradient)
    }

    /// The gradient at both inputs, with the derivative taken at `a` and `b`.
    pub(super) fn pull(
        self,
        [a, b]: [&Tensor<4>; 2],
        step: &Step,
        gradient: Tensor<4>,
    ) -> Vec<Tensor<4>> {
        let (to_a, to_b) = match self {
            Arithmetic::Add => (gradient.clone(), gradient),
            Arithmetic::Subtract => (gradient.clone(), -gradient),
            Arithmetic::Multiply => (gradient.clone() * b.clone(), gradient * a.clone()),
            Arithmetic::Divide => {
                let to_a = gradient / b.clone();
                (to_a.clone(), -to_a * a.clone() / b.clone())
            }
        };
        let [a, b] = [step.inputs[0].dims(), step.inputs[1].dims()];
        vec![unstretched(to_a, a), unstretched(to_b, b)]
    }
}

/// The shape of two values together, where a side of length 1 stretches.
pub(super) fn stretched_shape(a: Shape, b: Shape) -> Option<Shape> {
    let side = |a: usize, b: usize| match (a, b) {
        (a, b) if a == b => Some(a),
        (1, other) | (other, 1) => Some(other),
        _ => None,
    };
    let (height, width) = (side(a.height, b.height)?, side(a.width, b.width)?);
    Some(Shape::new(side(a.channels, b.channels)?, height, width))
}

/// Sums over the sides that were stretched from `dims`.
pub(super) fn unstretched(gradient: Tensor<4>, dims: [usize; 4]) -> Tensor<4> {
    (1..4).fold(gradient, |sum, axis| match dims[axis] == 1 && sum.dims()[axis] > 1 {
        true => sum.sum_dim(axis),
        false => sum,
    })
}

/// x·scale + shift, with constants for every channel, position or value: a batch norm that no
/// convolution took in, the scale of a layer, a constant mask.
#[derive(Debug, Clone)]
pub struct Affine {
    /// Each 1×C×H×W with sides of length 1 where it is constant along them.
    scale: Option<Tensor<4>>,
    shift: Option<Tensor<4>>,
    shape: Shape,
}

impl Affine {
    /// `scale` and `shift` have their values in order of channels, rows and columns of `shape`.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    pub fn new(
        scale: Option<Vec<f32>>,
        shift: Option<Vec<f32>>,
        shape: Shape,
        device: &Device,
    ) -> Self {
        let dims = [1, shape.channels, shape.height, shape.width];
        let tensor = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, dims), device);
        Self { scale: scale.map(tensor), shift: shift.map(tensor), shape }
    }

    /// 1×C×H×W with sides of length 1 where it is constant along them.
    pub fn shift(&self) -> Option<Tensor<4>> {
        self.shift.clone()
    }

    /// Scale and shift, where each is one number for all values.
    pub(in crate::graph) fn constants(&self) -> Option<[f32; 2]> {
        let one = |part: &Option<Tensor<4>>, default: f32| match part {
            None => Some(default),
            Some(values) => {
                let values = values.clone().try_into_vec_as::<f32>().ok()?;
                values.iter().all(|value| *value == values[0]).then_some(values[0])
            }
        };
        Some([one(&self.scale, 1.0)?, one(&self.shift, 0.0)?])
    }

    pub(super) fn parameters(&self) -> usize {
        self.shape.len() * (usize::from(self.scale.is_some()) + usize::from(self.shift.is_some()))
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        match Arithmetic::Multiply.output_shape(input, self.shape) {
            Ok(shape) if shape == input => Ok(shape),
            _ => Err(format!("constants of {} do not fit {input}", self.shape)),
        }
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let scaled = self.backward(x);
        match &self.shift {
            Some(shift) => scaled + shift.clone(),
            None => scaled,
        }
    }

    pub(super) fn backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        match &self.scale {
            Some(scale) => gradient * scale.clone(),
            None => gradient,
        }
    }

    pub(super) fn weight_gradients(
        &self,
        x: &Tensor<4>,
        gradient: &Tensor<4>,
    ) -> Vec<WeightGradient> {
        let Shape { channels, height, width } = self.shape;
        let sum = |product: Tensor<4>| {
            unstretched(product, [1, channels, height, width]).sum_dim(0).reshape([-1])
        };
        let weight = self.scale.as_ref().map(|_| ("weight", sum(gradient.clone() * x.clone())));
        let bias = self.shift.as_ref().map(|_| ("bias", sum(gradient.clone())));
        weight.into_iter().chain(bias).collect()
    }
}

/// max(x, 0) + slope·min(x, 0), with a learned slope for every channel or position.
#[derive(Debug, Clone)]
pub struct PRelu {
    slope: Affine,
}

impl PRelu {
    /// `slopes` has its values in order of channels, rows and columns of `shape`, whose sides are
    /// those of the input or 1.
    pub fn new(slopes: Vec<f32>, shape: Shape, device: &Device) -> Self {
        Self { slope: Affine::new(Some(slopes), None, shape, device) }
    }

    pub(super) fn parameters(&self) -> usize {
        self.slope.parameters()
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        self.slope.output_shape(input)
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        x.clone().clamp_min(0.0) + self.slope.apply(x.clamp_max(0.0))
    }

    pub(super) fn backward(&self, x: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        let below = x.clone().lower_equal_elem(0.0);
        let sloped = self.slope.backward(gradient.clone());
        gradient.mask_where(below, sloped)
    }
}
