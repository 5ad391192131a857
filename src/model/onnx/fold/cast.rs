//! Changes of type between constants.

use super::arrays::wide;
use crate::model::onnx::constant::Constant;
use crate::model::onnx::proto::Node;
use half::{bf16, f16};

/// Values as another type, by its code in the format.
pub fn cast(node: &Node, x: &Constant) -> Result<Constant, String> {
    let to = node.int("to").unwrap_or(1);
    let floats =
        |round: fn(f32) -> f32| Constant::Float(wide(x).mapv(|value| round(value as f32)).into());
    Ok(match to {
        1 | 11 => floats(|value| value),
        10 => floats(|value| f16::from_f32(value).to_f32()),
        16 => floats(|value| bf16::from_f32(value).to_f32()),
        9 => truth(x, |value| value != 0.0),
        2 => integers(x, |value| i64::from(value as u8)),
        3 => integers(x, |value| i64::from(value as i8)),
        4 => integers(x, |value| i64::from(value as u16)),
        5 => integers(x, |value| i64::from(value as i16)),
        6 => integers(x, |value| i64::from(value as i32)),
        12 => integers(x, |value| i64::from(value as u32)),
        7 | 13 => integers(x, |value| value),
        other => return Err(format!("values of ONNX type {other} are not supported")),
    })
}

/// Narrow types keep the low bits of an integer.
fn integers(x: &Constant, narrow: fn(i64) -> i64) -> Constant {
    match x {
        Constant::Float(x) => Constant::Int(x.mapv(|value| narrow(value as i64)).into()),
        Constant::Int(x) => Constant::Int(x.mapv(narrow).into()),
    }
}

/// Values as the other constant's kind of number.
pub fn like(x: &Constant, other: &Constant) -> Constant {
    match (x, other) {
        (Constant::Int(_), Constant::Float(_)) => {
            Constant::Float(wide(x).mapv(|value| value as f32).into())
        }
        (Constant::Float(x), Constant::Int(_)) => {
            Constant::Int(x.mapv(|value| value as i64).into())
        }
        _ => x.clone(),
    }
}

pub fn truth(x: &Constant, holds: impl Fn(f64) -> bool) -> Constant {
    Constant::Int(wide(x).mapv(|value| i64::from(holds(value))).into())
}
