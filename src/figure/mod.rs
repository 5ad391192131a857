//! Turning attributions into pictures: norms, colour maps, blending; and numbers into plots.

mod appearance;
mod blend;
mod caption;
mod chart;
mod colormap;
mod compose;
mod convention;
mod draw;
mod exhibit;
mod files;
mod fonts;
mod grid;
mod latex;
mod layout;
mod norm;
mod options;
pub mod palette;
pub mod plot;
mod record;
mod render;
mod scales;
mod sheet;

pub use appearance::{Appearance, Arrangement, MethodNorm, Norms, TOP};
pub use blend::{OPACITY, Overlay, Style, blend};
pub use colormap::{ColorMap, LEVELS};
pub use compose::{DIFFERENCE, difference, enlarged, wanted};
pub use convention::{Convention, conventions};
pub use exhibit::{Exhibit, NetworkFacts, PictureFacts, Shown, View, boxes};
pub use files::{Figure, Format};
pub use fonts::Fonts;
pub use norm::{Ends, Norm, Reduction, Scale, Scope};
pub use options::{Comparison, CurvesShown, Options, POINTS, Size, Typeface};
pub use record::{MapRecord, PixelsRecord, Record, map_sha256};
pub use render::{Pixels, Rendering};
pub use scales::{Scaler, scales_of_pictures, shared_scales};
