//! Turning attributions into pictures: norms, colour maps, blending; and numbers into plots.

mod blend;
mod colormap;
mod norm;
pub mod palette;
pub mod plot;

pub use blend::{OPACITY, Overlay, blend};
pub use colormap::{ColorMap, LEVELS};
pub use norm::{Norm, Reduction, Scale, Scope};
