//! Elementary functions that classifiers seldom have: trigonometry, rounding, comparisons.

use burn::tensor::Tensor;

/// A function of one value that is a step of some formula. Those that jump have a derivative of 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Elementary {
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
    Floor,
    Ceil,
    /// To the nearest whole number, halves to the even one.
    Round,
    /// Without what follows the decimal point.
    Truncate,
    /// 1 above the threshold, else 0.
    Above {
        threshold: f32,
    },
    /// 1 at the value, else 0.
    Equal {
        value: f32,
    },
    /// 1 where the value is not a number, else 0.
    IsNan,
    /// 1 where the value is infinite, of a sign that is asked for, else 0.
    IsInfinite {
        positive: bool,
        negative: bool,
    },
}

impl Elementary {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Asin => "asin",
            Self::Acos => "acos",
            Self::Atan => "atan",
            Self::Sinh => "sinh",
            Self::Cosh => "cosh",
            Self::Asinh => "asinh",
            Self::Acosh => "acosh",
            Self::Atanh => "atanh",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Round => "round",
            Self::Truncate => "truncate",
            Self::Above { .. } | Self::Equal { .. } => "comparison",
            Self::IsNan => "is nan",
            Self::IsInfinite { .. } => "is infinite",
        }
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tan => x.tan(),
            Self::Asin => x.asin(),
            Self::Acos => x.acos(),
            Self::Atan => x.atan(),
            Self::Sinh => x.sinh(),
            Self::Cosh => x.cosh(),
            Self::Asinh => x.asinh(),
            Self::Acosh => x.acosh(),
            Self::Atanh => x.atanh(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round(),
            Self::Truncate => x.trunc(),
            Self::Above { threshold } => x.greater_elem(threshold).float(),
            Self::Equal { value } => x.equal_elem(value).float(),
            Self::IsNan => x.is_nan().float(),
            Self::IsInfinite { positive, negative } => {
                let found = |wanted: bool, end: f32| {
                    let found = x.clone().equal_elem(end).float();
                    if wanted { found } else { found * 0.0 }
                };
                found(positive, f32::INFINITY) + found(negative, f32::NEG_INFINITY)
            }
        }
    }

    pub(super) fn derivative(self, x: Tensor<4>) -> Tensor<4> {
        let square = || x.clone().square();
        match self {
            Self::Sin => x.cos(),
            Self::Cos => -x.sin(),
            Self::Tan => x.tan().square() + 1.0,
            Self::Asin => (-square() + 1.0).sqrt().recip(),
            Self::Acos => -(-square() + 1.0).sqrt().recip(),
            Self::Atan => (square() + 1.0).recip(),
            Self::Sinh => x.cosh(),
            Self::Cosh => x.sinh(),
            Self::Asinh => (square() + 1.0).sqrt().recip(),
            Self::Acosh => (square() - 1.0).sqrt().recip(),
            Self::Atanh => (-square() + 1.0).recip(),
            Self::Floor
            | Self::Ceil
            | Self::Round
            | Self::Truncate
            | Self::Above { .. }
            | Self::Equal { .. }
            | Self::IsNan
            | Self::IsInfinite { .. } => x.zeros_like(),
        }
    }
}
