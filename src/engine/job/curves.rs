//! Insertion and Deletion of a map.

use super::context::{Job, JobContext, Outcome, Step};
use super::map::MapJob;
use super::map::MapQuery;
use super::map::predicted;
use crate::engine::results::Query;
use crate::error::Result;
use crate::score::{Curves, Sequence, rise_curves};
use std::sync::Arc;

/// The curves of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CurvesQuery(pub MapQuery);

impl Query for CurvesQuery {
    /// The curves, and the pictures that they are of.
    type Output = (Arc<Curves>, Arc<Sequence>);

    fn bytes((_, sequence): &Self::Output) -> usize {
        sequence.bytes()
    }
}

/// The curves of what another job gives.
pub struct CurvesJob(pub MapJob);

impl Job for CurvesJob {
    type Query = CurvesQuery;

    fn query(&self) -> CurvesQuery {
        CurvesQuery(self.0.query())
    }

    fn title(&self) -> String {
        let (model, picture) = (&self.0.model.value.name, &self.0.picture.value.name);
        format!("{model}: curves of {} on {picture}", self.0.choice.method.description().name)
    }

    fn run(&self, cx: &mut JobContext) -> Result<Outcome<<CurvesQuery as Query>::Output>> {
        let query = self.0.query();
        let subject = predicted(&query, cx)?;
        let Some(attribution) = cx.done(&query) else { return Ok(Outcome::Stopped(None)) };
        let model = &self.0.model.value;
        let mut watch =
            |done, total| cx.advance(Step { done, total, partial: None, readout: None });
        let found = rise_curves(model, &subject.pixels, &attribution, &mut watch)?;
        let done = |(curves, sequence)| Outcome::Done((Arc::new(curves), Arc::new(sequence)));
        Ok(found.map_or(Outcome::Stopped(None), done))
    }
}
