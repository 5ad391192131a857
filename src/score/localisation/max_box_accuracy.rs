//! MaxBoxAcc and MaxBoxAccV2: whether some threshold turns the map's contours into the objects'
//! boxes.

use super::box_overlaps::{BoxOverlaps, Contours, LEVELS};
use super::{Localisation, Undefined};
use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

/// Overlaps from which on a box is right: those of MaxBoxAccV2, the middle one MaxBoxAcc's.
pub const IOU_CRITERIA: [f64; 3] = [0.3, 0.5, 0.7];

struct LargestBox;
struct AnyBox;

const PAPER: &str = "Choe, Oh, Lee, Chun, Akata, Shim 2020, Evaluating Weakly Supervised Object Localization Methods Right, section 3, and its code wsolevaluation, where edges are cut to whole pixels and counted in; one picture's number is its overlap at its own best threshold";

pub(in crate::score) static LARGEST: Description = Description {
    id: "max-box-accuracy",
    name: "MaxBoxAcc",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::BestThreshold(Contours::Largest),
    paper: PAPER,
    passes: "none",
    measure: Measure::Regions(&LargestBox),
    formula: "max over t of IoU(box of the largest contour of {minmax z > t}, a region's box); over pictures: max over t of the share with IoU ≥ .5",
    parameters: &[],
};

pub(in crate::score) static ANY: Description = Description {
    id: "max-box-accuracy-v2",
    name: "MaxBoxAccV2",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::BestThreshold(Contours::All),
    paper: PAPER,
    passes: "none",
    measure: Measure::Regions(&AnyBox),
    formula: "max over t and contours of IoU(box of a contour of {minmax z > t}, a region's box); over pictures: mean over δ = .3, .5, .7 of max over t of the share with IoU ≥ δ",
    parameters: &[],
};

impl Localisation for LargestBox {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        _: &Values,
    ) -> Result<f64, Undefined> {
        Ok(BoxOverlaps::of(map, &regions.boxes)?.best(Contours::Largest))
    }
}

impl Localisation for AnyBox {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        _: &Values,
    ) -> Result<f64, Undefined> {
        Ok(BoxOverlaps::of(map, &regions.boxes)?.best(Contours::All))
    }
}

/// How many pictures have a right box, at every threshold: what MaxBoxAcc is the maximum of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxBoxAccuracy {
    pictures: usize,
    /// By contours, criterion and level.
    right: [[Vec<usize>; 3]; 2],
}

impl Default for MaxBoxAccuracy {
    fn default() -> Self {
        Self { pictures: 0, right: [[(); 3]; 2].map(|row| row.map(|()| vec![0; LEVELS])) }
    }
}

impl MaxBoxAccuracy {
    /// Counts one picture.
    pub fn add(&mut self, overlaps: &BoxOverlaps) {
        self.pictures += 1;
        for contours in [Contours::Largest, Contours::All] {
            let counts = self.right[contours as usize].iter_mut();
            for (counts, criterion) in counts.zip(IOU_CRITERIA) {
                for (count, overlap) in counts.iter_mut().zip(overlaps.at_levels(contours)) {
                    *count += usize::from(*overlap >= criterion);
                }
            }
        }
    }

    /// Counts one picture without a right box at any threshold, such as that of a constant map.
    pub fn add_wrong(&mut self) {
        self.pictures += 1;
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.pictures += other.pictures;
        let own = self.right.iter_mut().flatten().flatten();
        for (own, others) in own.zip(other.right.iter().flatten().flatten()) {
            *own += others;
        }
    }

    /// Number of pictures.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// MaxBoxAcc, 0 to 1; `None` before the first picture.
    pub fn v1(&self) -> Option<f64> {
        self.best(Contours::Largest, 1).map(|(accuracy, _)| accuracy)
    }

    /// MaxBoxAccV2, 0 to 1; `None` before the first picture.
    pub fn v2(&self) -> Option<f64> {
        let best = |criterion| self.best(Contours::All, criterion).map(|(accuracy, _)| accuracy);
        Some((best(0)? + best(1)? + best(2)?) / 3.0)
    }

    /// The best accuracy by the criterion of this place in [`IOU_CRITERIA`], and the lowest
    /// threshold (a share of the map's range, 0 to 1) that gives it; `None` before the first
    /// picture.
    pub fn best(&self, contours: Contours, criterion: usize) -> Option<(f64, f64)> {
        let right = self.right[contours as usize].get(criterion)?;
        let most = right.iter().max().filter(|_| self.pictures > 0)?;
        let level = right.iter().position(|count| count == most)?;
        Some((*most as f64 / self.pictures as f64, level as f64 / LEVELS as f64))
    }
}
