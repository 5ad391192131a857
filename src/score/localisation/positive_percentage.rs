//! Positive percentage: whether the map speaks with one sign about the objects.

use super::{Localisation, Undefined, sums};
use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct PositivePercentage;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "positive-percentage",
    name: "Positive percentage",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Wang, Fredrikson, Datta 2022, Robust Models Are More Interpretable Because Attributions Look Normal, section on localisation (PP); ½ is what random signs give, 1 what any map without negative values gives",
    passes: "none",
    measure: Measure::Regions(&PositivePercentage),
    formula: "Σ_in z⁺ / Σ_in |z|",
    parameters: &[],
};

impl Localisation for PositivePercentage {
    fn is_of_signs(&self) -> bool {
        true
    }

    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        _: &Values,
    ) -> Result<f64, Undefined> {
        let [positive, _] = sums(map, regions, |value| f64::from(value.max(0.0)));
        let [all, _] = sums(map, regions, |value| f64::from(value.abs()));
        if all > 0.0 { Ok(positive / all) } else { Err(Undefined::NothingInside) }
    }
}
