//! One run of one method on one picture: what it gets, what it tells, what comes of it.

use super::{Cache, Description, Fitted, Method, Sign, fitted};
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId, Rules, Tape, read_back, settle};
use crate::model::Model;
use crate::parameter::{Kind, Value, Values};
use crate::progress::Flow;
use crate::random::Stream;
use burn::tensor::Tensor;
use ndarray::Array3;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How far a job is.
pub struct Progress<'a> {
    pub done: usize,
    pub total: usize,
    /// How near the map is to its limit: what is measured, and its value.
    pub readout: Option<(&'static str, f64)>,
    /// The map over what is done so far.
    pub partial: &'a dyn Fn() -> Result<Array3<f32>>,
}

/// What is explained: a picture as a network takes it, and a class. It keeps the passes that
/// methods share, so one `Explained` serves all methods of a picture.
pub struct Explained<'a> {
    pub model: &'a Model,
    /// C×H×W in [0,1].
    pub pixels: &'a Array3<f32>,
    /// SHA-256 of the picture's file, which picks the random stream.
    pub sha256: &'a str,
    pub target: usize,
    /// The user's seed.
    pub seed: u64,
    /// The session's other pictures, as the network takes them: backgrounds for those who ask.
    pub others: &'a [Array3<f32>],
    passes: Rc<Passes>,
}

/// Plain passes of one picture for one class, each computed when first needed.
#[derive(Default)]
pub struct Passes {
    tape: OnceCell<Tape>,
    gradients: RefCell<BTreeMap<NodeId, Tensor<4>>>,
}

impl<'a> Explained<'a> {
    pub fn new(
        model: &'a Model,
        pixels: &'a Array3<f32>,
        sha256: &'a str,
        target: usize,
        seed: u64,
    ) -> Self {
        Self { model, pixels, sha256, target, seed, others: &[], passes: Rc::default() }
    }

    /// The same with passes that earlier work on the same picture, network and class left.
    pub fn with_passes(self, passes: Rc<Passes>) -> Self {
        Self { passes, ..self }
    }

    /// The same with the session's other pictures.
    pub fn with_others(self, others: &'a [Array3<f32>]) -> Self {
        Self { others, ..self }
    }
}

/// One run of a method: what to explain, how, and who watches.
pub struct Job<'a> {
    pub model: &'a Model,
    /// 1×C×H×W in [0,1].
    pub pixels: Tensor<4>,
    /// The class explained.
    pub target: usize,
    pub values: &'a Values,
    pub stream: Stream,
    /// Pictures to run at once.
    pub batch: usize,
    /// The session's other pictures, C×H×W in [0,1].
    pub others: &'a [Array3<f32>],
    /// Told after every batch; may stop the work.
    pub watch: &'a mut dyn FnMut(&Progress) -> Flow,
    pub warnings: Vec<String>,
    /// Numbers worth recording with the map, such as the completeness error.
    pub facts: BTreeMap<&'static str, f64>,
    /// Samples done and wanted, for methods that sample.
    pub samples: Option<(usize, usize)>,
    /// What [`Job::advance`] tells of how near the map is to its limit.
    pub readout: Option<(&'static str, f64)>,
    /// What the device did wrong on the way.
    failed: Option<Error>,
    passes: Rc<Passes>,
}

impl<'a> Job<'a> {
    /// A run of the method called `method`.
    pub fn new(
        explained: &'a Explained,
        method: &str,
        values: &'a Values,
        watch: &'a mut dyn FnMut(&Progress) -> Flow,
    ) -> Self {
        let model = explained.model;
        Self {
            model,
            pixels: model.tensor(explained.pixels),
            target: explained.target,
            values,
            stream: Stream::new(explained.seed, method, &model.sha256, explained.sha256),
            batch: model.batch,
            others: explained.others,
            watch,
            warnings: Vec::new(),
            facts: BTreeMap::new(),
            samples: None,
            readout: None,
            failed: None,
            passes: explained.passes.clone(),
        }
    }

