//! Top-k intersection: the share of the highest values that lies on objects.

use super::{Localisation, Undefined, hits_of_highest};
use crate::parameter::{Kind, Parameter, Values};
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct TopKIntersection;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "top-k-intersection",
    name: "Top-k intersection",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Theiner, Müller-Budack, Ewerth 2022, Interpretable Semantic Photo Geolocation, section 4.3; ties at the edge count by their share",
    passes: "none",
    measure: Measure::Regions(&TopKIntersection),
    formula: "|{k highest z} ∩ in| / k",
    parameters: &[Parameter {
        id: "k",
        help: "number of highest values; objects of fewer pixels can't reach 1",
        unit: "px",
        kind: Kind::Integer { default: 1000, min: 1, max: 1 << 24 },
        source: "Quantus (k)",
    }],
};

impl Localisation for TopKIntersection {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        values: &Values,
    ) -> Result<f64, Undefined> {
        let (wanted, pixels) = (values.integer("k"), map.len());
        if wanted > pixels {
            return Err(Undefined::TooFewPixels { wanted, pixels });
        }
        Ok(hits_of_highest(map, regions, wanted) / wanted as f64)
    }
}
