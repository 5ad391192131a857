//! What every kind of work is, and what it works with.

use crate::attribution::{Cache, Passes};
use crate::engine::cell::CellId;
use crate::engine::results::{AnyState, Key, Partial, Query, State};
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
    /// The passes that methods share, and the subject and class they are of.
    passes: Rc<Passes>,
    of: Option<(CellId, usize)>,
}

impl Kept {
    /// Maps that take long are kept in `cache`.
    pub fn new(cache: Option<Cache>) -> Self {
        Self { cache, ..Self::default() }
    }

    /// The passes that methods share of a cell's subject and a class.
    pub fn passes(&mut self, cell: &CellId, class: usize) -> Rc<Passes> {
        // Whatever the method is.
        let of = Some((CellId { method: "", ..cell.clone() }, class));
        if self.of != of {
            (self.of, self.passes) = (of, Rc::default());
        }
        self.passes.clone()
    }
}

/// Who runs a job and watches it.
pub trait Monitor {
    /// The state of earlier work.
    fn state(&self, key: &Key) -> Option<AnyState>;

    /// Notes progress, and waits while work is paused; says whether it is still asked for.
    fn advance(&self, step: Step) -> Flow;
}

/// What a job works with beside its own inputs.
pub struct JobContext<'a> {
    pub kept: &'a mut Kept,
    pub monitor: &'a dyn Monitor,
}

impl JobContext<'_> {
    /// What earlier work gave, if it is done and not forgotten.
    pub fn done<Q: Query>(&self, query: &Q) -> Option<Arc<Q::Output>> {
        match self.monitor.state(&Key::of(query.clone()))?.typed()? {
            State::Done(output) => Some(output),
            _ => None,
        }
    }

    /// Notes progress, and waits while work is paused; says whether it is still asked for.
    pub fn advance(&self, step: Step) -> Flow {
        self.monitor.advance(step)
    }
}
