//! Plots of numbers as SVG: text stays text, lines stay lines.

mod axis;
pub mod canvas;
pub mod chart;
mod curves;
mod dots;
pub mod palette;

pub use axis::Axis;
pub use curves::{CurvePanel, Curves, Line};
pub use dots::{Dots, Estimate, Row};
