//! Hand-written loops for tensors of the CPU backend, where burn's operations are much slower.

pub mod depthwise_convolution;
pub mod direct_convolution;
mod row_layout;
pub mod storage;
