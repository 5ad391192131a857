//! The worker: one thread that computes what the window wants to show.
//!
//! The window says every frame what it wants; the worker takes the first thing that is not there
//! yet. Work whose result is no longer wanted is cancelled and never lands.

mod thread;

use super::compute::Context;
use super::document::{MethodChoice, OpenModel, OpenPicture};
use super::priority::lower_this_thread;
use crate::attribution::{Attribution, Cache, Target};
use crate::graph::NodeId;
use crate::model::Prediction;
use crate::progress::Flow;
use crate::score::{Curves, Measured, Sequence};
use image::RgbaImage;
use ndarray::{Array2, Array3};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// What a piece of work gives, by everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Prediction {
        model: u64,
        picture: u64,
    },
    /// How fast the network runs.
    Pace {
        model: u64,
    },
    Map(MapKey),
    Curves(MapKey),
    /// How alike two maps are.
    Similarity(MapKey, MapKey),
    /// What a node of a network holds, and how a class depends on it.
    Layer {
        model: u64,
        picture: u64,
        target: usize,
        node: NodeId,
    },
}

/// Everything that a map depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MapKey {
    pub model: u64,
    pub picture: u64,
    pub target: usize,
    pub method: &'static str,
    /// Parameters as JSON.
    pub values: String,
    /// The session's other pictures, where the parameters ask for them.
    pub others: Vec<u64>,
    pub seed: u64,
}

/// A piece of work.
#[derive(Clone)]
pub struct Task {
    pub key: Key,
    pub model: OpenModel,
    pub picture: OpenPicture,
    /// The method, for maps and curves.
    pub method: Option<MethodChoice>,
    /// The session's other pictures, where the method asks for them.
    pub others: Vec<OpenPicture>,
}

/// What one network makes of one picture.
#[derive(Debug)]
pub struct Seen {
    /// The picture as the network sees it.
    pub image: Arc<RgbaImage>,
    /// All classes, most probable first.
    pub predictions: Vec<Prediction>,
    pub pixels: Array3<f32>,
}

impl Seen {
    /// The class that a choice means here; none if the network has no such class.
    pub fn class(&self, target: Target) -> Option<usize> {
        match target {
            Target::Top1 => Some(self.predictions[0].class),
            Target::Class(class) => (class < self.predictions.len()).then_some(class),
        }
    }

    /// Scores of a class.
    pub fn prediction(&self, class: usize) -> Option<&Prediction> {
        self.predictions.iter().find(|prediction| prediction.class == class)
    }
}

/// How far a piece of work is.
#[derive(Clone)]
pub enum State {
    Running(Running),
    /// Cancelled by the person, with what there was.
    Stopped(Option<Partial>),
    Failed(String),
    Prediction(Arc<Seen>),
    Pace,
    Map(Arc<Attribution>),
    /// With the pictures that they are of.
    Curves(Arc<Curves>, Arc<Sequence>),
    Similarity(Similarity),
    Layer(Arc<Vec<Channel>>),
}

/// One channel of a layer.
#[derive(Debug)]
pub struct Channel {
    pub index: usize,
    /// Σ activation × gradient: what the class's logit would lose without it, to first order.
    pub contribution: f32,
    pub activation: Array2<f32>,
    /// Of the class's logit.
    pub gradient: Array2<f32>,
}

/// How alike two maps are, signed and as computed.
#[derive(Debug, Clone, Copy)]
pub struct Similarity {
    pub spearman: Measured,
    /// Of each map divided by its largest magnitude.
    pub ssim: Measured,
}

/// A map that was not finished.
#[derive(Clone)]
pub struct Partial {
    pub map: Arc<Array3<f32>>,
    /// Samples done and wanted.
    pub samples: Option<(usize, usize)>,
}

