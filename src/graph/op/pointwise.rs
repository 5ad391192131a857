//! Functions of one value at a time.

use super::cpu::storage::{map, on_host, zip};
use super::{DoubleBackward, Elementary, ReluRule, softplus};
use burn::backend::Flex;
use burn::tensor::{Tensor, activation};
use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// A function applied to every value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pointwise {
    /// max(x, 0).
    Relu,
    /// ln(1 + e^(βx)) / β, which tends to ReLU as β grows.
    SmoothRelu {
        beta: f32,
    },
    /// min(max(x, `low`), `high`); ReLU6 is 0 to 6.
    Clip {
        low: f32,
        high: f32,
    },
    /// x, or `slope`·x below 0.
    LeakyRelu {
        slope: f32,
    },
    /// x, or 0 up to `threshold`.
    ThresholdedRelu {
        threshold: f32,
    },
    /// `scale`·x, or `scale`·`alpha`·(eˣ − 1) below 0; SELU and CELU are such too.
    Elu {
        alpha: f32,
        scale: f32,
    },
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// min(max(`slope`·x + `offset`, 0), 1).
    HardSigmoid {
        slope: f32,
        offset: f32,
    },
    /// x·min(max(x + 3, 0), 6) / 6.
    HardSwish,
    /// x·sigmoid(x), also called swish.
    Silu,
    Tanh,
    /// x·Φ(x), with the distribution function of the normal distribution.
    Gelu,
    /// GELU by its approximation with tanh.
    GeluTanh,
    /// ln(1 + eˣ).
    Softplus,
    /// x·tanh(ln(1 + eˣ)).
    Mish,
    Exp,
    Log,
    Sqrt,
    Abs,
    /// −1, 0 or 1; its derivative is 0.
    Sign,
    Erf,
    /// 1 / x.
    Reciprocal,
    /// x to a constant power.
    Power {
        exponent: f32,
    },
    Elementary(Elementary),
}

/// Slope inside the tanh of [`Pointwise::GeluTanh`], √(2/π), and the weight of its cubic term.
const GELU_TANH: [f32; 2] = [0.797_884_6, 0.044_715];

