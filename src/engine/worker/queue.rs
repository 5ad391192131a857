//! What the window and the worker's thread share.

use super::task::Task;
use crate::engine::results::{AnyState, Key, Results, State, Stored};
use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Memory for results that are not on screen.
const KEPT_BYTES: usize = 128 << 20;

/// What the window and the thread share.
#[derive(Default)]
pub struct Shared {
    queue: Mutex<Queue>,
    /// Told when the queue changes.
    pub signal: Condvar,
}

#[derive(Default)]
pub struct Queue {
    /// What is asked for, most urgent first.
    pub requests: Vec<Task>,
    pub results: Results,
    /// Finished results, oldest first, to be forgotten when there are too many.
    pub finished: VecDeque<Key>,
    pub cancel: bool,
    /// One piece of work that is to end.
    pub cancelled: Option<Key>,
    pub paused: bool,
    pub quit: bool,
    /// Counts the threads: what one that was left behind finds does not count.
    pub generation: usize,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Queue> {
        // A panic inside a job is caught before it could poison the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.signal.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    pub fn stopped() -> Self {
        Self { state: State::Stopped(None), bytes: 0 }
    }
}

impl Queue {
    pub fn state(&self, task: &Task) -> Option<&AnyState> {
        self.results.state(task.key())
    }

    pub fn next(&self) -> Option<Task> {
        self.requests.iter().find(|task| self.state(task).is_none()).cloned()
    }

    /// Whether work that runs is to end.
    pub fn is_unwanted(&self, key: &Key) -> bool {
        let is_cancelled = self.cancel || self.cancelled.as_ref() == Some(key);
        self.quit || is_cancelled || !self.is_requested(key)
    }

    pub fn is_requested(&self, key: &Key) -> bool {
        self.requests.iter().any(|task| task.key() == key)
    }

    /// Forgets the oldest results that nobody asks for, until the rest fits its memory.
    pub fn forget_old(&mut self) {
        let requested: HashSet<&Key> = self.requests.iter().map(Task::key).collect();
        let size = |key: &Key| self.results.0.get(key).map_or(0, |stored| stored.bytes);
        let mut held: usize = self.finished.iter().map(size).sum();
        let (mut kept, mut forgotten) = (VecDeque::new(), Vec::new());
        for key in &self.finished {
            if held > KEPT_BYTES && !requested.contains(key) {
                held -= size(key);
                forgotten.push(key.clone());
            } else {
                kept.push_back(key.clone());
            }
        }
        for key in forgotten {
            self.results.0.remove(&key);
        }
        self.finished = kept;
    }
}
