//! What is explained, and the passes that methods share of it.

use crate::graph::{NodeId, Tape};
use crate::model::Model;
use burn::tensor::Tensor;
use ndarray::Array3;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

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
    /// Background pictures: the session's others, as the network's input, for methods that use
    /// them.
    pub background: &'a [Array3<f32>],
    pub passes: Rc<Passes>,
}

/// Plain passes of one picture for one class, each computed when first needed.
#[derive(Default)]
pub struct Passes {
    pub tape: OnceCell<Tape>,
    pub gradients: RefCell<BTreeMap<NodeId, Tensor<4>>>,
}

impl<'a> Explained<'a> {
    pub fn new(
        model: &'a Model,
        pixels: &'a Array3<f32>,
        sha256: &'a str,
        target: usize,
        seed: u64,
    ) -> Self {
        Self { model, pixels, sha256, target, seed, background: &[], passes: Rc::default() }
    }

    /// The same with passes that earlier work on the same picture, network and class left.
    pub fn with_passes(self, passes: Rc<Passes>) -> Self {
        Self { passes, ..self }
    }

    /// The same with background pictures.
    pub fn with_background(self, background: &'a [Array3<f32>]) -> Self {
        Self { background, ..self }
    }
}

impl<'a> Explained<'a> {
    /// The same picture for the same network on another device.
    pub fn on(&self, model: &'a Model) -> Explained<'a> {
        Explained { model, passes: Rc::default(), ..*self }
    }
}