impl Pointwise {
    pub const RELU6: Self = Pointwise::Clip { low: 0.0, high: 6.0 };
    /// PyTorch's: min(max(x + 3, 0), 6) / 6.
    pub const HARD_SIGMOID: Self = Pointwise::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 };

    /// The function's usual name.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Pointwise::Relu => "relu",
            Pointwise::SmoothRelu { .. } => "smooth relu",
            Pointwise::RELU6 => "relu6",
            Pointwise::Clip { .. } => "clip",
            Pointwise::LeakyRelu { .. } => "leaky relu",
            Pointwise::ThresholdedRelu { .. } => "thresholded relu",
            Pointwise::Elu { .. } => "elu",
            Pointwise::Sigmoid => "sigmoid",
            Pointwise::HardSigmoid { .. } => "hard sigmoid",
            Pointwise::HardSwish => "hard swish",
            Pointwise::Silu => "silu",
            Pointwise::Tanh => "tanh",
            Pointwise::Gelu | Pointwise::GeluTanh => "gelu",
            Pointwise::Softplus => "softplus",
            Pointwise::Mish => "mish",
            Pointwise::Exp => "exp",
            Pointwise::Log => "log",
            Pointwise::Sqrt => "sqrt",
            Pointwise::Abs => "abs",
            Pointwise::Sign => "sign",
            Pointwise::Erf => "erf",
            Pointwise::Reciprocal => "reciprocal",
            Pointwise::Power { .. } => "power",
            Pointwise::Elementary(function) => function.kind(),
        }
    }

    /// True for what networks use as a nonlinearity, not as a step of some formula.
    pub(in crate::graph) fn is_activation(self) -> bool {
        match self {
            Pointwise::Relu
            | Pointwise::SmoothRelu { .. }
            | Pointwise::Clip { .. }
            | Pointwise::LeakyRelu { .. }
            | Pointwise::ThresholdedRelu { .. }
            | Pointwise::Elu { .. }
            | Pointwise::Sigmoid
            | Pointwise::HardSigmoid { .. }
            | Pointwise::HardSwish
            | Pointwise::Silu
            | Pointwise::Tanh
            | Pointwise::Gelu
            | Pointwise::GeluTanh
            | Pointwise::Softplus
            | Pointwise::Mish
            | Pointwise::Sign => true,
            Pointwise::Exp
            | Pointwise::Log
            | Pointwise::Sqrt
            | Pointwise::Abs
            | Pointwise::Erf
            | Pointwise::Reciprocal
            | Pointwise::Power { .. }
            | Pointwise::Elementary(_) => false,
        }
    }

    /// True for ReLU and what is ReLU up to a bound or smoothly.
    pub(in crate::graph) fn is_rectifier(self) -> bool {
        match self {
            Pointwise::Relu | Pointwise::SmoothRelu { .. } => true,
            Pointwise::Clip { low, .. } => low == 0.0,
            Pointwise::LeakyRelu { .. }
            | Pointwise::ThresholdedRelu { .. }
            | Pointwise::Elu { .. }
            | Pointwise::Sigmoid
            | Pointwise::HardSigmoid { .. }
            | Pointwise::HardSwish
            | Pointwise::Silu
            | Pointwise::Tanh
            | Pointwise::Gelu
            | Pointwise::GeluTanh
            | Pointwise::Softplus
            | Pointwise::Mish
            | Pointwise::Exp
            | Pointwise::Log
            | Pointwise::Sqrt
            | Pointwise::Abs
            | Pointwise::Sign
            | Pointwise::Erf
            | Pointwise::Reciprocal
            | Pointwise::Power { .. }
            | Pointwise::Elementary(_) => false,
        }
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Pointwise::Relu => relu(x),
            Pointwise::SmoothRelu { beta } => softplus::value(x, beta),
            Pointwise::Clip { low, high } => clipped(x, low, high),
            Pointwise::LeakyRelu { slope } => relu(x.clone()) - relu(-x) * slope,
            Pointwise::ThresholdedRelu { threshold } => {
                x.clone().mask_fill(x.lower_equal_elem(threshold), 0)
            }
            Pointwise::Elu { alpha, scale } => {
                let below = (x.clone().clamp_max(0.0).exp() - 1.0) * (alpha * scale);
                relu(x) * scale + below
            }
            Pointwise::Sigmoid => activation::sigmoid(x),
            Pointwise::HardSigmoid { slope, offset } => (x * slope + offset).clamp(0.0, 1.0),
            Pointwise::HardSwish => x.clone() * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Pointwise::Silu => x.clone() * activation::sigmoid(x),
            Pointwise::Tanh => x.tanh(),
            Pointwise::Gelu => x.clone() * normal_distribution(x),
            Pointwise::GeluTanh => x.clone() * gelu_gate(x),
            Pointwise::Softplus => softplus::value(x, 1.0),
            Pointwise::Mish => x.clone() * softplus::value(x, 1.0).tanh(),
            Pointwise::Exp => x.exp(),
            Pointwise::Log => x.log(),
            Pointwise::Sqrt => x.sqrt(),
            Pointwise::Abs => x.abs(),
            Pointwise::Sign => x.sign(),
            Pointwise::Erf => x.erf(),
            Pointwise::Reciprocal => x.recip(),
            Pointwise::Power { exponent } => power(x, exponent),
            Pointwise::Elementary(function) => function.apply(x),
        }
    }

    /// The gradient at the input. Rules of other than the derivative are for rectifiers alone:
    /// their papers have no others.
    pub(in crate::graph) fn backward(
        self,
        x: &Tensor<4>,
        gradient: Tensor<4>,
        rule: ReluRule,
    ) -> Tensor<4> {
        match (self, rule) {
            (Pointwise::Relu, ReluRule::Guided) => masked(relu(gradient), x, 0.0, f32::INFINITY),
            (Pointwise::Clip { low: 0.0, high }, ReluRule::Guided) => {
                masked(relu(gradient), x, 0.0, high)
            }
            (Pointwise::Relu | Pointwise::Clip { low: 0.0, .. }, ReluRule::Deconvolution) => {
                relu(gradient)
            }
            (Pointwise::SmoothRelu { beta }, ReluRule::Guided) => {
                softplus::backward(x, relu(gradient), beta)
            }
            (Pointwise::SmoothRelu { beta }, _) => softplus::backward(x, gradient, beta),
            (Pointwise::Relu, _) => masked(gradient, x, 0.0, f32::INFINITY),
            (Pointwise::Clip { low, high }, _) => masked(gradient, x, low, high),
            // Every other function has its derivative there.
            _ => gradient * self.derivative(x.clone()),
        }
    }

    /// The backward of a rectifier's backward: from the adjoint of the gradient at the input
    /// to those of the gradient at the output and of the input.
    pub(super) fn double_backward(
        self,
        x: &Tensor<4>,
        gradient: &Tensor<4>,
        adjoint: Tensor<4>,
        rule: ReluRule,
    ) -> DoubleBackward {
        let guided = rule == ReluRule::Guided;
        let at_input = match self {
            Pointwise::SmoothRelu { beta } => {
                let passed = if guided { relu(gradient.clone()) } else { gradient.clone() };
                Some(softplus::second_backward(x, passed * adjoint.clone(), beta))
            }
            // ReLU, whose slope is constant on either side of 0.
            _ => None,
        };
        let adjoint = self.backward(x, adjoint, ReluRule::Gradient);
        let adjoint = match guided {
            true => masked(adjoint, gradient, 0.0, f32::INFINITY),
            false => adjoint,
        };
        DoubleBackward { adjoint, at_input }
    }

    /// The derivative at every value of `x`, for functions that are smooth almost everywhere.
    fn derivative(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Pointwise::Relu | Pointwise::SmoothRelu { .. } | Pointwise::Clip { .. } => {
                unreachable!("rectifiers have a backward of their own")
            }
            Pointwise::LeakyRelu { slope } => step(x) * (1.0 - slope) + slope,
            Pointwise::ThresholdedRelu { threshold } => x.greater_elem(threshold).float(),
            Pointwise::Elu { alpha, scale } => {
                let above = step(x.clone());
                let below = x.clamp_max(0.0).exp() * (alpha * scale);
                above.clone() * scale + below * (-above + 1.0)
            }
            Pointwise::Sigmoid => {
                let y = activation::sigmoid(x);
                y.clone() * (-y + 1.0)
            }
            Pointwise::HardSigmoid { slope, offset } => {
                let y = x * slope + offset;
                masked(y.ones_like() * slope, &y, 0.0, 1.0)
            }
            Pointwise::HardSwish => {
                let between = masked(x.clone() / 3.0 + 0.5, &x, -3.0, 3.0);
                between + x.greater_equal_elem(3.0).float()
            }
            Pointwise::Silu => {
                let y = activation::sigmoid(x.clone());
                y.clone() * (x * (-y + 1.0) + 1.0)
            }
            Pointwise::Tanh => -x.tanh().square() + 1.0,
            Pointwise::Gelu => {
                let density = (-x.clone().square() / 2.0).exp() / (2.0 * PI).sqrt();
                normal_distribution(x.clone()) + x * density
            }
            Pointwise::GeluTanh => {
                let [slope, cubic] = GELU_TANH;
                let gate = gelu_gate(x.clone());
                let inner = (x.clone().square() * (3.0 * cubic) + 1.0) * (2.0 * slope);
                gate.clone() * (x * inner * (-gate + 1.0) + 1.0)
            }
            Pointwise::Softplus => activation::sigmoid(x),
            Pointwise::Mish => {
                let gate = softplus::value(x.clone(), 1.0).tanh();
                gate.clone() + x.clone() * activation::sigmoid(x) * (-gate.square() + 1.0)
            }
            Pointwise::Exp => x.exp(),
            Pointwise::Log => x.recip(),
            Pointwise::Sqrt => x.sqrt().recip() / 2.0,
            Pointwise::Abs => x.sign(),
            Pointwise::Sign => x.zeros_like(),
            Pointwise::Erf => (-x.square()).exp() * (2.0 / PI.sqrt()),
            Pointwise::Reciprocal => -x.square().recip(),
            Pointwise::Power { exponent } => power(x, exponent - 1.0) * exponent,
            Pointwise::Elementary(function) => function.derivative(x),
        }
    }
}