    /// A run of another method on other pixels (1×C×H×W) as a part of this one.
    pub fn within<'b>(
        &self,
        values: &'b Values,
        pixels: Tensor<4>,
        watch: &'b mut dyn FnMut(&Progress) -> Flow,
    ) -> Job<'b>
    where
        'a: 'b,
    {
        Job {
            model: self.model,
            pixels,
            target: self.target,
            values,
            stream: self.stream,
            batch: self.batch,
            others: self.others,
            watch,
            warnings: Vec::new(),
            facts: BTreeMap::new(),
            samples: None,
            readout: None,
            failed: None,
            passes: Rc::default(),
        }
    }

    /// A part of this run on the picture itself, with the passes that it shares.
    pub fn again<'b>(&self, watch: &'b mut dyn FnMut(&Progress) -> Flow) -> Job<'b>
    where
        'a: 'b,
    {
        let passes = self.passes.clone();
        Job { passes, ..self.within(self.values, self.pixels.clone(), watch) }
    }

    /// Reports a batch done; says whether to go on. After a cancel the method returns what it has.
    pub fn advance(
        &mut self,
        done: usize,
        total: usize,
        partial: &dyn Fn() -> Result<Array3<f32>>,
    ) -> Flow {
        self.samples = Some((done, total));
        // Progress is of work done, not of work handed to a GPU.
        if let Err(failed) = settle(&self.pixels.device()) {
            self.failed = Some(failed);
            return Flow::Cancel;
        }
        let progress = Progress { done, total, readout: self.readout, partial };
        (self.watch)(&progress)
    }

    /// The nodes that a layer parameter names, or the usual CAM layer.
    ///
    /// # Errors
    /// When the network has no such node, or the node has no places.
    pub fn layers(&self, id: &str) -> Result<Vec<NodeId>> {
        layers(self.model, self.values, id)
    }

    /// Every node's value for the picture itself, shared with other methods.
    pub fn tape(&self) -> Tape {
        self.passes.tape.get_or_init(|| self.model.graph.forward(self.pixels.clone())).clone()
    }

    /// The plain gradient of the class's logit at a node for the picture itself, shared with other
    /// methods. The walk to the pixels brings the one at the usual CAM layer along.
    pub fn gradient_at(&self, node: NodeId) -> Tensor<4> {
        if let Some(known) = self.passes.gradients.borrow().get(&node) {
            return known.clone();
        }
        let graph = &self.model.graph;
        let mut nodes = vec![node];
        if node == Graph::INPUT {
            nodes.extend(graph.default_cam_layer());
        }
        let found = graph.gradients(&self.tape(), &[self.target], &nodes, &Rules::Gradient);
        self.passes.gradients.borrow_mut().extend(nodes.into_iter().zip(found.iter().cloned()));
        found[0].clone()
    }

    /// The class's logit pulled back to the pixels by other rules, over a tape of the picture.
    pub fn input_gradient_from(&self, tape: &Tape, rules: &Rules) -> Tensor<4> {
        let graph = &self.model.graph;
        graph.gradients(tape, &[self.target], &[Graph::INPUT], rules).remove(0)
    }

    /// Gradients of the class's logit at the pixels of several pictures, N×C×H×W.
    pub fn input_gradients(&self, pixels: Tensor<4>, rules: &Rules) -> Tensor<4> {
        self.model.graph.input_gradient(pixels, self.target, rules)
    }

    /// Probabilities of the class for several pictures (N×C×H×W), in their order.
    ///
    /// # Errors
    /// When the network has no probabilities, or the device failed.
    pub fn probabilities(&self, pixels: Tensor<4>) -> Result<Vec<f32>> {
        read_back(self.model.probabilities(pixels)?.narrow(1, self.target, 1))
    }

    /// Probabilities of the class for several pictures (N×C×H×W) and their gradients at the
    /// pixels: N×1×1×1 and N×C×H×W.
    ///
    /// # Errors
    /// When the network has no probabilities.
    pub fn probability_gradients(&self, pixels: Tensor<4>) -> Result<(Tensor<4>, Tensor<4>)> {
        self.model.probability_gradients(&self.model.graph.forward(pixels), self.target)
    }

    /// Logits of the class for several pictures (N×C×H×W), in their order.
    ///
    /// # Errors
    /// When the device failed.
    pub fn logits(&self, pixels: Tensor<4>) -> Result<Vec<f32>> {
        let all = self.model.graph.logits(pixels);
        read_back(all.narrow(1, self.target, 1))
    }
}

