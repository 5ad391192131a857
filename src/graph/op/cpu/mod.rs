//! Loops of their own for tensors that the CPU backend holds, where burn's operations are much slower.

pub mod depthwise_convolution;
pub mod direct_convolution;
mod row_layout;
pub mod storage;
