//! The sanity check by randomised parameters: how much of a map stays when a network's layers lose
//! what they learned (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, Sanity Checks for
//! Saliency Maps). A map that stays does not show what the network learned.

use super::function::Watch;
use super::measured::Measured;
use super::{hog_pearson, spearman, spearman_absolute, ssim_of_own_scale};
use crate::error::Result;
use crate::progress::Flow;
use ndarray::Array3;
use serde::Serialize;

/// Which layers are randomised at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Randomisation {
    /// From the output down, every layer with all above it.
    Cascading,
    /// Each layer alone.
    Independent,
}

/// The map of the same picture and class after the named layers' weights were drawn anew; all
/// others are as they were learned.
pub type RandomisedMap<'a> = dyn FnMut(&[String]) -> Result<Array3<f32>> + 'a;

/// A measure of similarity with its name.
pub type Similarity<'a> = (&'a str, &'a dyn Fn(&Array3<f32>, &Array3<f32>) -> Measured);

/// The four measures of Adebayo et al. 2018: rank correlation with and without sign, SSIM, and the
/// correlation of HOGs with 16 px cells.
pub const ADEBAYO: [Similarity<'static>; 4] = [
    ("spearman", &spearman),
    ("spearman-absolute", &spearman_absolute),
    ("ssim", &ssim_of_own_scale),
    ("hog", &|a, b| hog_pearson(a, b, 16)),
];

/// How alike the map is to the original's after each step, by every measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimilarityTable {
    pub randomisation: Randomisation,
    /// Names of the measures: the columns.
    pub measures: Vec<String>,
    pub rows: Vec<SimilarityRow>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimilarityRow {
    /// The layer randomised last, or alone.
    pub layer: String,
    /// One value for each measure.
    pub values: Vec<Measured>,
}

impl SimilarityTable {
    /// One measure over the layers.
    pub fn column(&self, measure: &str) -> Option<Vec<Measured>> {
        let index = self.measures.iter().position(|name| name == measure)?;
        Some(self.rows.iter().map(|row| row.values[index]).collect())
    }
}

/// The similarity of a map to itself after layers lost their weights. `layers` go from the output
/// down to the input. `None` where the watch cancelled.
///
/// # Errors
/// When a map can't be computed. Maps that can't be compared become undefined values instead.
pub fn similarity_curve(
    original: &Array3<f32>,
    randomised: &mut RandomisedMap,
    layers: &[String],
    randomisation: Randomisation,
    measures: &[Similarity],
    watch: &mut Watch,
) -> Result<Option<SimilarityTable>> {
    let mut rows = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let map = match randomisation {
            Randomisation::Cascading => randomised(&layers[..=index])?,
            Randomisation::Independent => randomised(&layers[index..=index])?,
        };
        let values = measures.iter().map(|(_, measure)| measure(original, &map)).collect();
        rows.push(SimilarityRow { layer: layer.clone(), values });
        if watch(index + 1, layers.len()) == Flow::Cancel {
            return Ok(None);
        }
    }
    let measures = measures.iter().map(|(name, _)| (*name).to_string()).collect();
    Ok(Some(SimilarityTable { randomisation, measures, rows }))
}
