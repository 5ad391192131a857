//! How alike two maps are: one file a family of measures. Whether likeness is good depends on what
//! is compared.

mod correlation;
mod distance;
mod hog;
mod kendall;
mod overlap;
mod pair;
mod ssim;

pub use correlation::{pearson, spearman, spearman_absolute};
pub(super) use correlation::{pearson_of, spearman_of};
pub use distance::{cosine, euclidean};
pub use hog::{hog, hog_pearson};
pub use kendall::kendall;
pub use overlap::top_intersection;
pub use ssim::{ssim, ssim_of_joint_range, ssim_of_own_scale};

use super::description::{Better, Description, Measure, OverPictures};

const COMMON: Description = Description {
    id: "",
    name: "",
    better: Better::Neither,
    range: "−1 to 1, 1 for equal maps",
    over_pictures: OverPictures::Mean,
    paper: "Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, Sanity Checks for Saliency Maps",
    formula: "",
    passes: "none",
    parameters: &[],
    measure: Measure::TwoMaps(|a, b, _| pearson(a, b)),
};

pub(super) static SPEARMAN: Description = Description {
    id: "spearman",
    name: "Spearman's correlation",
    formula: "Pearson's correlation of the ranks of a and b, ties at the mean of their ranks",
    measure: Measure::TwoMaps(|a, b, _| spearman(a, b)),
    ..COMMON
};

pub(super) static SPEARMAN_ABSOLUTE: Description = Description {
    id: "spearman-absolute",
    name: "Spearman's correlation of absolute values",
    formula: "Spearman's correlation of |a| and |b|",
    measure: Measure::TwoMaps(|a, b, _| spearman_absolute(a, b)),
    ..COMMON
};

pub(super) static SSIM: Description = Description {
    id: "ssim",
    name: "SSIM",
    paper: "Wang, Bovik, Sheikh, Simoncelli 2004, Image Quality Assessment, section III; 11×11 windows, σ 1.5, whole windows only",
    formula: "mean over windows of (2μₐμ_b + C₁)(2σ_ab + C₂) / ((μₐ² + μ_b² + C₁)(σₐ² + σ_b² + C₂)), C = (.01L)², (.03L)²; mean over channels",
    parameters: &[ssim::SCALE],
    measure: Measure::TwoMaps(ssim::measure),
    ..COMMON
};

pub(super) static HOG: Description = Description {
    id: "hog",
    name: "Correlation of HOGs",
    formula: "Pearson's correlation of HOG(a / max|a|) and HOG(b / max|b|); 9 orientations, 3×3 cells a block, L2-Hys",
    parameters: &[hog::CELL],
    measure: Measure::TwoMaps(hog::measure),
    ..COMMON
};

pub(super) static PEARSON: Description = Description {
    id: "pearson",
    name: "Pearson's correlation",
    paper: "Dombrowski, Alber, Anders, Ackermann, Müller, Kessel 2019, Explanations Can Be Manipulated and Geometry Is to Blame",
    formula: "Σ (a − ā)(b − b̄) / √(Σ (a − ā)² Σ (b − b̄)²)",
    ..COMMON
};

pub(super) static KENDALL: Description = Description {
    id: "kendall",
    name: "Kendall's τ",
    paper: "Kendall 1945, The Treatment of Ties in Ranking Problems (τ-b); counted as by Knight 1966",
    formula: "(pairs in one order − pairs in opposite order) / √(pairs not tied in a × pairs not tied in b)",
    measure: Measure::TwoMaps(|a, b, _| kendall(a, b)),
    ..COMMON
};

pub(super) static TOP_INTERSECTION: Description = Description {
    id: "top-intersection",
    name: "Intersection of the top values",
    range: "0 to 1, 1 for equal maps",
    over_pictures: OverPictures::Mean,
    paper: "Ghorbani, Abid, Zou 2019, Interpretation of Neural Networks Is Fragile; over the union, and with values that equal the k-th",
    formula: "|top k of a ∩ top k of b| / |top k of a ∪ top k of b|",
    parameters: &[overlap::SHARE],
    measure: Measure::TwoMaps(overlap::measure),
    ..COMMON
};

pub(super) static COSINE: Description = Description {
    id: "cosine",
    name: "Cosine",
    range: "−1 to 1, 1 for maps that differ by a positive factor",
    over_pictures: OverPictures::Mean,
    paper: "the angle between two vectors",
    formula: "⟨a, b⟩ / (‖a‖ ‖b‖)",
    measure: Measure::TwoMaps(|a, b, _| cosine(a, b)),
    ..COMMON
};

pub(super) static EUCLIDEAN: Description = Description {
    id: "l2",
    name: "L2 distance",
    range: "0 and above, 0 for equal maps; maps of other sizes or units have other distances",
    over_pictures: OverPictures::Mean,
    paper: "Wang, Fredrikson, Datta 2022, Robust Models Are More Interpretable Because Attributions Look Normal, between two methods' maps",
    formula: "‖a − b‖₂",
    measure: Measure::TwoMaps(|a, b, _| euclidean(a, b)),
    ..COMMON
};
