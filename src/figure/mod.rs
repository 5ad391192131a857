//! Turning attributions into pictures: norms, colour maps, blending.

mod blend;
mod colormap;
mod norm;

pub use blend::{OPACITY, Overlay, blend};
pub use colormap::{ColorMap, LEVELS};
pub use norm::{Norm, Reduction, Scale, Scope};