/// Work in the making.
#[derive(Clone)]
pub struct Running {
    pub done: usize,
    pub total: usize,
    pub started: Instant,
    pub partial: Option<Arc<Array3<f32>>>,
    /// How near the map is to its limit: what is measured, and its value.
    pub readout: Option<(&'static str, f64)>,
}

impl Running {
    /// Estimated seconds to the end.
    pub fn remaining(&self) -> Option<f64> {
        let elapsed = self.started.elapsed().as_secs_f64();
        (self.done > 0).then(|| elapsed / self.done as f64 * (self.total - self.done) as f64)
    }
}

#[derive(Default)]
pub(super) struct Shared {
    wanted: Vec<Task>,
    pub states: HashMap<Key, State>,
    /// Finished results, oldest first, to be forgotten when there are too many.
    finished: VecDeque<Key>,
    cancel: bool,
    /// One piece of work that is to end.
    cancelled: Option<Key>,
    paused: bool,
    quit: bool,
    /// Counts the threads: what one that was left behind finds does not count.
    generation: usize,
}

/// Memory for results that are not on screen.
const KEPT_BYTES: usize = 128 << 20;

/// The worker's handle. Dropping it ends the thread after its current batch.
pub struct Worker {
    shared: Arc<(Mutex<Shared>, Condvar)>,
    cache: Option<Cache>,
    changed: Arc<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

/// What closing the window waits for a batch to end; the process ends then all the same.
const LAST_BATCH: Duration = Duration::from_secs(10);

impl Worker {
    /// Starts the thread; `changed` is called when there is something new to show.
    /// Maps that take long are kept in `cache`.
    pub fn start(cache: Option<Cache>, changed: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let mut worker = Self { shared, cache, changed: Arc::new(changed), thread: None };
        worker.start_thread(0);
        worker
    }

    fn start_thread(&mut self, generation: usize) {
        let (shared, changed) = (self.shared.clone(), self.changed.clone());
        let cache = self.cache.clone();
        let thread = std::thread::Builder::new().name("worker".into()).spawn(move || {
            lower_this_thread();
            thread::work(&mut Context::new(cache), generation, &shared, &*changed);
        });
        self.thread = Some(thread.expect("the system can start a thread"));
    }

    /// Leaves the thread behind where a device holds it for good; another one does its work.
    pub fn leave_held(&mut self, is_held: impl FnOnce(ThreadId) -> bool) {
        if !self.thread.as_ref().is_some_and(|thread| is_held(thread.thread().id())) {
            return;
        }
        let generation = {
            let mut shared = lock(&self.shared);
            shared.generation += 1;
            shared.states.retain(|_, state| !matches!(state, State::Running(_)));
            shared.generation
        };
        self.start_thread(generation);
    }

    /// Says what is wanted, most urgent first.
    pub fn want(&self, mut tasks: Vec<Task>) {
        let mut keys = HashSet::new();
        tasks.retain(|task| keys.insert(task.key.clone()));
        let mut shared = lock(&self.shared);
        let changed =
            !tasks.iter().map(|task| &task.key).eq(shared.wanted.iter().map(|task| &task.key));
        if changed {
            shared.wanted = tasks;
            shared.forget_old();
            self.shared.1.notify_all();
        }
    }

    /// The state of a piece of work, if it was begun.
    pub fn state(&self, key: &Key) -> Option<State> {
        lock(&self.shared).states.get(key).cloned()
    }

    /// What one network makes of one picture, once that is known.
    pub fn seen(&self, model: u64, picture: u64) -> Option<Arc<Seen>> {
        match self.state(&Key::Prediction { model, picture })? {
            State::Prediction(seen) => Some(seen),
            _ => None,
        }
    }

    /// Wanted work that is neither finished nor stopped: the running one, and how many in all.
    pub fn open_work(&self) -> (Option<(Task, Running)>, usize) {
        let shared = lock(&self.shared);
        let open =
            |task: &&Task| matches!(shared.states.get(&task.key), None | Some(State::Running(_)));
        let running = shared.wanted.iter().find_map(|task| match shared.states.get(&task.key) {
            Some(State::Running(running)) => Some((task.clone(), running.clone())),
            _ => None,
        });
        (running, shared.wanted.iter().filter(open).count())
    }

    /// Stops all open work; what is done of a map stays.
    pub fn cancel(&self) {
        let mut shared = lock(&self.shared);
        (shared.cancel, shared.paused) = (true, false);
        self.shared.1.notify_all();
        let waiting: Vec<Key> = shared.wanted.iter().map(|task| task.key.clone()).collect();
        for key in waiting {
            shared.states.entry(key).or_insert(State::Stopped(None));
        }
    }

    /// Ends one piece of work; what is done of a map stays.
    pub fn cancel_one(&self, key: &Key) {
        let mut shared = lock(&self.shared);
        match shared.states.get(key) {
            Some(State::Running(_)) => shared.cancelled = Some(key.clone()),
            Some(_) => {}
            None => drop(shared.states.insert(key.clone(), State::Stopped(None))),
        }
        self.shared.1.notify_all();
    }

    /// Holds all work where it is, or lets it go on.
    pub fn pause(&self, paused: bool) {
        lock(&self.shared).paused = paused;
        self.shared.1.notify_all();
    }

    pub fn is_paused(&self) -> bool {
        lock(&self.shared).paused
    }

