//! Localisation: whether a map points at annotated objects.
//!
//! A score takes a map of one channel at the size of the network's input and the regions of
//! [`Annotation::on_input`](crate::picture::annotation::Annotation::on_input). Maps are signed and
//! never normalised; each score says what it does with negative values.

mod box_overlaps;
pub(super) mod concentration;
mod contour;
pub(super) mod energy_game;
pub(super) mod loc;
pub(super) mod max_box_accuracy;
pub(super) mod pointing_game;
pub(super) mod positive_percentage;
pub(super) mod relevance_rank;
pub(super) mod top_k_intersection;
pub(super) mod wsl_iou;

pub use box_overlaps::{BoxOverlaps, Contours};
pub use contour::{Contour, contours};
pub use max_box_accuracy::{IOU_CRITERIA, MaxBoxAccuracy};
pub use pointing_game::{PointingAccuracy, centre_map};

use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::text::count;
use ndarray::ArrayView2;
use std::fmt;

/// A score of a map against regions.
pub trait Localisation: Sync {
    /// False for scores of the map alone.
    fn needs_region(&self) -> bool {
        true
    }

    /// True for scores of positive values, which take channels summed with their signs; the others
    /// go by the importance that the method's ranking gives.
    fn is_of_signs(&self) -> bool {
        false
    }

    /// The score of a map that is sound: finite, of the regions' size, with an object in view.
    ///
    /// # Errors
    /// The reason why the score is not defined for it.
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        values: &Values,
    ) -> Result<f64, Undefined>;

    /// The score of any map (H×W of the input).
    ///
    /// # Errors
    /// The reason why the score is not defined for it.
    fn score(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        values: &Values,
    ) -> Result<f64, Undefined> {
        self.check(map, regions)?;
        self.measure(map, regions, values)
    }

    /// # Errors
    /// When a map is not sound, or no object is in view although the score needs one.
    fn check(&self, map: ArrayView2<f32>, regions: &Regions) -> Result<(), Undefined> {
        let sizes = [map.dim().into(), regions.size()];
        if sizes[0] != sizes[1] {
            return Err(Undefined::Size { map: sizes[0], regions: sizes[1] });
        }
        if map.iter().any(|value| !value.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        let is_empty = regions.is_empty() || regions.pixels() == 0;
        if self.needs_region() && is_empty {
            return Err(Undefined::NoRegion);
        }
        Ok(())
    }
}

/// Why a score is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// Heights and widths that differ.
    Size {
        map: [usize; 2],
        regions: [usize; 2],
    },
    NotFinite,
    /// No object is in view.
    NoRegion,
    /// All values are equal.
    Constant,
    /// No value is above zero.
    NothingPositive,
    /// All values inside the regions are zero.
    NothingInside,
    /// Fewer pixels than the score asks for.
    TooFewPixels {
        wanted: usize,
        pixels: usize,
    },
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { map: [h, w], regions: [height, width] } => {
                write!(f, "the map is {h}×{w}, the regions are of {height}×{width} pixels")
            }
            Self::NotFinite => f.write_str("the map holds NaN or infinite values"),
            Self::NoRegion => f.write_str("no annotated object is in view"),
            Self::Constant => f.write_str("the map is the same everywhere"),
            Self::NothingPositive => f.write_str("the map has no positive value"),
            Self::NothingInside => f.write_str("the map is zero inside the regions"),
            Self::TooFewPixels { wanted, pixels } => {
                write!(f, "it takes {wanted} of {}", count(*pixels, "pixel", "pixels"))
            }
        }
    }
}

impl Undefined {
    /// The reason without numbers, for records of many maps.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Size { .. } => "the map is not of the regions' size",
            Self::NotFinite => "the map holds NaN or infinite values",
            Self::NoRegion => "no annotated object is in view",
            Self::Constant => "the map is the same everywhere",
            Self::NothingPositive => "the map has no positive value",
            Self::NothingInside => "the map is zero inside the regions",
            Self::TooFewPixels { .. } => "the map has fewer pixels than the score asks for",
        }
    }
}

impl std::error::Error for Undefined {}

/// The highest value and the lowest of a map that is finite and not empty.
fn extremes(map: ArrayView2<f32>) -> [f32; 2] {
    map.iter().fold([f32::NEG_INFINITY, f32::INFINITY], |[most, least], value| {
        [most.max(*value), least.min(*value)]
    })
}

/// The sum over pixels inside the regions and over those outside, of a function of the map.
fn sums(map: ArrayView2<f32>, regions: &Regions, mut of: impl FnMut(f32) -> f64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for (value, inside) in map.iter().zip(&regions.mask) {
        sums[usize::from(!inside)] += of(*value);
    }
    sums
}

/// Pixels inside the regions among the `wanted` pixels of the highest values, and among these as
/// many of those that tie at the edge as their share says.
fn hits_of_highest(map: ArrayView2<f32>, regions: &Regions, wanted: usize) -> f64 {
    let mut values: Vec<f32> = map.iter().copied().collect();
    let (_, edge, _) = values.select_nth_unstable_by(wanted - 1, |a, b| b.total_cmp(a));
    let edge = *edge;
    let [above, _] = sums(map, regions, |value| f64::from(u8::from(value > edge)));
    let [tied, tied_outside] = sums(map, regions, |value| f64::from(u8::from(value == edge)));
    let all_above = map.iter().filter(|value| **value > edge).count();
    above + tied * (wanted - all_above) as f64 / (tied + tied_outside)
}