/// A finished (or cancelled) map with its record.
#[derive(Debug, Clone)]
pub struct Attribution {
    pub method: &'static Description,
    /// C×H×W, signed, never normalised.
    pub map: Arc<Array3<f32>>,
    pub target: usize,
    pub values: Values,
    /// Of work, without what showing partial maps and pauses took.
    pub seconds: f64,
    /// Samples done and wanted; fewer done than wanted marks a partial map.
    pub samples: Option<(usize, usize)>,
    pub facts: BTreeMap<String, f64>,
    pub warnings: Vec<String>,
    /// True for a map of an earlier run that was kept.
    pub cached: bool,
}

impl Attribution {
    /// True when the work was cancelled before its end.
    pub fn is_partial(&self) -> bool {
        self.samples.is_some_and(|(done, total)| done < total)
    }
}

/// Runs a method on one picture.
///
/// A GPU that fails gets batches of half the size, and at last the work goes to the CPU; the map's
/// warnings say so.
///
/// # Errors
/// When the class is out of range, a parameter doesn't fit, or the device failed.
pub fn attribute(
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    let model = explained.model;
    check_class(model, explained.target)?;
    let Fitted { values, warnings } = &fitted(method, model, values)?;
    let mut batch = model.batch;
    let mut notice = None;
    let failed = loop {
        if let Some(why) = model.given_up() {
            break Error::device(why);
        }
        match model.caught(|| run(method, explained, values, batch, watch)) {
            Ok(mut attribution) => {
                attribution.warnings.splice(0..0, notice.into_iter().chain(warnings.clone()));
                return Ok(attribution);
            }
            Err(failed) if !model.on_gpu || !failed.is_of_device() => return Err(failed),
            Err(failed) if batch == 1 => break failed,
            Err(_) => batch = (batch / 2).max(1),
        }
        notice = Some(format!("computed in batches of {batch}: the GPU failed with larger ones"));
    };
    let cpu = model.on_cpu()?;
    let mut attribution = run(method, &explained.on(cpu), values, cpu.batch, watch)?;
    let notice = format!("computed on the CPU: {failed}");
    attribution.warnings.splice(0..0, [notice].into_iter().chain(warnings.clone()));
    Ok(attribution)
}

/// The map from the cache if it is there, or else from [`attribute`], whose whole maps it keeps.
///
/// # Errors
/// As for [`attribute`].
pub fn attribute_once(
    cache: Option<&Cache>,
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    if let Some(kept) = cache.and_then(|cache| cache.get(method, explained, values)) {
        return Ok(kept);
    }
    let attribution = attribute(method, explained, values, watch)?;
    if let Some(cache) = cache {
        cache.put(explained, &attribution);
    }
    Ok(attribution)
}

fn run(
    method: &'static dyn Method,
    explained: &Explained,
    values: &Values,
    batch: usize,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    let description = method.description();
    let start = Instant::now();
    // Whoever watches may pause the work.
    let mut watched = Duration::ZERO;
    let mut timed = |progress: &Progress| {
        let begin = Instant::now();
        let flow = watch(progress);
        watched += begin.elapsed();
        flow
    };
    let mut job = Job { batch, ..Job::new(explained, description.id, values, &mut timed) };
    let map = method.run(&mut job)?;
    if let Some(failed) = job.failed {
        return Err(failed);
    }
    job.facts.extend(job.readout);
    let mut warnings = job.warnings;
    warnings.extend(degenerate(&map, description.sign));
    let (samples, facts) = (job.samples, job.facts);
    Ok(Attribution {
        method: description,
        map: Arc::new(map),
        target: explained.target,
        values: values.clone(),
        seconds: start.elapsed().saturating_sub(watched).as_secs_f64(),
        samples,
        facts: facts.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
        warnings,
        cached: false,
    })
}

