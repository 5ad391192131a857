//! The kinds of work: one file each, and nothing else to add for another.

mod curves;
mod layer;
mod map;
mod pace;
mod prediction;
mod similarity;

pub use curves::{CurvesJob, CurvesQuery};
pub use layer::{Channel, LayerJob, LayerQuery};
pub use map::{MapJob, MapQuery};
pub use pace::{PaceJob, PaceQuery};
pub use prediction::{PredictionJob, PredictionQuery};
pub use similarity::{Similarity, SimilarityJob, SimilarityQuery};

use super::results::{Partial, Query};
use super::worker::Progress;
use crate::attribution::{Cache, Passes};
use crate::error::Result;
use crate::progress::Flow;
use ndarray::Array3;
use std::rc::Rc;
use std::sync::Arc;

/// A piece of work: a query with what it takes to answer it.
pub trait Job: Send + Sync + 'static {
    type Query: Query;

    fn query(&self) -> Self::Query;

    /// What it is, for people.
    fn title(&self) -> String;

    /// Estimated seconds, where they can be known before.
    fn seconds(&self) -> Option<f64> {
        None
    }

    /// Does the work.
    ///
    /// # Errors
    /// When it can't be done.
    fn run(&self, cx: &mut JobContext) -> Result<Outcome<<Self::Query as Query>::Output>>;
}

/// How work ended.
pub enum Outcome<T> {
    Done(T),
    /// Before its end, with what there was.
    Stopped(Option<Partial>),
}

/// How far a piece of work came.
pub struct Step {
    pub done: usize,
    pub total: usize,
    pub partial: Option<Arc<Array3<f32>>>,
    pub readout: Option<(&'static str, f64)>,
}

/// What stays with the worker from one job to the next.
#[derive(Default)]
pub struct Kept {
    pub cache: Option<Cache>,
    /// The passes that methods share, and the model, picture, condition and class they are of.
    passes: Rc<Passes>,
    of: Option<PassesOf>,
}

type PassesOf = (u64, u64, super::Condition, usize);

impl Kept {
    /// Maps that take long are kept in `cache`.
    pub fn new(cache: Option<Cache>) -> Self {
        Self { cache, ..Self::default() }
    }

    fn passes(&mut self, query: &MapQuery) -> Rc<Passes> {
        let cell = &query.cell;
        let of = Some((cell.model, cell.picture, cell.condition.clone(), query.class));
        if self.of != of {
            (self.of, self.passes) = (of, Rc::default());
        }
        self.passes.clone()
    }
}

/// What a job works with beside its own inputs.
pub struct JobContext<'a> {
    pub kept: &'a mut Kept,
    pub(super) progress: Progress<'a>,
}

impl JobContext<'_> {
    /// What earlier work gave, if it is done and not forgotten.
    pub fn done<Q: Query>(&self, query: &Q) -> Option<Arc<Q::Output>> {
        self.progress.done(query)
    }

    /// Notes progress, and waits while work is paused; says whether it is still wanted.
    pub fn advance(&self, step: Step) -> Flow {
        self.progress.advance(step)
    }
}
