//! From a card and the file it names to a model.

use super::architecture::{self, Fit};
use super::card::InputCard;
use super::config::Config;
use super::onnx::Network;
use super::onnx::pixels::{BYTE_MEAN, Pixels, combined};
use super::report::Report;
use super::source::Source;
use super::{Card, ComputeDevice, Labels, Model, OutputKind, Outputs, Weights, caught, onnx};
use crate::error::{Error, Result, one_line};
use crate::file::stem;
use crate::graph::{Graph, Shape};
use crate::picture::{Filter, Preprocessing};
use std::path::Path;
use std::sync::OnceLock;

/// A network with its graph, before its labels are known.
struct LoadedNetwork {
    architecture: String,
    graph: Graph,
    outputs: Outputs,
    preprocessing: Preprocessing,
    /// Names of its classes, if they are given or follow from the file.
    labels: Option<(Labels, Source)>,
    /// A note on a choice between several networks of the file.
    choice: Option<String>,
    report: Report,
    sha256: String,
}

impl Model {
    /// Opens what a card describes. `path` is what the person opened: the card or the weights.
    ///
    /// # Errors
    /// With the one thing that is wrong with the card, the file or their fit.
    pub fn open_as(path: &Path, card: Card, device: &ComputeDevice) -> Result<Self> {
        let gpu = device.is_gpu() && device.given_up().is_none();
        if gpu {
            match caught(|| Self::open_on(path, card.clone(), device)) {
                // What the GPU can't hold, or does not take any more, the CPU does.
                Err(failed) if failed.is_of_device() || device.given_up().is_some() => {}
                done => return done,
            }
        }
        Self::open_on(path, card, &if gpu { ComputeDevice::cpu() } else { device.usable() })
    }

    fn open_on(path: &Path, card: Card, device: &ComputeDevice) -> Result<Self> {
        let what = |e: Error| Error::new(format!("cannot open model {}", path.display()), e);
        let loaded = if onnx::is_network_file(&card.weights) {
            from_network(Network::read(&card.weights)?, &card, device).map_err(what)?
        } else {
            let weights = Weights::read_requested(&card.weights, &card.request())?;
            from_weights(weights, &card, device).map_err(what)?
        };
        Self::finish(path, card, loaded, device).map_err(what)
    }

    fn finish(
        path: &Path,
        card: Card,
        loaded: LoadedNetwork,
        device: &ComputeDevice,
    ) -> Result<Self> {
        let LoadedNetwork { architecture, mut graph, outputs, .. } = loaded;
        let LoadedNetwork { preprocessing, labels, choice, mut report, sha256, .. } = loaded;
        let is_one_logit = outputs.kind == OutputKind::Sigmoid;
        if is_one_logit {
            graph = graph.with_both_classes()?;
        }
        let classes = graph.classes();
        let (labels, source) = match &card.input.labels {
            Some(name) => {
                let beside = path.parent().unwrap_or(Path::new("")).join(name);
                let labels = Labels::built_in(name).map_or_else(|| Labels::read(&beside), Ok)?;
                let labels = if is_one_logit { labels.for_one_logit() } else { labels };
                (labels, Source::Card)
            }
            None if is_one_logit => match labels.filter(|(labels, _)| labels.len() <= 2) {
                Some((labels, source)) => (labels.for_one_logit(), source),
                None => (Labels::negative_and_positive(), Source::Guess),
            },
            None => labels
                .filter(|(labels, _)| labels.len() == classes)
                .unwrap_or_else(|| (Labels::for_classes(classes), Source::Guess)),
        };
        report.labels = source;
        let mut warnings = report.fit.as_ref().map(Fit::warnings).unwrap_or_default();
        warnings.splice(0..0, choice);
        let is_of_card = report.normalisation == Source::Card;
        let of_pixels = report.pixels.as_ref().and_then(|pixels| pixels.warning(is_of_card));
        if of_pixels.is_none() && report.normalisation == Source::Guess {
            warnings.push(format!(
                "mean {:?} and std {:?} are guessed, for the file names none; set them in the network's details in the window or \
                 in a model card",
                preprocessing.mean, preprocessing.std
            ));
        }
        warnings.extend(of_pixels);
        warnings.extend(outputs.warning());
        if labels.len() != classes {
            let why = format!("{} labels for {classes} classes: names may be wrong", labels.len());
            warnings.push(why);
        }
        Ok(Self {
            name: one_line(&card.name.clone().unwrap_or_else(|| stem(path))),
            path: path.to_path_buf(),
            architecture,
            batch: device.batch(&graph),
            on_gpu: device.is_gpu(),
            twin_on_cpu: OnceLock::new(),
            pass_times: OnceLock::new(),
            graph,
            preprocessing,
            labels,
            outputs,
            training: card.training.clone(),
            sha256,
            warnings,
            report,
            card,
        })
    }
}

