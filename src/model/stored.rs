//! A tensor as a file holds it, before its values are read.

use crate::error::{Error, Result};
use half::{bf16, f16};
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// The types of floating-point numbers that weights have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float {
    F64,
    F32,
    F16,
    BF16,
}

/// One tensor of a file. Reading is deferred, so that what is not part of the network, such as an
/// optimizer's state, costs nothing, and the raw bytes of one tensor only are held at a time.
pub struct Stored {
    pub shape: Vec<usize>,
    /// None for integers and the like.
    pub float: Option<Float>,
    read: Box<dyn Fn() -> io::Result<Vec<u8>>>,
}

/// Stored tensors by name.
pub type Tensors = BTreeMap<String, Stored>;

impl Stored {
    /// A tensor whose little-endian bytes `read` gives.
    pub fn new(
        shape: Vec<usize>,
        float: Option<Float>,
        read: impl Fn() -> io::Result<Vec<u8>> + 'static,
    ) -> Self {
        Self { shape, float, read: Box::new(read) }
    }

    /// A tensor of 32-bit numbers that is computed from the values of others once it is read.
    pub fn computed(
        shape: Vec<usize>,
        name: String,
        parts: Vec<Stored>,
        compute: impl Fn(&[Vec<f32>]) -> Vec<f32> + 'static,
    ) -> Self {
        let read = move || {
            let values = parts.iter().map(|part| part.values(&name));
            let values: Vec<Vec<f32>> = values.collect::<Result<_>>().map_err(io::Error::other)?;
            Ok(compute(&values).into_iter().flat_map(f32::to_le_bytes).collect())
        };
        Self::new(shape, Some(Float::F32), read)
    }

    /// Number of elements.
    pub fn len(&self) -> u64 {
        self.shape.iter().fold(1, |product: u64, size| product.saturating_mul(*size as u64))
    }

    /// Memory that its values take.
    pub fn bytes(&self) -> u64 {
        self.len().saturating_mul(size_of::<f32>() as u64)
    }

    /// Its values as f32.
    ///
    /// # Errors
    /// When it holds no floating-point numbers, or can't be read.
    pub fn values(&self, name: &str) -> Result<Vec<f32>> {
        let Some(float) = self.float else {
            let why = format!("tensor `{name}` holds no floating-point numbers");
            return Err(Error::new("weights of another type", why)
                .hint("F64, F32, F16 and BF16 weights can be read"));
        };
        let bytes = (self.read)().map_err(|e| Error::new(format!("cannot read `{name}`"), e))?;
        Ok(match float {
            Float::F64 => values(&bytes, |b| f64::from_le_bytes(b) as f32),
            Float::F32 => values(&bytes, f32::from_le_bytes),
            Float::F16 => values(&bytes, |b| f16::from_le_bytes(b).to_f32()),
            Float::BF16 => values(&bytes, |b| bf16::from_le_bytes(b).to_f32()),
        })
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.float, self.shape)
    }
}

/// Values of `N` bytes each.
fn values<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect()
}
