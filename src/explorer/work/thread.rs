//! What the worker's thread does.

use super::{Key, Partial, Running, Shared, State, lock};
use crate::error::{Error, Result, panic_text};
use crate::explorer::compute::{Context, perform};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Does what is wanted, one piece after the other, until the worker ends or another thread took over.
pub(super) fn work(
    context: &mut Context,
    generation: usize,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) {
    loop {
        let task = {
            let mut guard = lock(shared);
            loop {
                if guard.quit || guard.generation != generation {
                    return;
                }
                if let Some(task) = guard.next().filter(|_| !guard.paused) {
                    let running = Running {
                        done: 0,
                        total: 1,
                        started: Instant::now(),
                        partial: None,
                        readout: None,
                    };
                    guard.cancel = false;
                    guard.states.insert(task.key.clone(), State::Running(running));
                    break task;
                }
                guard = shared.1.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
        };
        changed();
        let result = catch_unwind(AssertUnwindSafe(|| perform(&task, context, shared, changed)))
            .unwrap_or_else(|panic| {
                Err(Error::new("the computation broke down", panic_text(&*panic))
                    .hint("try --device cpu"))
            });
        let mut guard = lock(shared);
        if guard.generation == generation {
            land(&task.key, result, &mut guard);
        }
        drop(guard);
        changed();
    }
}

/// Puts a result where the window finds it, if it is still wanted.
fn land(key: &Key, result: Result<State>, shared: &mut Shared) {
    let cancelled = shared.cancelled.take_if(|cancelled| cancelled == key).is_some();
    let cancelled = cancelled || shared.cancel;
    let state = match result.unwrap_or_else(|e| State::Failed(e.to_string())) {
        // Work that ended because nobody wanted it, and is wanted again by now, begins anew.
        State::Stopped(_) if !cancelled => None,
        // Work too short to hear of a cancel: nothing follows from it.
        State::Map(attribution) if cancelled => {
            Some(State::Stopped(Some(Partial::of(&attribution))))
        }
        State::Prediction(_)
        | State::Pace
        | State::Curves(..)
        | State::Similarity(_)
        | State::Layer(_)
            if cancelled =>
        {
            Some(State::Stopped(None))
        }
        state => Some(state),
    };
    match state.filter(|_| shared.is_wanted(key)) {
        Some(state) => {
            shared.states.insert(key.clone(), state);
            shared.finished.push_back(key.clone());
        }
        None => drop(shared.states.remove(key)),
    }
}