/// A network of tensors by name, built by an architecture.
fn from_weights(
    mut weights: Weights,
    card: &Card,
    device: &ComputeDevice,
) -> Result<LoadedNetwork> {
    if let Some(name) = &card.output.name {
        let why = "it holds weights of one network with one output; an ONNX file may have several";
        return Err(Error::new(format!("it has no output `{name}`"), why));
    }
    let chosen = card.batch_norms.unwrap_or_default();
    let batch_norms = weights.choose_batch_norms(chosen).then_some(chosen);
    let architecture = architecture::find(card.architecture.as_deref(), &weights)?;
    if let Some(unusual) = weights.config.as_ref().and_then(|config| config.unusual.as_ref()) {
        let what = format!("another network than {}", architecture.name);
        return Err(Error::new(what, format!("config.json says that {unusual}"))
            .hint(super::export::to_onnx(&weights)));
    }
    architecture.check_certain(&weights, card.input.size)?;
    let mut defaults = architecture.input(&weights);
    let mut normalisation = match defaults.normalisation_guessed {
        true => Source::Guess,
        false => Source::Architecture,
    };
    if let Some([mean, std]) = weights.normalisation.take() {
        // Some wrappers keep those of bytes.
        let unit = if mean.iter().any(|mean| *mean > BYTE_MEAN as f32) { 255.0 } else { 1.0 };
        let of_unit = |values: Vec<f32>| values.into_iter().map(|value| value / unit).collect();
        defaults.preprocessing.mean = of_unit(mean);
        defaults.preprocessing.std = of_unit(std);
        normalisation = Source::File;
    }
    if card.input.mean.is_some() {
        normalisation = Source::Card;
    }
    let labels = weights.config.as_mut().and_then(|config| config.labels.take());
    let labels = labels.map(|names| (Labels::of(names), Source::Configuration)).or_else(|| {
        let usual = defaults.labels.and_then(Labels::built_in)?;
        Some((usual, Source::Architecture))
    });
    if weights.config.as_ref().is_some_and(|config| config.mean.is_some())
        && card.input.mean.is_none()
    {
        normalisation = Source::Configuration;
    }
    let said = configured(defaults.preprocessing, weights.config.as_ref());
    let preprocessing = corrected(said, &card.input).validated()?;
    let (graph, fit) = architecture.build(&weights, &preprocessing, &device.device)?;
    Ok(LoadedNetwork {
        architecture: architecture.name.to_string(),
        outputs: Outputs::of(&graph, None, card.output.kind, Source::Architecture)?,
        graph,
        preprocessing,
        labels,
        choice: weights.choice.take(),
        report: Report {
            format: weights.format.to_string(),
            fit: Some(fit),
            normalisation,
            pixels: None,
            labels: Source::Guess,
            batch_norms,
            notes: noted(&weights),
            forward_check: None,
        },
        sha256: weights.sha256,
    })
}

/// Metadata of the file, shortened; `format` only says that it is of PyTorch.
fn noted(weights: &Weights) -> Vec<String> {
    const LONGEST: usize = 200;
    let told = weights.metadata.iter().filter(|(key, _)| *key != "format");
    let told = told.map(|(key, value)| {
        let short: String = value.chars().take(LONGEST).collect();
        one_line(&format!("{key}: {short}"))
    });
    told.chain(weights.notes.iter().cloned()).collect()
}

/// Overrides the defaults by the configuration beside a file.
fn configured(defaults: Preprocessing, config: Option<&Config>) -> Preprocessing {
    let Some(config) = config else { return defaults };
    let values = |values: &Option<Vec<f32>>| {
        values.clone().filter(|values| values.len() == defaults.channels)
    };
    Preprocessing {
        channels: defaults.channels,
        size: config.size.unwrap_or(defaults.size),
        resize: config.resize.unwrap_or(defaults.resize),
        crop: config.crop.unwrap_or(defaults.crop),
        mean: values(&config.mean).unwrap_or(defaults.mean),
        std: values(&config.std).unwrap_or(defaults.std),
    }
}

