//! Boxes of a map's contours at every threshold, and how they overlap those of the objects.

use super::{Contour, Undefined, contours, extremes};
use crate::picture::annotation::BoundingBox;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Levels that a map is cut above, 0 to 254. A step of 0.001, as published, meets every one of them
/// and nothing between, because maps are cut as 8-bit pictures.
pub(super) const LEVELS: usize = 255;

/// Which contours of a map at a threshold give boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contours {
    /// The one of the largest area; among equals the one that begins last in reading order.
    Largest,
    /// Every one, those of holes too; the best box counts.
    All,
}

/// Overlaps of one map's boxes with those of the regions, at every threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxOverlaps {
    largest: Vec<f64>,
    all: Vec<f64>,
}

impl BoxOverlaps {
    /// Cuts a finite map (H×W) above every level and compares boxes. With several regions the best
    /// one counts.
    ///
    /// # Errors
    /// When there are no boxes or the map is constant.
    pub fn of(map: ArrayView2<f32>, boxes: &[BoundingBox]) -> Result<Self, Undefined> {
        if boxes.is_empty() {
            return Err(Undefined::NoRegion);
        }
        let levels = levels(map)?;
        let mut is_met = [false; LEVELS + 1];
        for level in &levels {
            is_met[usize::from(*level)] = true;
        }
        let truth: Vec<_> = boxes.iter().map(|bounds| whole_pixels(bounds, map.dim())).collect();
        let mut overlaps = Self { largest: vec![], all: vec![] };
        for (level, is_met) in is_met.into_iter().enumerate().take(LEVELS) {
            let [largest, all] = match overlaps.largest.last().zip(overlaps.all.last()) {
                // No pixel leaves the mask at this level.
                Some((largest, all)) if !is_met => [*largest, *all],
                _ => compare(levels.mapv(|other| usize::from(other) > level).view(), &truth),
            };
            overlaps.largest.push(largest);
            overlaps.all.push(all);
        }
        Ok(overlaps)
    }

    /// The result of [`Self::at_levels`] in single precision; the other contours are unknown.
    pub fn restored(contours: Contours, overlaps: impl Iterator<Item = f32>) -> Self {
        // Overlaps are fractions of pixels: what rounding took from one makes no other fraction.
        let overlaps = overlaps.map(|overlap| f64::from(overlap) + f64::from(f32::EPSILON));
        match contours {
            Contours::Largest => Self { largest: overlaps.collect(), all: vec![] },
            Contours::All => Self { largest: vec![], all: overlaps.collect() },
        }
    }

    /// The overlap at each threshold k/255 of the map's range, k from 0 to 254.
    pub fn at_levels(&self, contours: Contours) -> &[f64] {
        match contours {
            Contours::Largest => &self.largest,
            Contours::All => &self.all,
        }
    }

    /// Thresholds, as shares of the map's range, with the overlap at each.
    pub fn by_threshold(&self, contours: Contours) -> Vec<[f32; 2]> {
        let overlaps = self.at_levels(contours).iter().enumerate();
        overlaps.map(|(level, overlap)| [level as f32 / LEVELS as f32, *overlap as f32]).collect()
    }

    /// The overlap at the map's own best threshold.
    pub fn best(&self, contours: Contours) -> f64 {
        self.at_levels(contours).iter().copied().fold(0.0, f64::max)
    }
}

/// The map from its lowest value to its highest in 256 levels, rounded down.
fn levels(map: ArrayView2<f32>) -> Result<Array2<u8>, Undefined> {
    let [most, least] = extremes(map).map(f64::from);
    if most <= least {
        return Err(Undefined::Constant);
    }
    Ok(map.mapv(|value| ((f64::from(value) - least) / (most - least) * 255.0) as u8))
}

/// The overlaps of the largest contour's box and of the best box.
fn compare(mask: ArrayView2<bool>, truth: &[[i64; 4]]) -> [f64; 2] {
    let overlap = |contour: &Contour| {
        let estimated = whole_pixels(&contour.bounds, mask.dim());
        truth.iter().map(|bounds| iou(&estimated, bounds)).fold(0.0, f64::max)
    };
    let contours = contours(mask);
    // The border of a hole never has a larger area than the one around it.
    let outer = contours.iter().filter(|contour| !contour.is_hole);
    let largest = outer.max_by_key(|contour| contour.doubled_area).map_or(0.0, overlap);
    [largest, contours.iter().map(overlap).fold(0.0, f64::max)]
}

/// Left, top, right and bottom edge, cut to whole pixels of the picture.
fn whole_pixels(bounds: &BoundingBox, (height, width): (usize, usize)) -> [i64; 4] {
    let cut = |edge: f32, side: usize| (edge as i64).min(side as i64 - 1);
    let BoundingBox { x1, y1, x2, y2 } = *bounds;
    [cut(x1, width), cut(y1, height), cut(x2, width), cut(y2, height)]
}

/// Overlap of boxes that hold the pixels of all their edges.
fn iou(a: &[i64; 4], b: &[i64; 4]) -> f64 {
    let area = |[x1, y1, x2, y2]: [i64; 4]| (x2 - x1 + 1).max(0) * (y2 - y1 + 1).max(0);
    let shared = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    shared as f64 / (area(*a) + area(*b) - shared) as f64
}
