//! Opening networks: weights files, model cards, architectures, labels, devices.

pub mod architecture;
mod batch_norm;
pub mod card;
mod config;
pub mod device;
mod export;
mod facts;
pub mod fake_gpu;
mod fallback;
mod labels;
mod measure;
pub mod onnx;
mod open;
mod outputs;
mod pass_times;
mod probabilities;
mod pytorch;
mod reparametrised;
pub mod report;
mod safetensors;
mod shards;
mod source;
mod state_dict;
mod stored;
mod weights;
mod weights_file;

pub use batch_norm::BatchNorms;
pub use card::{Card, InputCard, OutputCard, TrainingCard};
pub use device::{ComputeDevice, DeviceChoice};
pub use fallback::caught;
pub use labels::{Followed, Labels, NamedClass};
pub use outputs::{OutputKind, Outputs};
pub use pass_times::PassTimes;
pub use report::Report;
pub use source::Source;
pub use state_dict::NetworkRequest;
pub use weights::{EXTENSIONS, WeightTensor, Weights};

use crate::error::{Error, Result};
use crate::file::extension;
use crate::graph::Graph;
use crate::picture::Preprocessing;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A classifier ready to run, with its preprocessing and the names of its outputs.
#[derive(Debug)]
pub struct Model {
    pub name: String,
    /// The file that was opened: a card or weights.
    pub path: PathBuf,
    /// Display name of the architecture.
    pub architecture: String,
    pub graph: Graph,
    pub preprocessing: Preprocessing,
    pub labels: Labels,
    pub outputs: Outputs,
    pub training: Option<TrainingCard>,
    /// SHA-256 of the weights file, in hexadecimal.
    pub sha256: String,
    /// What was guessed and may be wrong.
    pub warnings: Vec<String>,
    /// How the file became this network.
    pub report: Report,
    /// The card that describes it; the default where there is none.
    pub card: Card,
    /// Pictures to run at once; a result never depends on it beyond float noise.
    pub batch: usize,
    /// Whether a GPU runs it.
    pub on_gpu: bool,
    /// The same network on the CPU, opened when a GPU first failed it.
    twin_on_cpu: OnceLock<Box<Model>>,
    pass_times: OnceLock<PassTimes>,
}

/// A class with its scores for one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    pub class: usize,
    pub label: String,
    /// The network's output: a logit, or what [`OutputKind::score`] says.
    pub logit: f32,
    /// None where the network gives values.
    pub probability: Option<f32>,
}

impl Prediction {
    /// Its probability, or else the value.
    pub fn score(&self) -> f32 {
        self.probability.unwrap_or(self.logit)
    }
}

impl Model {
    /// Opens a model card (`.toml`), a network (`.onnx`, `.onnx.gz`) or a weights file
    /// ([`EXTENSIONS`]) onto a device.
    ///
    /// # Errors
    /// With the one thing that is wrong with the card, the file or their fit.
    pub fn open(path: &Path, device: &ComputeDevice) -> Result<Self> {
        if !Self::is_model_file(path) {
            let known = EXTENSIONS.join(", .");
            let why = format!(
                "its name ends neither in .toml nor in .onnx, .onnx.gz, .index.json, .{known}"
            );
            return Err(Error::new(format!("cannot open model {}", path.display()), why));
        }
        Self::open_as(path, Card::of(path)?, device)
    }

    /// The same with the output of a name, where an ONNX file has several.
    ///
    /// # Errors
    /// As for [`Model::open`], and when there is no such output.
    pub fn open_output(path: &Path, output: Option<&str>, device: &ComputeDevice) -> Result<Self> {
        let Some(output) = output else { return Self::open(path, device) };
        let mut card = Card::of(path)?;
        card.output.name = Some(output.into());
        Self::open_as(path, card, device)
    }

    /// True for the names of files that [`Model::open`] takes.
    pub fn is_model_file(path: &Path) -> bool {
        let extension = extension(path);
        extension == "toml"
            || onnx::is_network_file(path)
            || shards::is_index(path)
            || EXTENSIONS.contains(&extension.as_str())
    }

