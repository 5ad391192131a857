//! The energy-based pointing game: how much of the map's positive mass lies on objects.

use super::{Localisation, Undefined, sums};
use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct EnergyGame;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "energy-game",
    name: "Energy-based pointing game",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu 2020, Score-CAM, section 4.3; relevance mass accuracy of Arras, Osman, Samek 2022 where no value is negative",
    passes: "none",
    measure: Measure::Regions(&EnergyGame),
    formula: "Σ_in z⁺ / Σ z⁺",
    parameters: &[],
};

impl Localisation for EnergyGame {
    fn is_of_signs(&self) -> bool {
        true
    }

    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        _: &Values,
    ) -> Result<f64, Undefined> {
        let [inside, outside] = sums(map, regions, |value| f64::from(value.max(0.0)));
        let all = inside + outside;
        if all > 0.0 { Ok(inside / all) } else { Err(Undefined::NothingPositive) }
    }
}
