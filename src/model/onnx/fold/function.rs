//! Functions of one and of two constant values, by the names of their operators.

use crate::model::onnx::proto::Node;

pub fn pointwise(op: &str) -> Option<fn(f64) -> f64> {
    Some(match op {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Sign" => |x| if x == 0.0 { 0.0 } else { x.signum() },
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Round" => f64::round_ties_even,
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Reciprocal" => f64::recip,
        "Relu" => |x| x.max(0.0),
        "Sigmoid" => |x| 1.0 / (1.0 + (-x).exp()),
        "Tanh" => f64::tanh,
        "Sin" => f64::sin,
        "Cos" => f64::cos,
        "Tan" => f64::tan,
        "Asin" => f64::asin,
        "Acos" => f64::acos,
        "Atan" => f64::atan,
        "Sinh" => f64::sinh,
        "Cosh" => f64::cosh,
        "Asinh" => f64::asinh,
        "Acosh" => f64::acosh,
        "Atanh" => f64::atanh,
        _ => return None,
    })
}

pub fn arithmetic(node: &Node) -> Option<fn(f64, f64) -> f64> {
    Some(match node.op_type.as_str() {
        "Add" | "Sum" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Pow" => f64::powf,
        "Max" => f64::max,
        "Min" => f64::min,
        "Mod" if node.int("fmod").unwrap_or(0) != 0 => |a, b| a % b,
        "Mod" => |a, b| a - (a / b).floor() * b,
        "Equal" => |a, b| f64::from(a == b),
        "Less" => |a, b| f64::from(a < b),
        "Greater" => |a, b| f64::from(a > b),
        "LessOrEqual" => |a, b| f64::from(a <= b),
        "GreaterOrEqual" => |a, b| f64::from(a >= b),
        "And" => |a, b| f64::from(a != 0.0 && b != 0.0),
        "Or" => |a, b| f64::from(a != 0.0 || b != 0.0),
        "Xor" => |a, b| f64::from((a != 0.0) != (b != 0.0)),
        _ => return None,
    })
}

pub fn is_comparison(op: &str) -> bool {
    matches!(
        op,
        "Equal" | "Less" | "Greater" | "LessOrEqual" | "GreaterOrEqual" | "And" | "Or" | "Xor"
    )
}

/// Functions of the bits of two integers, which give nothing where the result depends on their
/// type, which is not known here: so do shifts to the left, and those of negative values.
pub fn bitwise(node: &Node) -> Option<fn(i64, i64) -> Option<i64>> {
    Some(match (node.op_type.as_str(), node.text("direction")) {
        ("BitwiseAnd", _) => |a, b| Some(a & b),
        ("BitwiseOr", _) => |a, b| Some(a | b),
        ("BitwiseXor", _) => |a, b| Some(a ^ b),
        ("BitShift", Some("RIGHT")) => |a, b| match (a, b) {
            (0.., 0..8) => Some(a >> b),
            _ => None,
        },
        _ => return None,
    })
}
