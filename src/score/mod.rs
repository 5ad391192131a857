//! Scores of attributions.

mod average_drop;
mod description;
mod distance;
mod function;
mod imputation;
mod infidelity;
mod insertion_deletion;
mod linear_imputation;
mod local_lipschitz;
pub mod localisation;
mod max_sensitivity;
mod measured;
mod mu_fidelity;
mod perturbation;
mod pixel_flipping;
mod randomised;
mod ranking;
mod registry;
mod sanity;
mod similarity;
mod statistics;
mod trial;

pub use average_drop::{Confidence, confidence};
pub use description::{Better, Description, Measure, OverPictures};
pub use function::{ExplainFunction, Quantity, ScoreFunction, Watch, of_class};
pub use imputation::{Imputer, SUBSTRATES, Substrate};
pub use infidelity::{Infidelity, InfidelityParameters, Perturbed, infidelity, infidelity_over};
pub use insertion_deletion::{
    Curve, Curves, Protocol, Sequence, Ties, area, curves_in, default_step, insertion_deletion,
    rise_curves,
};
pub use local_lipschitz::{LocalLipschitzParameters, local_lipschitz, local_lipschitz_over};
pub use max_sensitivity::{
    MaxSensitivityParameters, Sensitivity, max_sensitivity, max_sensitivity_over,
};
pub use measured::Measured;
pub use mu_fidelity::{Correlation, MuFidelityParameters, mu_fidelity, mu_fidelity_over};
pub use perturbation::Perturbation;
pub use pixel_flipping::{
    PerturbationCurves, PixelFlippingParameters, pixel_flipping, scores_without,
};
pub use randomised::{randomised, weighted_layers};
pub use ranking::order_with_ties;
pub use registry::{SCORES, score};
pub use sanity::{
    ADEBAYO, Randomisation, RandomisedMap, Similarity, SimilarityRow, SimilarityTable,
    similarity_curve,
};
pub use similarity::{
    cosine, euclidean, hog, hog_pearson, kendall, pearson, spearman, spearman_absolute, ssim,
    ssim_of_joint_range, ssim_of_own_scale, top_intersection,
};
pub use statistics::entropy::{entropy, normalised_entropy};
pub use statistics::gini::gini;
pub use statistics::total_variation::total_variation;
pub use trial::{ExplainTrial, ScoreTrial, importance};