/// max(x, 0); NaN stays.
fn relu(x: Tensor<4>) -> Tensor<4> {
    match on_host(x) {
        // By all cores, where the CPU backend uses one.
        Ok(values) => map(values, |value| if value < 0.0 { 0.0 } else { value }),
        Err(x) => activation::relu(x),
    }
}

/// min(max(x, `low`), `high`); NaN stays.
fn clipped(x: Tensor<4>, low: f32, high: f32) -> Tensor<4> {
    let clip = |value: f32| {
        // Comparisons with NaN are false.
        let value = if value < low { low } else { value };
        if value > high { high } else { value }
    };
    match on_host(x) {
        // In one sweep, where the CPU backend needs one for every bound.
        Ok(values) => map(values, clip),
        Err(x) => x.clamp_max(high).clamp_min(low),
    }
}

/// The gradient where `low` < x < `high`, and 0 elsewhere.
fn masked(gradient: Tensor<4>, x: &Tensor<4>, low: f32, high: f32) -> Tensor<4> {
    let keep = |gradient, x| {
        let above = if x <= low { 0.0 } else { gradient };
        if x >= high { 0.0 } else { above }
    };
    let gradient = match (on_host(gradient), on_host(x.clone())) {
        // In one sweep, where the CPU backend needs four: two comparisons, their union, filling.
        (Ok(gradient), Ok(x)) => return zip(gradient, &x, keep),
        (Ok(gradient), Err(_)) => Tensor::from_primitive::<Flex>(gradient),
        (Err(gradient), _) => gradient,
    };
    let outside = x.clone().lower_equal_elem(low).bool_or(x.clone().greater_equal_elem(high));
    gradient.mask_fill(outside, 0)
}

/// 1 above 0, and 0 elsewhere.
fn step(x: Tensor<4>) -> Tensor<4> {
    x.greater_elem(0.0).float()
}

/// Φ(x).
fn normal_distribution(x: Tensor<4>) -> Tensor<4> {
    (x * FRAC_1_SQRT_2).erf() / 2.0 + 0.5
}

fn gelu_gate(x: Tensor<4>) -> Tensor<4> {
    let [slope, cubic] = GELU_TANH;
    let inner = x.clone() * (x.square() * cubic + 1.0) * (2.0 * slope);
    activation::sigmoid(inner)
}

/// Whole exponents by multiplication, which is right for negative x too.
fn power(x: Tensor<4>, exponent: f32) -> Tensor<4> {
    const MOST: f32 = 32.0;
    match exponent {
        0.0 => x.ones_like(),
        1.0 => x,
        2.0 => x.square(),
        _ if exponent.fract() != 0.0 || exponent.abs() > MOST => x.powf_scalar(exponent),
        _ if exponent < 0.0 => power(x, -exponent).recip(),
        _ => {
            let square = power(x.clone(), (exponent / 2.0).floor()).square();
            if exponent % 2.0 == 0.0 { square } else { square * x }
        }
    }
}
