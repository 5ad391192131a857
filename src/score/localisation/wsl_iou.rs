//! Weakly supervised localisation by one box around all high values.

use super::{Localisation, Undefined, extremes};
use crate::parameter::{Kind, Parameter, Values};
use crate::picture::annotation::{Regions, tight_box};
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct WslIou;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "wsl-iou",
    name: "Box overlap (WSL)",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Bansal, Agarwal, Nguyen 2020, SAM: The Sensitivity of Attribution Methods to Hyperparameters, and its published code, whose boxes lack their first row and column by a slip; boxes of masks are those that fit them",
    passes: "none",
    measure: Measure::Regions(&WslIou),
    formula: "mean over t of IoU(box around {z ≥ t max z}, union of the regions' boxes), in pixels",
    parameters: &[Parameter {
        id: "thresholds",
        help: "shares of the highest value that the map is cut at, t",
        unit: "",
        kind: Kind::Reals {
            default: &[0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50],
            min: 0.001,
            max: 1.0,
        },
        source: "SAM's code: 0.10 to 0.50 by 0.05",
    }],
};

impl Localisation for WslIou {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        values: &Values,
    ) -> Result<f64, Undefined> {
        let [most, _] = extremes(map);
        if most <= 0.0 {
            return Err(Undefined::NothingPositive);
        }
        let truth = regions.box_mask();
        let all = truth.iter().filter(|inside| **inside).count();
        let overlap = |threshold: &f64| {
            let least = threshold * f64::from(most);
            let high = map.mapv(|value| f64::from(value) >= least);
            let bounds = tight_box(high.view()).expect("the highest value is high");
            let (rows, columns) = (bounds.rows(), bounds.columns());
            let estimated = rows.len() * columns.len();
            let places = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
            let shared = places.filter(|place| truth[*place]).count();
            shared as f64 / (all + estimated - shared) as f64
        };
        let thresholds = values.reals("thresholds");
        Ok(thresholds.iter().map(overlap).sum::<f64>() / thresholds.len() as f64)
    }
}
