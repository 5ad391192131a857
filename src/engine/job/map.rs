//! The map of a method.

use super::context::{Job, JobContext, Outcome, Step};
use super::prediction::PredictionQuery;
use crate::attribution::{Attribution, Explained, Progress, attribute_once};
use crate::engine::cell::{CellId, Condition};
use crate::engine::opened::{MethodChoice, OpenModel, OpenPicture};
use crate::engine::results::{Partial, Query};
use crate::engine::subject::{Subject, background};
use crate::error::{Error, Result};
use crate::parameter::Values;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pause between partial maps, so that refining costs little.
const REFRESH: Duration = Duration::from_millis(150);

/// Everything that a map depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MapQuery {
    pub cell: CellId,
    pub class: usize,
    pub values: Values,
    /// The session's other pictures, where the values ask for them.
    pub background: Vec<u64>,
    pub seed: u64,
}

impl MapQuery {
    /// What the map's picture is on its model.
    pub fn prediction(&self) -> PredictionQuery {
        let CellId { picture, model, condition, .. } = &self.cell;
        PredictionQuery { model: *model, picture: *picture, condition: condition.clone() }
    }
}

impl Query for MapQuery {
    type Output = Attribution;

    fn bytes(attribution: &Attribution) -> usize {
        4 * attribution.map.len()
    }

    fn partial(attribution: &Attribution) -> Option<Partial> {
        Some(partial(attribution))
    }
}

#[derive(Clone)]
pub struct MapJob {
    pub model: OpenModel,
    pub picture: OpenPicture,
    pub condition: Condition,
    pub choice: MethodChoice,
    pub class: usize,
    /// The session's other pictures, where the values ask for them.
    pub background: Vec<OpenPicture>,
    pub seed: u64,
}

impl Job for MapJob {
    type Query = MapQuery;

    fn query(&self) -> MapQuery {
        let cell = CellId {
            picture: self.picture.id,
            model: self.model.id,
            method: self.choice.method.description().id,
            condition: self.condition.clone(),
        };
        MapQuery {
            cell,
            class: self.class,
            values: self.choice.values.clone(),
            background: self.background.iter().map(|open| open.id).collect(),
            seed: self.seed,
        }
    }

    fn title(&self) -> String {
        let (model, picture) = (&self.model.value.name, &self.picture.value.name);
        format!("{model}: {} on {picture}", self.choice.method.description().name)
    }

    fn seconds(&self) -> Option<f64> {
        let model = &self.model.value;
        let cost = self.choice.method.cost(&self.choice.values, &model.graph);
        Some(cost.seconds(model.pass_times()?))
    }

    fn run(&self, cx: &mut JobContext) -> Result<Outcome<Attribution>> {
        let query = self.query();
        let subject = predicted(&query, cx)?;
        let model = &self.model.value;
        let others = self.background.iter().map(|open| Ok(&open.value));
        let background = background(model, others)?;
        let explained = subject.explained(model, self.class, self.seed, &background);
        let attribution =
            self.attribute(&explained.with_passes(cx.kept.passes(&query.cell, self.class)), cx)?;
        Ok(match attribution.is_partial() {
            true => Outcome::Stopped(Some(partial(&attribution))),
            false => Outcome::Done(attribution),
        })
    }
}

impl MapJob {
    fn attribute(&self, explained: &Explained, cx: &JobContext) -> Result<Attribution> {
        let mut shown = Instant::now();
        let mut watch = |progress: &Progress| {
            let partial = (shown.elapsed() > REFRESH && progress.done < progress.total)
                .then(|| (progress.partial)().ok().map(Arc::new))
                .flatten();
            if partial.is_some() {
                shown = Instant::now();
            }
            let (done, total) = (progress.done, progress.total);
            cx.advance(Step { done, total, partial, readout: progress.convergence })
        };
        let (cache, choice) = (cx.kept.cache.as_ref(), &self.choice);
        attribute_once(cache, choice.method, explained, &choice.values, &mut watch)
    }
}

/// What the map's picture is on its model, of earlier work.
///
/// # Errors
/// When that was forgotten.
pub(super) fn predicted(query: &MapQuery, cx: &JobContext) -> Result<Arc<Subject>> {
    cx.done(&query.prediction()).ok_or_else(|| {
        Error::new("cannot explain", "the prediction was forgotten").hint("start it again")
    })
}

fn partial(attribution: &Attribution) -> Partial {
    Partial { map: attribution.map.clone(), samples: attribution.samples }
}
