//! Turning attributions into pictures: norms, colour maps, blending; and numbers into plots.

mod blend;
mod colormap;
mod convention;
mod norm;
pub mod palette;
pub mod plot;

pub use blend::{OPACITY, Overlay, Style, blend};
pub use colormap::{ColorMap, LEVELS};
pub use convention::{Convention, conventions};
pub use norm::{Ends, Norm, Reduction, Scale, Scope};
