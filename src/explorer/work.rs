//! The worker: one thread that computes what the window wants to show.
//!
//! The window says every frame what it wants; the worker takes the first thing that is not there
//! yet. Work whose result is no longer wanted is cancelled and never lands.

use super::document::{MethodChoice, OpenModel, OpenPicture};
use crate::attribution::{
    self, Attribution, Cache, Explained, Flow, Passes, Progress, Stream, Target,
};
use crate::error::{Error, Result, panic_text};
use crate::model::Prediction;
use crate::picture::to_rgb;
use crate::score::{self, Curves, Measured, Protocol, Quantity, ScoreTrial, Sequence};
use image::{DynamicImage, RgbaImage};
use ndarray::Array3;
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
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
    pixels: Array3<f32>,
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
struct Shared {
    wanted: Vec<Task>,
    states: HashMap<Key, State>,
    /// Finished results, oldest first, to be forgotten when there are too many.
    finished: VecDeque<Key>,
    cancel: bool,
    quit: bool,
}

/// Memory for results that are not on screen.
const KEPT_BYTES: usize = 256 << 20;
/// Pause between partial maps, so that refining costs little.
const REFRESH: Duration = Duration::from_millis(150);

/// The worker's handle. Dropping it ends the thread after its current batch.
pub struct Worker {
    shared: Arc<(Mutex<Shared>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread; `changed` is called when there is something new to show.
    /// Maps that take long are kept in `cache`.
    pub fn start(cache: Option<Cache>, changed: impl Fn() + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("worker".into())
            .spawn(move || work(&mut Context { cache, ..Context::default() }, &of_thread, &changed))
            .expect("the system can start a thread");
        Self { shared, thread: Some(thread) }
    }

    /// Says what is wanted, most urgent first.
    pub fn want(&self, tasks: Vec<Task>) {
        let mut shared = lock(&self.shared);
        let changed =
            !tasks.iter().map(|task| &task.key).eq(shared.wanted.iter().map(|task| &task.key));
        if changed {
            shared.wanted = tasks;
            shared.forget_old();
            self.shared.1.notify_one();
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
        shared.cancel = true;
        let waiting: Vec<Key> = shared.wanted.iter().map(|task| task.key.clone()).collect();
        for key in waiting {
            shared.states.entry(key).or_insert(State::Stopped(None));
        }
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
        shared.cancel = false;
        shared.states.retain(|_, state| !state.is_unfinished());
        let Shared { finished, states, .. } = &mut *shared;
        finished.retain(|key| states.contains_key(key));
        self.shared.1.notify_one();
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
        self.shared.1.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn next(&self) -> Option<Task> {
        self.wanted.iter().find(|task| !self.states.contains_key(&task.key)).cloned()
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

fn lock(shared: &(Mutex<Shared>, Condvar)) -> MutexGuard<'_, Shared> {
    // A panic inside a task is caught before it could poison the lock.
    shared.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn work(context: &mut Context, shared: &(Mutex<Shared>, Condvar), changed: &dyn Fn()) {
    loop {
        let task = {
            let mut guard = lock(shared);
            loop {
                if guard.quit {
                    return;
                }
                if let Some(task) = guard.next() {
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
                guard = shared.1.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        };
        changed();
        let result = catch_unwind(AssertUnwindSafe(|| perform(&task, context, shared, changed)))
            .unwrap_or_else(|panic| {
                Err(Error::new("the computation broke down", panic_text(&*panic))
                    .hint("try --device cpu"))
            });
        land(&task.key, result, &mut lock(shared));
        changed();
    }
}

/// Puts a result where the window finds it, if it is still wanted.
fn land(key: &Key, result: Result<State>, shared: &mut Shared) {
    let state = match result.unwrap_or_else(|e| State::Failed(e.to_string())) {
        // Work that ended because nobody wanted it, and is wanted again by now, begins anew.
        State::Stopped(_) if !shared.cancel => None,
        // Work too short to hear of a cancel: nothing follows from it.
        State::Map(attribution) if shared.cancel => {
            Some(State::Stopped(Some(Partial::of(&attribution))))
        }
        State::Prediction(_) | State::Pace | State::Curves(..) | State::Similarity(_)
            if shared.cancel =>
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

/// What stays with the worker from one map to the next.
#[derive(Default)]
struct Context {
    cache: Option<Cache>,
    /// The passes that methods share, of the network, picture and class that maps were last made of.
    passes: Rc<Passes>,
    of: Option<(u64, u64, usize)>,
}

impl Context {
    fn passes(&mut self, key: &MapKey) -> Rc<Passes> {
        let of = Some((key.model, key.picture, key.target));
        if self.of != of {
            (self.of, self.passes) = (of, Rc::default());
        }
        self.passes.clone()
    }
}

fn perform(
    task: &Task,
    context: &mut Context,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) -> Result<State> {
    match &task.key {
        Key::Prediction { .. } => predict(task),
        Key::Pace { .. } => task.model.value.measure_pace().map(|_| State::Pace),
        Key::Map(key) => explain(task, key, context, shared, changed),
        Key::Curves(key) => curves(task, key, shared, changed),
        Key::Similarity(first, second) => Ok(similarity([first, second], shared)),
    }
}

fn predict(task: &Task) -> Result<State> {
    let model = &task.model.value;
    let pixels = task.picture.value.pixels(&model.preprocessing)?;
    let image = DynamicImage::from(to_rgb(&pixels)).into_rgba8();
    let predictions = model.predict(model.tensor(&pixels))?;
    Ok(State::Prediction(Arc::new(Seen { image: Arc::new(image), predictions, pixels })))
}

fn explain(
    task: &Task,
    key: &MapKey,
    context: &mut Context,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) -> Result<State> {
    let seen = seen(key, shared)?;
    let choice = task.method.as_ref().expect("a map has a method");
    let model = &task.model.value;
    let pixels = |picture: &OpenPicture| picture.value.pixels(&model.preprocessing);
    let others = task.others.iter().map(pixels).collect::<Result<Vec<_>>>()?;
    let sha256 = &task.picture.value.sha256;
    let explained = Explained::new(model, &seen.pixels, sha256, key.target, key.seed)
        .with_others(&others)
        .with_passes(context.passes(key));
    let mut shown = Instant::now();
    let mut before: Option<Arc<Array3<f32>>> = None;
    let mut watch = |progress: &Progress| {
        let partial = (shown.elapsed() > REFRESH && progress.done < progress.total)
            .then(|| (progress.partial)().ok().map(Arc::new))
            .flatten();
        let mut readout = progress.readout;
        if let Some(partial) = &partial {
            shown = Instant::now();
            readout = readout.or(before.as_ref().and_then(|before| change(before, partial)));
            before = Some(partial.clone());
        }
        let step = Step { done: progress.done, total: progress.total, partial, readout };
        advance(&task.key, step, shared, changed)
    };
    let attribution = attribution::attribute_once(
        context.cache.as_ref(),
        choice.method,
        &explained,
        &choice.values,
        &mut watch,
    )?;
    Ok(match attribution.is_partial() {
        true => State::Stopped(Some(Partial::of(&attribution))),
        false => State::Map(Arc::new(attribution)),
    })
}

fn curves(
    task: &Task,
    key: &MapKey,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) -> Result<State> {
    let seen = seen(key, shared)?;
    let map = match lock(shared).states.get(&Key::Map(key.clone())) {
        Some(State::Map(attribution)) => attribution.clone(),
        _ => return Ok(State::Stopped(None)),
    };
    let model = &task.model.value;
    let mut watch = |done, total| {
        let step = Step { done, total, partial: None, readout: None };
        advance(&task.key, step, shared, changed)
    };
    let mut trial = ScoreTrial {
        pixels: &seen.pixels,
        map: &map.map,
        mean_colour: &model.preprocessing.mean,
        ranking: map.method.ranking,
        score: &mut score::of_class(model, key.target, Quantity::Probability),
        batch: model.batch,
        watch: &mut watch,
    };
    let protocol = Protocol::rise(model.preprocessing.size);
    // This protocol draws nothing.
    let generator = &mut Stream::new(0, "curves", "", "").generator();
    let sequence = Sequence::of(&trial, &protocol, generator)?;
    let curves = sequence.curves(&mut trial)?;
    let done = |curves| State::Curves(Arc::new(curves), Arc::new(sequence));
    Ok(curves.map_or(State::Stopped(None), done))
}

fn similarity(keys: [&MapKey; 2], shared: &(Mutex<Shared>, Condvar)) -> State {
    let maps = keys.map(|key| match lock(shared).states.get(&Key::Map(key.clone())) {
        Some(State::Map(attribution)) => Some(attribution.map.clone()),
        _ => None,
    });
    let [Some(a), Some(b)] = maps else { return State::Stopped(None) };
    State::Similarity(Similarity {
        spearman: score::spearman(&a, &b),
        ssim: score::ssim_of_own_scale(&a, &b),
    })
}

fn seen(key: &MapKey, shared: &(Mutex<Shared>, Condvar)) -> Result<Arc<Seen>> {
    match lock(shared).states.get(&Key::Prediction { model: key.model, picture: key.picture }) {
        Some(State::Prediction(seen)) => Ok(seen.clone()),
        _ => {
            Err(Error::new("cannot explain", "the prediction was forgotten").hint("start it again"))
        }
    }
}

/// How far a piece of work came.
struct Step {
    done: usize,
    total: usize,
    partial: Option<Arc<Array3<f32>>>,
    readout: Option<(&'static str, f64)>,
}

/// How much a map changed since it was last shown, for methods that tell nothing better.
fn change(before: &Array3<f32>, now: &Array3<f32>) -> Option<(&'static str, f64)> {
    if before.dim() != now.dim() {
        return None;
    }
    let norm = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    };
    let difference = norm(&mut now.iter().zip(before).map(|(a, b)| a - b));
    let size = norm(&mut now.iter().copied());
    (size > 0.0).then_some(("relative change", difference / size))
}

impl Partial {
    fn of(attribution: &Attribution) -> Self {
        Self { map: attribution.map.clone(), samples: attribution.samples }
    }
}

/// Notes progress; says whether the work is still wanted.
fn advance(key: &Key, step: Step, shared: &(Mutex<Shared>, Condvar), changed: &dyn Fn()) -> Flow {
    let mut guard = lock(shared);
    if guard.quit || guard.cancel || !guard.is_wanted(key) {
        return Flow::Cancel;
    }
    if let Some(State::Running(running)) = guard.states.get_mut(key) {
        (running.done, running.total) = (step.done, step.total);
        running.partial = step.partial.or(running.partial.take());
        running.readout = step.readout.or(running.readout);
    }
    drop(guard);
    changed();
    Flow::Continue
}
