//! Attribution methods: one file each in the folder of its family, one registry, one way to run them.

mod applicability;
mod baseline;
mod blur;
mod cache;
mod cam;
mod control;
mod estimate;
mod explained;
mod foreign_map;
mod gradient;
mod host_map;
mod job;
mod layer_choice;
mod method;
mod perturbation;
mod preset;
mod region;
mod registry;
mod run;
mod target;
mod upsample;

pub use applicability::{Fitted, fitted};
pub use baseline::is_used;
pub use cache::Cache;
pub use explained::{Explained, Passes};
pub use foreign_map::ForeignMap;
pub use gradient::quadrature::gauss_legendre;
pub use gradient::smoothing::{SMOOTHGRAD, SMOOTHGRAD_SQUARED, Smoothing, VARGRAD};
pub use job::{Job, Progress};
pub use method::{Cost, Description, Family, Method, Need, Ranking, Sign};
pub use perturbation::rise::{grid_mask, rise_over};
pub use preset::{PRESETS, Preset, preset};
pub use registry::{DEFAULT_METHODS, METHODS, method};
pub use run::{Attribution, attribute, attribute_once, check_class};
pub use target::Target;
pub use upsample::bilinear;