/// Overrides the defaults by a card.
fn corrected(defaults: Preprocessing, card: &InputCard) -> Preprocessing {
    Preprocessing {
        channels: defaults.channels,
        size: card.size.unwrap_or(defaults.size),
        mean: card.mean.clone().unwrap_or(defaults.mean),
        std: card.std.clone().unwrap_or(defaults.std),
        resize: card.resize.unwrap_or(defaults.resize),
        crop: card.crop.unwrap_or(defaults.crop),
    }
}

/// A network that brings its own graph.
fn from_network(network: Network, card: &Card, device: &ComputeDevice) -> Result<LoadedNetwork> {
    let network = &network.with_output(card.output.name.as_deref(), card.output.kind);
    let shape = network.input_shape();
    let size = card.input.size.unwrap_or([shape.height, shape.width]);
    let lowered = network.lower(size, &device.device)?;
    let notes = lowered.notes.clone();
    let (usual, normalisation) =
        usual_pixels(&lowered, Shape::new(shape.channels, size[0], size[1]));
    let outer = Preprocessing {
        channels: shape.channels,
        size,
        mean: card.input.mean.clone().unwrap_or(usual[0].clone()),
        std: card.input.std.clone().unwrap_or(usual[1].clone()),
        resize: card.input.resize.unwrap_or(Filter::Bilinear),
        crop: card.input.crop.unwrap_or(1.0),
    };
    let mut preprocessing = outer.validated()?;
    let pixels = [preprocessing.mean.clone(), preprocessing.std.clone()];
    let whole = match &lowered.inside.normalisation {
        Some(inner) => combined(&pixels, inner),
        None => pixels.clone(),
    };
    let pixels = Pixels::of(&lowered.inside, lowered.taken, pixels);
    let (ending, output, choices) =
        (lowered.ending, lowered.output.clone(), lowered.choices.clone());
    let graph = lowered.finish(&whole[0], &whole[1])?;
    let outputs = Outputs::of(&graph, ending, card.output.kind, Source::Guess)?;
    let outputs = Outputs { name: Some(output), choices, ..outputs };
    // What is zero to the network is a colour only if pixels can have it.
    if whole[0].iter().all(|mean| (0.0..=1.0).contains(mean)) {
        [preprocessing.mean, preprocessing.std] = whole;
    }
    let producer = network.producer();
    let by = if producer.is_empty() { String::new() } else { format!(", by {producer}") };
    Ok(LoadedNetwork {
        architecture: "ONNX graph".into(),
        labels: usual_labels(shape, graph.classes())
            .and_then(Labels::built_in)
            .map(|labels| (labels, Source::Architecture)),
        choice: None,
        graph,
        outputs,
        preprocessing,
        report: Report {
            format: format!("ONNX, opset {}{by}", network.opset()),
            fit: None,
            normalisation: if card.input.mean.is_some() { Source::Card } else { normalisation },
            pixels,
            labels: Source::Guess,
            batch_norms: None,
            notes,
            forward_check: None,
        },
        sha256: network.sha256.clone(),
    })
}

/// Mean and standard deviation that a network's pixels are normalised with, where no card gives
/// them.
fn usual_pixels(lowered: &onnx::LoweredNetwork, input: Shape) -> ([Vec<f32>; 2], Source) {
    match lowered.taken {
        Some(taken) => {
            let usual = taken.range.normalisation(input.channels);
            let source = if taken.is_guess { Source::Guess } else { Source::File };
            (usual.unwrap_or_else(|| plain(input.channels)), source)
        }
        None if input.channels == 1 => (plain(1), Source::Architecture),
        None => (usual_normalisation(input), Source::Guess),
    }
}

fn plain(channels: usize) -> [Vec<f32>; 2] {
    [vec![0.0; channels], vec![1.0; channels]]
}

/// ImageNet's for photographs, CIFAR-10's for small pictures, none for grey ones.
fn usual_normalisation(input: Shape) -> [Vec<f32>; 2] {
    match (input.channels, input.height.min(input.width)) {
        (3, 0..64) => [vec![0.4914, 0.4822, 0.4465], vec![0.2023, 0.1994, 0.2010]],
        (3, _) => [vec![0.485, 0.456, 0.406], vec![0.229, 0.224, 0.225]],
        (channels, _) => plain(channels),
    }
}

fn usual_labels(input: Shape, classes: usize) -> Option<&'static str> {
    match (input.channels, classes) {
        (1, 10) if input.height <= 32 => Some("mnist"),
        (3, 10) if input.height <= 32 => Some("cifar10"),
        (_, 1000) => Some("imagenet"),
        _ => None,
    }
}
