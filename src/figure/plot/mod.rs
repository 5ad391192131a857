//! Plots of numbers as SVG: text stays text, lines stay lines.

mod axis;
mod curves;
mod dots;

pub use axis::Axis;
pub use curves::{CurvePanel, Curves, Line};
pub use dots::{Dots, Estimate, Row};
