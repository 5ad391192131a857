//! The worker: one thread that computes what the window asks for.
//!
//! The window says every frame what it would show; the worker takes the first that is not there
//! yet. Work whose result is no longer asked for is cancelled, and its result is dropped.

mod queue;
mod task;
mod thread;

pub use task::Task;

use super::results::{AnyState, Key, Results, Running, State, Stored};
use super::thread_priority::lower_this_thread;
use crate::attribution::Cache;
use crate::engine::job::Kept;
use queue::{Queue, Shared};
use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// What closing the window waits for a batch to end; the process ends then all the same.
const LAST_BATCH: Duration = Duration::from_secs(10);

/// The worker's handle. Dropping it ends the thread after its current batch.
pub struct Worker {
    shared: Arc<Shared>,
    cache: Option<Cache>,
    changed: Arc<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread; `changed` is called when there is something new to show.
    /// Maps that take long are kept in `cache`.
    pub fn start(cache: Option<Cache>, changed: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Arc::default();
        let mut worker = Self { shared, cache, changed: Arc::new(changed), thread: None };
        worker.start_thread(0);
        worker
    }

    fn start_thread(&mut self, generation: usize) {
        let (shared, changed) = (self.shared.clone(), self.changed.clone());
        let cache = self.cache.clone();
        let thread = std::thread::Builder::new().name("worker".into()).spawn(move || {
            lower_this_thread();
            thread::work(&mut Kept::new(cache), generation, &shared, &*changed);
        });
        self.thread = Some(thread.expect("the system can start a thread"));
    }

    /// Leaves the thread behind where a device holds it for good; another one does its work.
    pub fn leave_held(&mut self, is_held: impl FnOnce(ThreadId) -> bool) {
        if !self.thread.as_ref().is_some_and(|thread| is_held(thread.thread().id())) {
            return;
        }
        let generation = {
            let mut queue = self.shared.lock();
            queue.generation += 1;
            queue.results.0.retain(|_, stored| !matches!(stored.state, State::Running(_)));
            queue.generation
        };
        self.start_thread(generation);
    }

    /// Says what is asked for, most urgent first.
    pub fn request(&self, mut tasks: Vec<Task>) {
        let mut keys = HashSet::new();
        tasks.retain(|task| keys.insert(task.key().clone()));
        let mut queue = self.shared.lock();
        if !tasks.iter().map(Task::key).eq(queue.requests.iter().map(Task::key)) {
            queue.requests = tasks;
            queue.forget_old();
            self.shared.signal.notify_all();
        }
    }

    /// All results as they are now.
    pub fn results(&self) -> Results {
        self.shared.lock().results.clone()
    }

    /// Work that is asked for and neither finished nor stopped: the running one, and how many in
    /// all.
    pub fn open_work(&self) -> (Option<(Task, Running)>, usize) {
        let queue = self.shared.lock();
        let running = queue.requests.iter().find_map(|task| match queue.state(task) {
            Some(State::Running(running)) => Some((task.clone(), running.clone())),
            _ => None,
        });
        let is_open = |task: &&Task| matches!(queue.state(task), None | Some(State::Running(_)));
        (running, queue.requests.iter().filter(is_open).count())
    }

    /// Stops all open work; what is done of a map stays.
    pub fn cancel(&self) {
        let mut queue = self.shared.lock();
        (queue.cancel, queue.paused) = (true, false);
        self.shared.signal.notify_all();
        let waiting: Vec<Key> = queue.requests.iter().map(|task| task.key().clone()).collect();
        for key in waiting {
            queue.results.0.entry(key).or_insert_with(Stored::stopped);
        }
    }

    /// Ends one piece of work; what is done of a map stays.
    pub fn cancel_one(&self, key: &Key) {
        let mut queue = self.shared.lock();
        match queue.results.state(key) {
            Some(State::Running(_)) => queue.cancelled = Some(key.clone()),
            Some(_) => {}
            None => drop(queue.results.0.insert(key.clone(), Stored::stopped())),
        }
        self.shared.signal.notify_all();
    }

    /// Holds all work where it is, or lets it go on.
    pub fn pause(&self, paused: bool) {
        self.shared.lock().paused = paused;
        self.shared.signal.notify_all();
    }

    pub fn is_paused(&self) -> bool {
        self.shared.lock().paused
    }

    /// Work that is asked for and not finished, in the order it is done in: not begun, running,
    /// stopped or failed.
    pub fn jobs(&self) -> Vec<(Task, Option<AnyState>)> {
        let queue = self.shared.lock();
        let job = |task: &Task| (task.clone(), queue.state(task).cloned());
        let is_open = |(_, state): &(Task, Option<AnyState>)| {
            state.as_ref().is_none_or(|s| s.is_unfinished() || matches!(s, State::Running(_)))
        };
        queue.requests.iter().map(job).filter(is_open).collect()
    }

    /// True when some work that is asked for was stopped or failed.
    pub fn can_resume(&self) -> bool {
        let queue = self.shared.lock();
        queue.requests.iter().any(|task| queue.state(task).is_some_and(AnyState::is_unfinished))
    }

    /// Begins stopped and failed work anew.
    pub fn resume(&self) {
        self.resume_where(|_| true);
    }

    /// Begins one piece of stopped or failed work anew.
    pub fn resume_one(&self, key: &Key) {
        self.resume_where(|other| other == key);
    }

    fn resume_where(&self, is_wanted: impl Fn(&Key) -> bool) {
        let mut queue = self.shared.lock();
        (queue.cancel, queue.paused) = (false, false);
        queue.results.0.retain(|key, stored| !(stored.state.is_unfinished() && is_wanted(key)));
        let Queue { finished, results, .. } = &mut *queue;
        finished.retain(|key| results.0.contains_key(key));
        self.shared.signal.notify_all();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.lock().quit = true;
        self.shared.signal.notify_all();
        let Some(thread) = self.thread.take() else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < LAST_BATCH {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
