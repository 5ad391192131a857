//! Filters of resizing.

use fast_image_resize as fir;
use serde::{Deserialize, Serialize};

/// How pixels are mixed when a picture is resized; each is antialiased when it shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    Nearest,
    Bilinear,
    /// Catmull–Rom, a = −0.5, as Pillow's.
    Bicubic,
    Lanczos,
}

impl Filter {
    pub(super) fn algorithm(self) -> fir::ResizeAlg {
        match self {
            Filter::Nearest => fir::ResizeAlg::Nearest,
            Filter::Bilinear => fir::ResizeAlg::Convolution(fir::FilterType::Bilinear),
            Filter::Bicubic => fir::ResizeAlg::Convolution(fir::FilterType::CatmullRom),
            Filter::Lanczos => fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3),
        }
    }
}
