//! Files of others: every reader, format, architecture and operator, and what is damaged or hostile.

#[path = "../support/mod.rs"]
mod support;

mod annotations;
mod architectures;
mod onnx;
mod readers;
