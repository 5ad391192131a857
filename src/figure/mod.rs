//! Figures for papers: from what was computed to files.

mod caption;
mod compose;
mod contents;
mod draw;
mod files;
mod fonts;
mod latex;
mod layout;
mod record;
mod render;
mod table;

pub use compose::{enlarged, wanted};
pub use contents::{FigureContents, NetworkFacts, PictureFacts, Shown, View, boxes};
pub use files::{Figure, Format};
pub use fonts::Fonts;
pub use record::{MapRecord, PixelsRecord, Record, map_sha256};
pub use render::{Pixels, Rendering};
