//! One run of one method on one picture: its inputs, its progress, its results.

use super::explained::{Explained, Passes};
use super::layer_choice::layers;
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId, Rules, Tape, read_back, settle};
use crate::model::Model;
use crate::parameter::Values;
use crate::progress::Flow;
use crate::random::RandomStream;
use burn::tensor::Tensor;
use ndarray::Array3;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How far a job is.
pub struct Progress<'a> {
    pub done: usize,
    pub total: usize,
    /// Convergence of the map: what is measured, and its value.
    pub convergence: Option<(&'static str, f64)>,
    /// The map over what is done so far.
    pub partial: &'a dyn Fn() -> Result<Array3<f32>>,
}

/// One run of a method: what to explain, how, and who watches.
pub struct Job<'a> {
    pub model: &'a Model,
    /// 1×C×H×W in [0,1].
    pub pixels: Tensor<4>,
    /// The class explained.
    pub target: usize,
    pub values: &'a Values,
    pub stream: RandomStream,
    /// Pictures to run at once.
    pub batch: usize,
    /// Background pictures: the session's others, C×H×W in [0,1].
    pub background: &'a [Array3<f32>],
    /// Told after every batch; may stop the work.
    pub watch: &'a mut dyn FnMut(&Progress) -> Flow,
    pub warnings: Vec<String>,
    /// Diagnostics to record with the map, such as the completeness error.
    pub diagnostics: BTreeMap<&'static str, f64>,
    /// Samples done and requested, for methods that sample.
    pub samples: Option<(usize, usize)>,
    /// Convergence as [`Job::advance`] reports it.
    pub convergence: Option<(&'static str, f64)>,
    /// What the device did wrong on the way.
    pub failed: Option<Error>,
    pub passes: Rc<Passes>,
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
            stream: RandomStream::new(explained.seed, method, &model.sha256, explained.sha256),
            batch: model.batch,
            background: explained.background,
            watch,
            warnings: Vec::new(),
            diagnostics: BTreeMap::new(),
            samples: None,
            convergence: None,
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
            background: self.background,
            watch,
            warnings: Vec::new(),
            diagnostics: BTreeMap::new(),
            samples: None,
            convergence: None,
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

    /// Reports a finished batch; returns whether to continue. After a cancel the method returns
    /// what it has.
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
        let progress = Progress { done, total, convergence: self.convergence, partial };
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
    /// methods. The pass to the pixels also yields the one at the usual CAM layer.
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
