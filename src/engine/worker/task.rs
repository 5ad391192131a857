//! A job of any kind, as the worker takes it.

use crate::engine::job::{Job, JobContext, Outcome};
use crate::engine::results::{Key, Partial, Query, State, Stored};
use crate::error::Result;
use std::sync::Arc;

/// A piece of work of any kind.
#[derive(Clone)]
pub struct Task {
    key: Key,
    job: Arc<dyn AnyJob>,
}

/// What a job gave, with what it leaves to show where it came after its cancel.
pub struct Finished {
    pub result: Stored,
    pub partial: Option<Partial>,
}

impl Task {
    pub fn of(job: impl Job) -> Self {
        Self { key: Key::of(job.query()), job: Arc::new(job) }
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it is, for people.
    pub fn title(&self) -> String {
        self.job.title()
    }

    /// Estimated seconds, where they can be known before.
    pub fn seconds(&self) -> Option<f64> {
        self.job.seconds()
    }

    pub(super) fn run(&self, cx: &mut JobContext) -> Result<Finished> {
        self.job.run(cx)
    }
}

trait AnyJob: Send + Sync {
    fn title(&self) -> String;
    fn seconds(&self) -> Option<f64>;
    fn run(&self, cx: &mut JobContext) -> Result<Finished>;
}

impl<J: Job> AnyJob for J {
    fn title(&self) -> String {
        Job::title(self)
    }

    fn seconds(&self) -> Option<f64> {
        Job::seconds(self)
    }

    fn run(&self, cx: &mut JobContext) -> Result<Finished> {
        Ok(match Job::run(self, cx)? {
            Outcome::Done(output) => Finished {
                partial: J::Query::partial(&output),
                result: Stored {
                    bytes: J::Query::bytes(&output),
                    state: State::Done(Arc::new(output)),
                },
            },
            Outcome::Stopped(partial) => {
                let bytes = partial.as_ref().map_or(0, |partial| 4 * partial.map.len());
                let state = State::Stopped(partial);
                Finished { result: Stored { state, bytes }, partial: None }
            }
        })
    }
}
