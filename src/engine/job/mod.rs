//! The kinds of work: one file each, and nothing else to add for another.

mod context;
mod curves;
mod layer;
mod map;
mod pace;
mod prediction;
mod similarity;

pub use context::{Job, JobContext, Kept, Monitor, Outcome, Step};
pub use curves::{CurvesJob, CurvesQuery};
pub use layer::{Channel, LayerJob, LayerQuery};
pub use map::{MapJob, MapQuery};
pub use pace::{PaceJob, PaceQuery};
pub use prediction::{PredictionJob, PredictionQuery};
pub use similarity::{Similarity, SimilarityJob, SimilarityQuery};
