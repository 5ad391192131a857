//! A position along the curves.

use hyaline::picture::to_rgb;
use hyaline::score::{Curve, Curves, Sequence};
use image::{DynamicImage, RgbaImage};
use std::sync::Arc;

/// One of the two curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Insertion,
    Deletion,
}

/// A place along one of the curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scrub {
    pub side: Side,
    /// Share of the pixels that are changed, 0 to 1.
    pub share: f32,
}

impl Side {
    pub fn curve(self, curves: &Curves) -> &Curve {
        match self {
            Side::Insertion => &curves.insertion,
            Side::Deletion => &curves.deletion,
        }
    }

    pub fn button(self) -> &'static str {
        match self {
            Side::Insertion => "Insertion, step by step",
            Side::Deletion => "Deletion, step by step",
        }
    }

    pub fn participle(self) -> &'static str {
        match self {
            Side::Insertion => "inserted",
            Side::Deletion => "deleted",
        }
    }

    pub fn picture(self, sequence: &Sequence, point: usize) -> Option<Arc<RgbaImage>> {
        let picture = match self {
            Side::Insertion => sequence.inserted(point),
            Side::Deletion => sequence.deleted(point),
        };
        Some(Arc::new(DynamicImage::from(to_rgb(&picture.ok()?)).into_rgba8()))
    }
}

impl Scrub {
    /// The point of a sequence that is nearest.
    pub fn point(&self, sequence: &Sequence) -> usize {
        let last = sequence.points() - 1;
        ((self.share * last as f32).round() as usize).min(last)
    }
}
