//! Hyaline: an interactive explorer of CNN attributions.
//!
//! Dependencies point one way: [`command_line`] uses [`figure`] and [`score`], these use
//! [`attribution`], that uses [`model`] and [`picture`], and everything stands on [`graph`].
//! Nothing here knows about windows: the window is a module of the program.

pub mod attack;
pub mod attribution;
pub mod command_line;
pub mod display;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod example;
pub mod figure;
pub mod file;
pub mod graph;
pub mod input_file;
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
pub mod text;
pub mod training;
