//! Relevance rank accuracy: whether the highest values, as many as the objects have pixels, lie on
//! them.

use super::{Localisation, Undefined, hits_of_highest};
use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct RelevanceRank;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "relevance-rank",
    name: "Relevance rank accuracy",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Arras, Osman, Samek 2022, CLEVR-XAI, section 3.3; values that tie at the edge of the K highest count by their share, which is the mean over all orders of the ties",
    passes: "none",
    measure: Measure::Regions(&RelevanceRank),
    formula: "|{K highest z} ∩ in| / K, K = #in",
    parameters: &[],
};

impl Localisation for RelevanceRank {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        _: &Values,
    ) -> Result<f64, Undefined> {
        let pixels = regions.pixels();
        Ok(hits_of_highest(map, regions, pixels) / pixels as f64)
    }
}
