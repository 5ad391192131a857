//! What the worker computes: predictions, maps, curves, likenesses.

use super::document::OpenPicture;
use super::work::{
    Channel, Key, MapKey, Partial, Seen, Shared, Similarity, State, Step, Task, advance, lock,
};
use crate::attribution::{self, Cache, Explained, Passes, Progress};
use crate::error::{Error, Result};
use crate::graph::{NodeId, Rules, read_back};
use crate::model::Model;
use crate::picture::to_rgb;
use crate::score;
use image::DynamicImage;
use ndarray::{Array3, Axis};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Channels of a layer that are shown.
const STRONGEST: usize = 16;
/// Pause between partial maps, so that refining costs little.
const REFRESH: Duration = Duration::from_millis(150);

/// What stays with the worker from one map to the next.
#[derive(Default)]
pub(super) struct Context {
    cache: Option<Cache>,
    /// The passes that methods share, of the network, picture and class that maps were last made of.
    passes: Rc<Passes>,
    of: Option<(u64, u64, usize)>,
}

impl Context {
    /// Maps that take long are kept in `cache`.
    pub fn new(cache: Option<Cache>) -> Self {
        Self { cache, ..Self::default() }
    }

    fn passes(&mut self, key: &MapKey) -> Rc<Passes> {
        let of = Some((key.model, key.picture, key.target));
        if self.of != of {
            (self.of, self.passes) = (of, Rc::default());
        }
        self.passes.clone()
    }
}

/// Does a piece of work.
///
/// # Errors
/// When it can't be done.
pub(super) fn perform(
    task: &Task,
    context: &mut Context,
    shared: &(Mutex<Shared>, Condvar),
    changed: &dyn Fn(),
) -> Result<State> {
    match &task.key {
        Key::Prediction { .. } => predict(task),
        Key::Pace { .. } => task.model.value.surviving(Model::measure_pace).map(|_| State::Pace),
        Key::Map(key) => explain(task, key, context, shared, changed),
        Key::Curves(key) => curves(task, key, shared, changed),
        Key::Similarity(first, second) => Ok(similarity([first, second], shared)),
        Key::Layer { target, node, .. } => {
            task.model.value.surviving(|model| layer(task, model, *target, *node))
        }
    }
}

fn predict(task: &Task) -> Result<State> {
    let model = &task.model.value;
    let pixels = task.picture.value.pixels(&model.preprocessing)?;
    let image = DynamicImage::from(to_rgb(&pixels)).into_rgba8();
    let predictions = model.classify(&pixels)?;
    Ok(State::Prediction(Arc::new(Seen { image: Arc::new(image), predictions, pixels })))
}

/// The channels of a layer that contribute most to a class, the strongest first.
fn layer(task: &Task, model: &Model, target: usize, node: NodeId) -> Result<State> {
    let graph = &model.graph;
    let pixels = task.picture.value.pixels(&model.preprocessing)?;
    let tape = graph.forward(model.tensor(&pixels));
    let activation = tape.value(node);
    let [_, channels, height, width] = activation.dims();
    let gradient = graph.gradients(&tape, &[target], &[node], &Rules::Gradient).remove(0);
    let planes = |values: Vec<f32>| Array3::from_shape_vec((channels, height, width), values);
    let [activation, gradient] = [planes(read_back(activation)?), planes(read_back(gradient)?)]
        .map(|planes| planes.expect("a tensor has as many values as its shape"));
    let channel = |index: usize| {
        let plane = |planes: &Array3<f32>| planes.index_axis(Axis(0), index).to_owned();
        let (activation, gradient) = (plane(&activation), plane(&gradient));
        let contribution = (&activation * &gradient).sum();
        Channel { index, contribution, activation, gradient }
    };
    let mut found: Vec<Channel> = (0..channels).map(channel).collect();
    found.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    found.truncate(STRONGEST);
    Ok(State::Layer(Arc::new(found)))
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
    let found = score::rise_curves(model, &seen.pixels, &map, &mut watch)?;
    let done = |(curves, sequence)| State::Curves(Arc::new(curves), Arc::new(sequence));
    Ok(found.map_or(State::Stopped(None), done))
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