    /// Last extensions of the files that [`Model::open`] takes; `.gz` is of `.onnx.gz`.
    pub fn extensions() -> Vec<&'static str> {
        ["toml", "onnx", "gz"].into_iter().chain(EXTENSIONS).collect()
    }

    /// The card with everything that opening the file inferred.
    pub fn full_card(&self) -> Card {
        let Preprocessing { size, resize, crop, .. } = self.preprocessing;
        let [mean, std] = self.outside();
        // What the network does to its pixels itself stays in its file.
        let of_file = self.report.normalisation == Source::File;
        let said = |values: Vec<f32>| (!of_file).then_some(values);
        let labels = self.card.input.labels.clone().or_else(|| self.labels.built_in_name());
        let Outputs { kind, ref name, ref choices, .. } = self.outputs;
        let name = name.clone().filter(|_| choices.len() > 1);
        Card {
            architecture: self.report.fit.as_ref().map(|fit| fit.architecture.to_string()),
            name: Some(self.name.clone()),
            batch_norms: self.report.batch_norms,
            input: InputCard {
                size: Some(size),
                mean: said(mean),
                std: said(std),
                resize: Some(resize),
                crop: Some(crop),
                labels,
            },
            output: OutputCard { kind: Some(kind), name },
            ..self.card.clone()
        }
    }

    /// Mean and standard deviation of the [0,1] pixels outside the file, as a card gives them; what
    /// the network does itself comes after them.
    pub fn outside(&self) -> [Vec<f32>; 2] {
        let of_file = self.report.pixels.as_ref().map(|pixels| pixels.outside.clone());
        let Preprocessing { mean, std, .. } = &self.preprocessing;
        of_file.unwrap_or_else(|| [mean.clone(), std.clone()])
    }

    /// The same classifier with another graph, which no file holds: where a GPU fails it, there is
    /// no twin on the CPU.
    pub fn with_graph(&self, graph: Graph) -> Self {
        Self {
            name: self.name.clone(),
            path: self.path.clone(),
            architecture: self.architecture.clone(),
            graph,
            preprocessing: self.preprocessing.clone(),
            labels: self.labels.clone(),
            outputs: self.outputs.clone(),
            training: self.training.clone(),
            sha256: self.sha256.clone(),
            warnings: vec![],
            report: self.report.clone(),
            card: self.card.clone(),
            batch: self.batch,
            on_gpu: false,
            twin_on_cpu: OnceLock::new(),
            pass_times: OnceLock::new(),
        }
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

    /// All classes of one picture (C×H×W, [0,1]), most probable first; by the CPU where the
    /// network's device fails.
    ///
    /// # Errors
    /// When a logit is not finite.
    pub fn classify(&self, pixels: &Array3<f32>) -> Result<Vec<Prediction>> {
        self.surviving(|model| model.predict(model.tensor(pixels)))
    }

    /// All classes of one picture (1×C×H×W, [0,1]), most probable first; values in their order.
    ///
    /// # Errors
    /// When a logit is not finite, or the device failed.
    pub fn predict(&self, pixels: Tensor<4>) -> Result<Vec<Prediction>> {
        let (logits, probabilities) = self.scores(pixels)?;
        if let Some(logit) = logits.iter().find(|logit| !logit.is_finite()) {
            let why = format!("a logit is {logit}");
            return Err(Error::new(format!("{} overflowed", self.name), why)
                .hint("check mean and std, and where the weights come from"));
        }
        let mut classes: Vec<usize> = (0..logits.len()).collect();
        if probabilities.is_some() {
            classes.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
        }
        let predictions = classes.into_iter().map(|class| Prediction {
            class,
            label: self.labels.name(class).to_string(),
            logit: logits[class],
            probability: probabilities.as_ref().map(|all| all[class]),
        });
        Ok(predictions.collect())
    }
}
