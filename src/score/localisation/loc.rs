//! Loc: how well the map's high values fill the objects and keep to them.

use super::{Localisation, Undefined, extremes, sums};
use crate::parameter::{Kind, Parameter, Values};
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct Loc;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "loc",
    name: "Loc",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Chattopadhyay, Sarkar, Howlader, Balasubramanian 2018, Grad-CAM++, section on weakly supervised localisation; the threshold is a share of the highest value, which is theirs for maps that begin at zero; δ = 0 is Loc. of Wang, Fredrikson, Datta 2022",
    passes: "none",
    measure: Measure::Regions(&Loc),
    formula: "#{in: z > δ max z} / (#in + #{out: z > δ max z})",
    parameters: &[Parameter {
        id: "threshold",
        help: "share of the highest value above which a pixel counts, δ",
        unit: "",
        kind: Kind::Real { default: 0.0, min: 0.0, max: 0.99 },
        source: "Wang, Fredrikson, Datta 2022: positive pixels",
    }],
};

impl Localisation for Loc {
    fn is_of_signs(&self) -> bool {
        true
    }

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
        let least = values.real("threshold") * most;
        let [inside, outside] = sums(map, regions, |value| f64::from(u8::from(value > least)));
        Ok(inside / (regions.pixels() as f64 + outside))
    }
}
