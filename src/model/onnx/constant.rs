//! Values that are known when a file is opened: weights, and the numbers of shape computations.

use super::external::External;
use super::proto;
use half::{bf16, f16};
use ndarray::{ArcArray, ArrayD, IxDyn};
use std::path::Path;

/// Values in one constant at most (1 GiB); more is a damaged file.
pub const MOST_VALUES: usize = 1 << 28;

/// A constant tensor.
#[derive(Debug, Clone)]
pub enum Constant {
    Float(ArcArray<f32, IxDyn>),
    /// Integers and truth values.
    Int(ArcArray<i64, IxDyn>),
}

impl Constant {
    pub fn ints(dims: &[usize], values: Vec<i64>) -> Result<Self, String> {
        let array = ArrayD::from_shape_vec(dims, values).map_err(|e| e.to_string())?;
        Ok(Constant::Int(array.into_shared()))
    }

    pub fn floats(dims: &[usize], values: Vec<f32>) -> Result<Self, String> {
        let array = ArrayD::from_shape_vec(dims, values).map_err(|e| e.to_string())?;
        Ok(Constant::Float(array.into_shared()))
    }

    /// A list of integers.
    pub fn list(values: Vec<i64>) -> Self {
        Constant::Int(ndarray::Array1::from_vec(values).into_dyn().into_shared())
    }

    pub fn dims(&self) -> &[usize] {
        match self {
            Constant::Float(array) => array.shape(),
            Constant::Int(array) => array.shape(),
        }
    }

    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// All values in row-major order.
    pub fn to_floats(&self) -> Vec<f32> {
        match self {
            Constant::Float(array) => match array.as_slice() {
                Some(values) => values.to_vec(),
                None => array.iter().copied().collect(),
            },
            Constant::Int(array) => array.iter().map(|value| *value as f32).collect(),
        }
    }

    /// All values in row-major order; fractions are cut off.
    pub fn to_ints(&self) -> Vec<i64> {
        match self {
            Constant::Float(array) => array.iter().map(|value| *value as i64).collect(),
            Constant::Int(array) => array.iter().copied().collect(),
        }
    }

    /// The value of a constant that has one.
    pub fn scalar(&self) -> Option<f32> {
        match self.len() {
            1 => self.to_floats().first().copied(),
            _ => None,
        }
    }

    /// Decodes a tensor of the network `file`, beside which data outside of it lies.
    ///
    /// # Errors
    /// When the data is of another length than the dimensions say, of a type that is not read, or
    /// in a file that is not there.
    pub fn decode(tensor: &proto::Tensor, file: &Path) -> Result<Self, String> {
        let dims = dims(&tensor.dims)?;
        let count = dims.iter().product::<usize>();
        let constant = match raw(tensor, file)? {
            Some(bytes) => from_bytes(tensor.data_type, &dims, &bytes),
            None => from_fields(tensor, &dims),
        }?;
        match constant.len() == count {
            true => Ok(constant),
            false => Err(format!("{} values for {dims:?}", constant.len())),
        }
    }
}

/// Lengths of axes, checked to be ones that memory could hold.
pub fn dims(dims: &[i64]) -> Result<Vec<usize>, String> {
    let lengths: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let lengths = lengths.ok_or_else(|| format!("dimensions {dims:?}"))?;
    let count = lengths.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim));
    match count {
        Some(count) if count <= MOST_VALUES => Ok(lengths),
        _ => Err(format!("dimensions {dims:?} are too large")),
    }
}

/// The bytes of the data, if it is kept as such.
fn raw(tensor: &proto::Tensor, file: &Path) -> Result<Option<bytes::Bytes>, String> {
    match External::of(tensor)? {
        Some(external) => external.read(file).map(|bytes| Some(bytes.into())),
        None => Ok(tensor.raw_data.clone()),
    }
}

fn from_bytes(data_type: i32, dims: &[usize], bytes: &[u8]) -> Result<Constant, String> {
    fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect()
    }
    match data_type {
        1 => Constant::floats(dims, each(bytes, f32::from_le_bytes)),
        2 | 9 => Constant::ints(dims, each(bytes, |b| i64::from(u8::from_le_bytes(b)))),
        3 => Constant::ints(dims, each(bytes, |b| i64::from(i8::from_le_bytes(b)))),
        4 => Constant::ints(dims, each(bytes, |b| i64::from(u16::from_le_bytes(b)))),
        5 => Constant::ints(dims, each(bytes, |b| i64::from(i16::from_le_bytes(b)))),
        6 => Constant::ints(dims, each(bytes, |b| i64::from(i32::from_le_bytes(b)))),
        7 | 13 => Constant::ints(dims, each(bytes, i64::from_le_bytes)),
        10 => Constant::floats(dims, each(bytes, |b| f16::from_le_bytes(b).to_f32())),
        11 => Constant::floats(dims, each(bytes, |b| f64::from_le_bytes(b) as f32)),
        12 => Constant::ints(dims, each(bytes, |b| i64::from(u32::from_le_bytes(b)))),
        16 => Constant::floats(dims, each(bytes, |b| bf16::from_le_bytes(b).to_f32())),
        other => Err(unread(other)),
    }
}

fn from_fields(tensor: &proto::Tensor, dims: &[usize]) -> Result<Constant, String> {
    let bits = |value: &i32| *value as u16;
    let small = &tensor.int32_data;
    match tensor.data_type {
        1 => Constant::floats(dims, tensor.float_data.clone()),
        2..=6 | 9 => Constant::ints(dims, small.iter().map(|v| i64::from(*v)).collect()),
        7 => Constant::ints(dims, tensor.int64_data.clone()),
        10 => {
            Constant::floats(dims, small.iter().map(|v| f16::from_bits(bits(v)).to_f32()).collect())
        }
        11 => Constant::floats(dims, tensor.double_data.iter().map(|v| *v as f32).collect()),
        16 => Constant::floats(
            dims,
            small.iter().map(|v| bf16::from_bits(bits(v)).to_f32()).collect(),
        ),
        other => Err(unread(other)),
    }
}

fn unread(data_type: i32) -> String {
    format!("values of ONNX type {data_type} can't be read (floats and integers can)")
}