impl<'a> Explained<'a> {
    /// The same picture for the same network on another device.
    fn on(&self, model: &'a Model) -> Explained<'a> {
        Explained { model, passes: Rc::default(), ..*self }
    }
}

/// # Errors
/// When the network has no such class.
pub fn check_class(model: &Model, class: usize) -> Result<()> {
    let classes = model.graph.classes();
    match class < classes {
        true => Ok(()),
        false => Err(Error::new(
            format!("class {class} is out of range"),
            format!("{} has {classes} classes, 0 to {}", model.name, classes - 1),
        )),
    }
}

/// The values with every layer by its node's name, the default one too, as records need it.
///
/// # Errors
/// When the network has no such node, or the node has no places.
pub(super) fn with_layers(method: &dyn Method, model: &Model, values: &Values) -> Result<Values> {
    let mut named = values.clone();
    for parameter in method.description().parameters {
        if matches!(parameter.kind, Kind::Layer) {
            let nodes = layers(model, values, parameter.id)?;
            let names: Vec<_> =
                nodes.iter().map(|id| model.graph.node(*id).name.as_str()).collect();
            named.insert(parameter.id, Value::Layer(Some(names.join(","))));
        }
    }
    Ok(named)
}

fn layers(model: &Model, values: &Values, id: &str) -> Result<Vec<NodeId>> {
    find_layers(&model.graph, values.layer(id)).map_err(|(name, why)| {
        Error::new(format!("cannot use layer `{name}` of {}", model.name), why)
            .hint("`hyaline inspect` lists the nodes")
    })
}

/// The nodes called `names`, with commas, or the usual CAM layer.
///
/// # Errors
/// With the name that cannot be used, and why.
pub(super) fn find_layers(
    graph: &Graph,
    names: Option<&str>,
) -> Result<Vec<NodeId>, (String, &'static str)> {
    let usable = |name: &str| match graph.find(name) {
        None => Err((name.into(), "the network has no such node")),
        Some(node) if !graph.has_places(node) => Err((name.into(), without_places(graph, node))),
        Some(node) => Ok(node),
    };
    let Some(names) = names else {
        let found = graph.default_cam_layer().map(|node| vec![node]);
        let why = "no layer's values have rows and columns of the picture: class activation maps need a convolution's or its like";
        return found.ok_or_else(|| ("auto".into(), why));
    };
    // A name may hold commas itself.
    match graph.find(names) {
        Some(_) => Ok(vec![usable(names)?]),
        None => names.split(',').map(|name| usable(name.trim())).collect(),
    }
}

/// Why a node is none for class activation maps.
fn without_places(graph: &Graph, node: NodeId) -> &'static str {
    match graph.node(node).shape.is_spatial() {
        false => "its value has no places",
        true => {
            "its rows and columns are no places of the picture, as those of tokens are not, or no layer has looked at it yet"
        }
    }
}

/// Why a map shows nothing, if it does.
fn degenerate(map: &Array3<f32>, sign: Sign) -> Option<String> {
    let first = map.first().copied().unwrap_or(0.0);
    if let Some(value) = map.iter().find(|value| !value.is_finite()) {
        return Some(format!("the map holds {value}: the network overflowed on this picture"));
    }
    let constant = map.iter().all(|value| *value == first);
    match constant && map.len() > 1 {
        true if first == 0.0 => {
            Some("the map is zero everywhere: the class does not depend on the picture here".into())
        }
        true => Some(format!("the map is {first} everywhere and shows no place")),
        false if sign == Sign::Positive && map.iter().all(|value| *value <= 0.0) => Some(
            "no value is positive: nothing speaks for the class here, and only what does is shown"
                .into(),
        ),
        false => None,
    }
}

/// A tensor of one sample, 1×C×H×W, as a map on the host.
pub(crate) fn to_map(tensor: Tensor<4>) -> Result<Array3<f32>> {
    let [_, channels, height, width] = tensor.dims();
    let values = read_back(tensor)?;
    Ok(Array3::from_shape_vec((channels, height, width), values).expect("a tensor's own shape"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_maps_are_named() {
        let map = |value| Array3::from_elem((1, 2, 2), value);
        let told = |map: &Array3<f32>| degenerate(map, Sign::Signed);
        assert!(told(&map(0.0)).unwrap().contains("zero"));
        assert!(told(&map(2.0)).unwrap().contains("2 everywhere"));
        assert!(told(&map(f32::NAN)).unwrap().contains("NaN"));
        let mut fine = map(0.0);
        fine[[0, 0, 0]] = 1.0;
        assert_eq!(told(&fine), None);
        fine[[0, 0, 0]] = -1.0;
        assert_eq!(told(&fine), None);
        assert!(degenerate(&fine, Sign::Positive).unwrap().contains("no value is positive"));
    }
}
