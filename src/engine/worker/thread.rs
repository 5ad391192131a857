//! What the worker's thread does.

use super::queue::{Queue, Shared};
use super::task::{Finished, Task};
use crate::engine::job::{JobContext, Kept, Monitor, Step};
use crate::engine::results::{AnyState, Key, Running, State, Stored};
use crate::error::{Error, Result, panic_text};
use crate::progress::Flow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Does what is asked for, one piece after the other, until the worker ends or another thread took
/// over.
pub(super) fn work(kept: &mut Kept, generation: usize, shared: &Shared, changed: &dyn Fn()) {
    while let Some(task) = next(generation, shared) {
        changed();
        let monitor = Watched { key: task.key(), shared, changed };
        let mut cx = JobContext { kept: &mut *kept, monitor: &monitor };
        let result = catch_unwind(AssertUnwindSafe(|| task.run(&mut cx)));
        let result = result.unwrap_or_else(|panic| {
            Err(Error::new("the computation crashed", panic_text(&*panic)).hint("try --device cpu"))
        });
        let mut queue = shared.lock();
        if queue.generation == generation {
            queue.store(task.key(), result);
        }
        drop(queue);
        changed();
    }
}

/// Waits for work, and notes that it runs.
fn next(generation: usize, shared: &Shared) -> Option<Task> {
    let mut queue = shared.lock();
    loop {
        if queue.quit || queue.generation != generation {
            return None;
        }
        if let Some(task) = queue.next().filter(|_| !queue.paused) {
            queue.cancel = false;
            let state = State::Running(Running::begun());
            queue.results.0.insert(task.key().clone(), Stored { state, bytes: 0 });
            return Some(task);
        }
        queue = shared.wait(queue);
    }
}

impl Queue {
    /// Puts a result where the window finds it, if it is still asked for.
    fn store(&mut self, key: &Key, result: Result<Finished>) {
        let is_cancelled = self.cancelled.take_if(|cancelled| cancelled == key).is_some();
        let is_cancelled = is_cancelled || self.cancel;
        let failed = |why: Error| Finished {
            result: Stored { state: State::Failed(why.to_string()), bytes: 256 },
            partial: None,
        };
        let Finished { result, partial } = result.unwrap_or_else(failed);
        let result = match result.state {
            // It ended because nobody asked for it; if it is asked for again by now, it begins anew.
            State::Stopped(_) if !is_cancelled => None,
            // Too short to notice its cancel: nothing may follow from it.
            State::Done(_) if is_cancelled => {
                Some(Stored { state: State::Stopped(partial), bytes: result.bytes })
            }
            _ => Some(result),
        };
        match result.filter(|_| self.is_requested(key)) {
            Some(result) => {
                self.results.0.insert(key.clone(), result);
                self.finished.push_back(key.clone());
            }
            None => drop(self.results.0.remove(key)),
        }
    }
}

/// A running job as the window watches it.
struct Watched<'a> {
    key: &'a Key,
    shared: &'a Shared,
    changed: &'a dyn Fn(),
}

impl Monitor for Watched<'_> {
    fn state(&self, key: &Key) -> Option<AnyState> {
        self.shared.lock().results.state(key).cloned()
    }

    fn advance(&self, step: Step) -> Flow {
        let mut queue = self.shared.lock();
        if let Some(running) = queue.running(self.key) {
            (running.done, running.total) = (step.done, step.total);
            running.partial = step.partial.or(running.partial.take());
            running.readout = step.readout.or(running.readout);
        }
        loop {
            if queue.is_unwanted(self.key) {
                return Flow::Cancel;
            }
            if !queue.paused {
                break;
            }
            let waiting = Instant::now();
            queue = self.shared.wait(queue);
            if let Some(running) = queue.running(self.key) {
                // Paused time is no computing time.
                running.started += waiting.elapsed();
            }
        }
        drop(queue);
        (self.changed)();
        Flow::Continue
    }
}

impl Queue {
    fn running(&mut self, key: &Key) -> Option<&mut Running> {
        match &mut self.results.0.get_mut(key)?.state {
            State::Running(running) => Some(running),
            _ => None,
        }
    }
}
