//! Opening networks: weights files, model cards, architectures, labels, devices.

pub mod architecture;
mod batch_norm;
pub mod card;
pub mod device;
mod labels;
pub mod onnx;
mod pytorch;
mod safetensors;
mod state_dict;
mod stored;
mod weights;

pub use batch_norm::BatchNorms;
pub use card::{Card, TrainingCard};
pub use device::{ComputeDevice, DeviceChoice};
pub use labels::Labels;
pub use weights::{EXTENSIONS, WeightTensor, Weights};

use crate::error::{Error, Result, one_line};
use crate::file::{extension, stem};
use crate::graph::Graph;
use crate::picture::Preprocessing;
use burn::tensor::{Tensor, TensorData, activation};
use ndarray::Array3;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A classifier ready to run, with what it takes and what its outputs are called.
#[derive(Debug)]
pub struct Model {
    pub name: String,
    /// The file that was opened: a card or weights.
    pub path: PathBuf,
    /// Name of the architecture for people.
    pub architecture: &'static str,
    pub graph: Graph,
    pub preprocessing: Preprocessing,
    pub labels: Labels,
    pub training: Option<TrainingCard>,
    /// SHA-256 of the weights file, in hexadecimal.
    pub sha256: String,
    /// What was guessed and may be wrong.
    pub warnings: Vec<String>,
    /// Pictures to run at once; a result never depends on it beyond float noise.
    pub batch: usize,
}

/// A class with its scores for one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    pub class: usize,
    pub label: String,
    pub logit: f32,
    pub probability: f32,
}

impl Model {
    /// Opens a model card (`.toml`) or a weights file ([`EXTENSIONS`]) onto a device.
    ///
    /// # Errors
    /// With the one thing that is wrong with the card, the weights or their fit.
    pub fn open(path: &Path, device: &ComputeDevice) -> Result<Self> {
        let card = match extension(path).as_str() {
            "toml" => Card::read(path)?,
            weights if EXTENSIONS.contains(&weights) => Card::beside(path)?,
            _ => {
                let why =
                    format!("its name ends neither in .toml nor in .{}", EXTENSIONS.join(", ."));
                return Err(Error::new(format!("cannot open model {}", path.display()), why));
            }
        };
        let weights = Weights::read(&card.weights)?;
        Self::assemble(path, card, &weights, device)
            .map_err(|e| Error::new(format!("cannot open model {}", path.display()), e))
    }

    /// True for the names of files that [`Model::open`] takes.
    pub fn is_model_file(path: &Path) -> bool {
        let extension = extension(path);
        extension == "toml" || EXTENSIONS.contains(&extension.as_str())
    }

    fn assemble(
        path: &Path,
        card: Card,
        weights: &Weights,
        device: &ComputeDevice,
    ) -> Result<Self> {
        let architecture = architecture::find(card.architecture.as_deref(), weights)?;
        let mut defaults = architecture.input(weights);
        if let Some([mean, std]) = &weights.normalisation {
            defaults.preprocessing.mean.clone_from(mean);
            defaults.preprocessing.std.clone_from(std);
            defaults.normalisation_guessed = false;
        }
        let mut warnings = Vec::new();
        if defaults.normalisation_guessed && card.input.mean.is_none() {
            warnings.push(format!(
                "mean {:?} and std {:?} are guessed; a model card beside the weights can set them",
                defaults.preprocessing.mean, defaults.preprocessing.std
            ));
        }
        let default_labels = defaults.labels;
        let preprocessing = architecture::corrected(defaults, &card.input).validated()?;
        let graph = architecture.lay(weights, &preprocessing, &device.device)?;
        let batch = device.batch(&graph);
        let labels = match &card.input.labels {
            Some(name) => {
                Labels::built_in(name).map_or_else(|| Labels::read(&beside(path, name)), Ok)?
            }
            None => default_labels
                .and_then(Labels::built_in)
                .filter(|labels| labels.len() == graph.classes())
                .unwrap_or_else(|| Labels::for_classes(graph.classes())),
        };
        if labels.len() != graph.classes() {
            warnings.push(format!(
                "{} labels for {} classes: names may be wrong",
                labels.len(),
                graph.classes()
            ));
        }
        Ok(Self {
            name: one_line(&card.name.unwrap_or_else(|| stem(path))),
            path: path.to_path_buf(),
            architecture: architecture.name,
            graph,
            preprocessing,
            labels,
            training: card.training,
            sha256: weights.sha256.clone(),
            warnings,
            batch,
        })
    }

    /// Puts one picture (C×H×W, [0,1]) on the model's device, as 1×C×H×W.
    pub fn tensor(&self, pixels: &Array3<f32>) -> Tensor<4> {
        let (channels, height, width) = pixels.dim();
        let values: Vec<f32> = pixels.iter().copied().collect();
        let data = TensorData::new(values, [1, channels, height, width]);
        Tensor::from_data(data, self.graph.device())
    }

    /// The mean colour, 1×C×1×1: zero to the network.
    pub fn mean_colour(&self) -> Tensor<4> {
        let mean = self.preprocessing.mean.clone();
        let data = TensorData::new(mean, [1, self.preprocessing.channels, 1, 1]);
        Tensor::from_data(data, self.graph.device())
    }

    /// All classes of one picture (1×C×H×W, [0,1]), most probable first.
    ///
    /// # Errors
    /// When a logit is not finite, or the device failed.
    pub fn predict(&self, pixels: Tensor<4>) -> Result<Vec<Prediction>> {
        let logits = self.graph.logits(pixels);
        let probabilities = host(activation::softmax(logits.clone(), 1))?;
        let logits = host(logits)?;
        if let Some(logit) = logits.iter().find(|logit| !logit.is_finite()) {
            let why = format!("a logit is {logit}");
            return Err(Error::new(format!("{} overflowed", self.name), why)
                .hint("check mean and std, and where the weights come from"));
        }
        let mut classes: Vec<usize> = (0..logits.len()).collect();
        classes.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
        let predictions = classes.into_iter().map(|class| Prediction {
            class,
            label: self.labels.name(class).to_string(),
            logit: logits[class],
            probability: probabilities[class],
        });
        Ok(predictions.collect())
    }
}

/// Values of a tensor, on the host, in row-major order.
///
/// # Errors
/// When the device failed while computing them.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.try_into_vec_as::<f32>().map_err(|e| {
        Error::new("the device failed to compute", format!("{e:?}")).hint("try --device cpu")
    })
}

fn beside(card: &Path, name: &str) -> PathBuf {
    card.parent().unwrap_or(Path::new("")).join(name)
}
