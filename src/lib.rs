//! Hyaline: an interactive explorer of CNN attributions.
//!
//! Dependencies point one way: [`explorer`] and [`command_line`] use [`figure`] and [`score`],
//! these use [`attribution`], that uses [`model`] and [`picture`], and everything stands on
//! [`graph`]. Nothing below `explorer` knows about windows.

pub mod attack;
pub mod attribution;
pub mod command_line;
pub mod display;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod example;
pub mod explorer;
pub mod figure;
pub mod file;
pub mod graph;
pub(crate) mod input_file;
pub mod model;
pub mod npy;
pub mod parameter;
pub mod picture;
pub mod plot;
pub mod progress;
pub mod random;
pub mod score;
pub mod session;
pub mod study;
pub(crate) mod text;
pub mod training;
