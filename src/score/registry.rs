//! Every score of a map, described: what the window, the command line, studies and the
//! documentation need to know is generated from here alone.

use super::description::Description;
use super::localisation::{
    concentration, energy_game, loc, max_box_accuracy, pointing_game, positive_percentage,
    relevance_rank, top_k_intersection, wsl_iou,
};
use super::statistics::{entropy, gini, total_variation};
use super::{
    average_drop, infidelity, insertion_deletion, local_lipschitz, max_sensitivity, mu_fidelity,
    pixel_flipping, randomised, similarity,
};
use crate::error::{Error, Result};
use crate::text;

/// Every score, by what it needs, in the order of the library.
pub static SCORES: &[&Description] = &[
    &insertion_deletion::DESCRIPTION,
    &infidelity::DESCRIPTION,
    &mu_fidelity::DESCRIPTION,
    &pixel_flipping::MORF,
    &pixel_flipping::LERF,
    &pixel_flipping::ROAD,
    &average_drop::AVERAGE_DROP,
    &average_drop::INCREASE,
    &average_drop::CHANGE,
    &max_sensitivity::DESCRIPTION,
    &local_lipschitz::DESCRIPTION,
    &randomised::DESCRIPTION,
    &pointing_game::DESCRIPTION,
    &energy_game::DESCRIPTION,
    &positive_percentage::DESCRIPTION,
    &loc::DESCRIPTION,
    &concentration::DESCRIPTION,
    &relevance_rank::DESCRIPTION,
    &top_k_intersection::DESCRIPTION,
    &wsl_iou::DESCRIPTION,
    &max_box_accuracy::LARGEST,
    &max_box_accuracy::ANY,
    &gini::DESCRIPTION,
    &entropy::DESCRIPTION,
    &total_variation::DESCRIPTION,
    &similarity::SPEARMAN,
    &similarity::SPEARMAN_ABSOLUTE,
    &similarity::SSIM,
    &similarity::HOG,
    &similarity::PEARSON,
    &similarity::KENDALL,
    &similarity::TOP_INTERSECTION,
    &similarity::COSINE,
    &similarity::EUCLIDEAN,
];

/// The score with an identifier.
///
/// # Errors
/// When there is none; the message lists all.
pub fn score(id: &str) -> Result<&'static Description> {
    SCORES.iter().copied().find(|score| score.id == id).ok_or_else(|| {
        let ids: Vec<_> = SCORES.iter().map(|score| score.id).collect();
        Error::new(format!("unknown score `{id}`"), text::unknown(id, &ids))
            .hint("`hyaline study scores` lists all")
    })
}
