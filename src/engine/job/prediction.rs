//! What a model makes of a picture.

use super::context::{Job, JobContext, Outcome};
use crate::engine::cell::Condition;
use crate::engine::opened::{OpenModel, OpenPicture};
use crate::engine::results::Query;
use crate::engine::subject::Subject;
use crate::error::Result;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PredictionQuery {
    pub model: u64,
    pub picture: u64,
    pub condition: Condition,
}

impl Query for PredictionQuery {
    type Output = Subject;

    fn bytes(subject: &Subject) -> usize {
        subject.bytes()
    }
}

pub struct PredictionJob {
    pub model: OpenModel,
    pub picture: OpenPicture,
    pub condition: Condition,
}

impl Job for PredictionJob {
    type Query = PredictionQuery;

    fn query(&self) -> PredictionQuery {
        let (model, picture) = (self.model.id, self.picture.id);
        PredictionQuery { model, picture, condition: self.condition.clone() }
    }

    fn title(&self) -> String {
        format!("{}: prediction of {}", self.model.value.name, self.picture.value.name)
    }

    fn run(&self, _: &mut JobContext) -> Result<Outcome<Subject>> {
        let subject = Subject::open(&self.model.value, &self.picture.value, &self.condition)?;
        // Made here, so that no frame waits for it.
        subject.image();
        Ok(Outcome::Done(subject))
    }
}
