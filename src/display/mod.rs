//! How maps are shown: norms, scales that cells share, colour maps, blending.

mod appearance;
mod blend;
mod colour_map;
mod convention;
mod difference;
mod norm;
mod scales;

pub use appearance::{Appearance, Arrangement, MethodNorm, Norms, TOP};
pub use blend::{OPACITY, Overlay, Style, blend};
pub use colour_map::{ColourMap, LEVELS};
pub use convention::{Convention, conventions};
pub use difference::Difference;
pub use norm::{Ends, Norm, PairEnds, Reduction, Scale, Scope};
pub use scales::{PairOfScales, Scaler, scale_of_pair, scales_of_pictures, shared_scales};
