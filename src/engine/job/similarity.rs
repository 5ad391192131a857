//! How alike two maps are.

use super::context::{Job, JobContext, Outcome};
use super::map::MapQuery;
use crate::engine::results::Query;
use crate::error::Result;
use crate::score::{self, Measured};

/// How alike two maps are, signed and as computed.
#[derive(Debug, Clone, Copy)]
pub struct Similarity {
    pub spearman: Measured,
    /// Of each map divided by its largest magnitude.
    pub ssim: Measured,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SimilarityQuery(pub [MapQuery; 2]);

impl Query for SimilarityQuery {
    type Output = Similarity;
}

pub struct SimilarityJob {
    pub maps: [MapQuery; 2],
    /// Name of the method.
    pub method: &'static str,
}

impl Job for SimilarityJob {
    type Query = SimilarityQuery;

    fn query(&self) -> SimilarityQuery {
        SimilarityQuery(self.maps.clone())
    }

    fn title(&self) -> String {
        format!("{}: similarity of the pair's maps", self.method)
    }

    fn run(&self, cx: &mut JobContext) -> Result<Outcome<Similarity>> {
        let [Some(a), Some(b)] = self.maps.each_ref().map(|map| cx.done(map)) else {
            return Ok(Outcome::Stopped(None));
        };
        Ok(Outcome::Done(Similarity {
            spearman: score::spearman(&a.map, &b.map),
            ssim: score::ssim_of_own_scale(&a.map, &b.map),
        }))
    }
}