    /// Wanted work that is not finished, in the order it is done in: not begun, running, stopped or
    /// failed.
    pub fn jobs(&self) -> Vec<(Task, Option<State>)> {
        let shared = lock(&self.shared);
        let job = |task: &Task| (task.clone(), shared.states.get(&task.key).cloned());
        let is_open = |(_, state): &(Task, Option<State>)| {
            state.as_ref().is_none_or(|s| s.is_unfinished() || matches!(s, State::Running(_)))
        };
        shared.wanted.iter().map(job).filter(is_open).collect()
    }

    /// True when some wanted work was stopped or failed.
    pub fn can_resume(&self) -> bool {
        let shared = lock(&self.shared);
        let ended = |task: &Task| shared.states.get(&task.key).is_some_and(State::is_unfinished);
        shared.wanted.iter().any(ended)
    }

    /// Begins stopped and failed work anew.
    pub fn resume(&self) {
        let mut shared = lock(&self.shared);
        (shared.cancel, shared.paused) = (false, false);
        shared.states.retain(|_, state| !state.is_unfinished());
        let Shared { finished, states, .. } = &mut *shared;
        finished.retain(|key| states.contains_key(key));
        self.shared.1.notify_all();
    }
}

impl State {
    /// Stopped or failed: ended without what was wanted.
    fn is_unfinished(&self) -> bool {
        matches!(self, State::Stopped(_) | State::Failed(_))
    }

    /// Memory that a result holds, about.
    fn bytes(&self) -> usize {
        match self {
            State::Map(attribution) => 4 * attribution.map.len(),
            State::Stopped(Some(partial)) => 4 * partial.map.len(),
            State::Curves(_, sequence) => sequence.bytes(),
            State::Layer(channels) => {
                channels.iter().map(|channel| 8 * channel.activation.len()).sum()
            }
            State::Prediction(seen) => {
                4 * seen.pixels.len() + seen.image.len() + 64 * seen.predictions.len()
            }
            _ => 256,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.shared).quit = true;
        self.shared.1.notify_all();
        let Some(thread) = self.thread.take() else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < LAST_BATCH {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Shared {
    fn next(&self) -> Option<Task> {
        self.wanted.iter().find(|task| !self.states.contains_key(&task.key)).cloned()
    }

    /// Whether work that runs is to end.
    fn is_unwanted(&self, key: &Key) -> bool {
        let is_cancelled = self.cancel || self.cancelled.as_ref() == Some(key);
        self.quit || is_cancelled || !self.is_wanted(key)
    }

    fn is_wanted(&self, key: &Key) -> bool {
        self.wanted.iter().any(|task| task.key == *key)
    }

    /// Forgets the oldest results that nobody wants, until the rest fits its memory.
    fn forget_old(&mut self) {
        let wanted: HashSet<&Key> = self.wanted.iter().map(|task| &task.key).collect();
        let size = |key: &Key| self.states.get(key).map_or(0, State::bytes);
        let mut held: usize = self.finished.iter().map(size).sum();
        let (mut kept, mut forgotten) = (VecDeque::new(), Vec::new());
        for key in &self.finished {
            if held > KEPT_BYTES && !wanted.contains(key) {
                held -= size(key);
                forgotten.push(key.clone());
            } else {
                kept.push_back(key.clone());
            }
        }
        for key in forgotten {
            self.states.remove(&key);
        }
        self.finished = kept;
    }
}

pub(super) fn lock(shared: &(Mutex<Shared>, Condvar)) -> MutexGuard<'_, Shared> {
    // A panic inside a task is caught before it could poison the lock.
    shared.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// How far a piece of work came.
pub(super) struct Step {
    pub done: usize,
    pub total: usize,
    pub partial: Option<Arc<Array3<f32>>>,
    pub readout: Option<(&'static str, f64)>,
}

impl Partial {
    pub(super) fn of(attribution: &Attribution) -> Self {
        Self { map: attribution.map.clone(), samples: attribution.samples }
    }
}

/// Notes progress, and waits while work is paused; says whether it is still wanted.
pub(super) fn advance(
    key: &Key,
    step: Step,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) -> Flow {
    let mut guard = lock(shared);
    if let Some(State::Running(running)) = guard.states.get_mut(key) {
        (running.done, running.total) = (step.done, step.total);
        running.partial = step.partial.or(running.partial.take());
        running.readout = step.readout.or(running.readout);
    }
    loop {
        if guard.is_unwanted(key) {
            return Flow::Cancel;
        }
        if !guard.paused {
            break;
        }
        let waiting = Instant::now();
        guard = shared.1.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(State::Running(running)) = guard.states.get_mut(key) {
            // Pauses are no work.
            running.started += waiting.elapsed();
        }
    }
    drop(guard);
    changed();
    Flow::Continue
}
