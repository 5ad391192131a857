//! Values of tensors of the CPU backend, without copying them: for the few operations that are much
//! faster by a hand-written loop.

use burn::backend::flex::FlexTensor;
use burn::backend::{
    BackendTensor, DType, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, Flex,
    TensorMetadata,
};
use burn::tensor::{Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

/// Values in row-major order; the tensor itself where it is on another device or
/// differentiated.
// Either variant is as large.
#[allow(clippy::result_large_err)]
pub fn on_host<const D: usize>(tensor: Tensor<D>) -> Result<FlexTensor, Tensor<D>> {
    match tensor.into_dispatch() {
        DispatchTensor {
            kind: DispatchTensorKind::Flex(BackendTensor::Float(values)),
            autodiff: DispatchAutodiffContext::Disabled,
        } if values.dtype() == DType::F32 => {
            let ordered = values.as_slice::<f32>().is_some();
            Ok(if ordered { values } else { values.to_contiguous() })
        }
        other => Err(Tensor::from_dispatch(other)),
    }
}

/// Both, or `None` where [`on_host`] gives a tensor back.
pub fn both_on_host(a: &Tensor<4>, b: &Tensor<4>) -> Option<(FlexTensor, FlexTensor)> {
    Some((on_host(a.clone()).ok()?, on_host(b.clone()).ok()?))
}

/// A tensor of values in row-major order.
pub fn from_host<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(FlexTensor::from_data(TensorData::new(values, shape)))
}

/// Values that one core sweeps at a time, with its own vector instructions: they fit its cache.
const CHUNK: usize = 1 << 14;

/// A zeroed buffer, cleared by all cores: one core alone would take a tenth of a training's time.
pub fn zeros(count: usize) -> Vec<f32> {
    rayon::iter::repeat_n(0.0, count).with_min_len(CHUNK).collect()
}

/// Applies a function to every value; in place where the values are not shared.
pub fn map<const D: usize>(
    mut values: FlexTensor,
    function: impl Fn(f32) -> f32 + Sync,
) -> Tensor<D> {
    let arch = Arch::new();
    if let Some(own) = own_values(&mut values) {
        own.par_chunks_mut(CHUNK).for_each(|own| {
            arch.dispatch(|| {
                for value in own {
                    *value = function(*value);
                }
            });
        });
        return Tensor::from_primitive::<Flex>(values);
    }
    let old = slice(&values);
    let mut new = zeros(old.len());
    new.par_chunks_mut(CHUNK).zip(old.par_chunks(CHUNK)).for_each(|(new, old)| {
        arch.dispatch(|| {
            for (new, old) in new.iter_mut().zip(old) {
                *new = function(*old);
            }
        });
    });
    from_host(new, values.shape().dims())
}

/// Applies a function to every value and the one at the same index of `other`, which has the same
/// shape; in place where the values are not shared.
pub fn zip<const D: usize>(
    mut values: FlexTensor,
    other: &FlexTensor,
    function: impl Fn(f32, f32) -> f32 + Sync,
) -> Tensor<D> {
    let (other, arch) = (slice(other), Arch::new());
    if let Some(own) = own_values(&mut values) {
        own.par_chunks_mut(CHUNK).zip(other.par_chunks(CHUNK)).for_each(|(own, other)| {
            arch.dispatch(|| {
                for (value, other) in own.iter_mut().zip(other) {
                    *value = function(*value, *other);
                }
            });
        });
        return Tensor::from_primitive::<Flex>(values);
    }
    let old = slice(&values);
    let mut new = zeros(old.len());
    let pairs = old.par_chunks(CHUNK).zip(other.par_chunks(CHUNK));
    new.par_chunks_mut(CHUNK).zip(pairs).for_each(|(new, (old, other))| {
        arch.dispatch(|| {
            for ((new, old), other) in new.iter_mut().zip(old).zip(other) {
                *new = function(*old, *other);
            }
        });
    });
    from_host(new, values.shape().dims())
}

/// All values, where they are not shared.
pub fn own_values(values: &mut FlexTensor) -> Option<&mut [f32]> {
    let is_whole = values.bytes().len() == size_of_val(slice(values));
    values.try_storage_mut().filter(|_| is_whole)
}

/// Values of a tensor from [`on_host`].
pub fn slice(values: &FlexTensor) -> &[f32] {
    values.as_slice().expect("values in row-major order")
}
