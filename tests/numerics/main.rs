//! The mathematics: derivatives, methods and scores in closed form and against other programs, on the CPU
//! and on wgpu.

#[macro_use]
mod held;
#[path = "../support/mod.rs"]
mod support;

mod cams;
mod derivatives;
mod every_id;
mod faithfulness;
mod golden;
mod localisation;
mod masks;
mod methods;
mod segments;
mod similarity;
mod statistics;
