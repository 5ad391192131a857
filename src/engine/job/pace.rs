//! How fast a model runs.

use super::context::{Job, JobContext, Outcome};
use crate::engine::opened::OpenModel;
use crate::engine::results::Query;
use crate::error::Result;
use crate::model::Model;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PaceQuery {
    pub model: u64,
}

impl Query for PaceQuery {
    /// The model keeps its pace itself.
    type Output = ();
}

pub struct PaceJob {
    pub model: OpenModel,
}

impl Job for PaceJob {
    type Query = PaceQuery;

    fn query(&self) -> PaceQuery {
        PaceQuery { model: self.model.id }
    }

    fn title(&self) -> String {
        format!("{}: measuring its pace", self.model.value.name)
    }

    fn run(&self, _: &mut JobContext) -> Result<Outcome<()>> {
        self.model.value.surviving(Model::measure_pass_times).map(|_| Outcome::Done(()))
    }
}
