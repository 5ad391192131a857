//! Every architecture that is recognised from names and shapes, against PyTorch.
//!
//! `architectures/make_cases.py` wrote the numbers. The weights are rebuilt by the same formula.

mod heads;

use crate::support;
use crate::support::{Golden, relative_error};
use burn::tensor::{Tensor, TensorData};
use flate2::read::GzDecoder;
use hyaline::graph::{Graph, Rules, Shape, read_back};
use hyaline::model::architecture::{Fit, InputDefaults, find};
use hyaline::model::{ComputeDevice, WeightTensor, Weights};
use hyaline::picture::{Filter, Preprocessing};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Relative L2 error allowed.
const LIMIT: f32 = 1e-4;

#[derive(Deserialize)]
struct Case {
    name: String,
    architecture: String,
    slow: bool,
    /// Whether other networks have tensors like its own, so that it has to be named.
    #[serde(default)]
    named: bool,
    /// The name that it goes by, where tensors and its identifier are not enough.
    #[serde(default)]
    called: Option<String>,
    /// A factor of its convolutions' weights.
    gain: f32,
    input: [usize; 3],
    mean: Vec<f32>,
    std: Vec<f32>,
    tensors: BTreeMap<String, Vec<usize>>,
    pictures: Vec<Reference>,
}

/// What PyTorch computes for one picture.
#[derive(Deserialize)]
struct Reference {
    /// Of its pixels' formula.
    key: String,
    target: usize,
    /// The first ten.
    logits: Vec<f32>,
    logits_norm: f32,
    /// Every so many-th value of the gradient of the target's logit at the pixels.
    gradient_step: usize,
    gradient: Vec<f32>,
    gradient_norm: f32,
}

/// A file of cases.
fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/architectures").join(name);
    serde_json::from_reader(GzDecoder::new(File::open(path).unwrap())).unwrap()
}

fn cases() -> Vec<Case> {
    ["cases.json.gz", "cases_mobile.json.gz", "cases_residual.json.gz"]
        .into_iter()
        .flat_map(read::<Vec<Case>>)
        .collect()
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// SplitMix64 from the FNV-1a hash of a key, in [-1, 1).
fn uniform(key: &str, count: usize) -> impl Iterator<Item = f32> {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut state = key.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    (0..count).map(move |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        ((z >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0) as f32
    })
}

fn formula(key: &str, shape: &[usize], gain: f32) -> WeightTensor {
    let fan_in: usize = shape.iter().skip(1).product();
    let (offset, scale) = match key.rsplit('.').next() {
        Some("running_var") => (1.0, 0.5),
        Some("running_mean" | "bias") => (0.0, 0.1),
        Some("weight") if shape.len() == 1 => (1.0, 0.2),
        _ => (0.0, (f64::from(gain) * (6.0 / fan_in as f64).sqrt()) as f32),
    };
    let values = uniform(key, shape.iter().product()).map(|u| offset + scale * u).collect();
    WeightTensor { shape: shape.to_vec(), values }
}

fn weights(shapes: &BTreeMap<String, Vec<usize>>, gain: f32) -> Weights {
    let tensor = |(key, shape): (&String, &Vec<usize>)| (key.clone(), formula(key, shape, gain));
    Weights { tensors: shapes.iter().map(tensor).collect(), ..Weights::default() }
}

impl Case {
    fn weights(&self) -> Weights {
        weights(&self.tensors, self.gain)
    }

    fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            channels: self.input[0],
            size: [self.input[1], self.input[2]],
            mean: self.mean.clone(),
            std: self.std.clone(),
            resize: Filter::Bilinear,
            crop: 1.0,
        }
    }

    fn build(
        &self,
        named: Option<&str>,
        weights: &Weights,
    ) -> hyaline::error::Result<(Graph, Fit)> {
        let device = ComputeDevice::cpu().device;
        find(named, weights)?.build(weights, &self.preprocessing(), &device)
    }

    fn fit(&self, named: Option<&str>, weights: &Weights) -> Fit {
        let device = ComputeDevice::cpu().device;
        find(named, weights).unwrap().fit(weights, &self.preprocessing(), &device)
    }

    /// What is wrong, or the errors of logits and gradient.
    ///
    /// A value at the kink of a ReLU makes rounding decide the gradient of a picture, here or
    /// there, so that one picture's has to agree. A wrong network's agree for none.
    fn check(&self) -> Result<[f32; 2], String> {
        let named = self.called.as_deref().or(self.named.then_some(&*self.architecture));
        let weights = self.weights();
        let found = find(named, &weights).map_err(|e| e.to_string())?;
        if found.id != self.architecture {
            return Err(format!("recognised as {}", found.id));
        }
        let (graph, fit) = self.build(named, &weights).map_err(|e| e.to_string())?;
        let leftovers = self.tensors.keys().filter(|key| is_leftover(key)).count();
        if fit.matched + leftovers != self.tensors.len() || !fit.unexpected.is_empty() {
            return Err(format!("only {} tensors are used", fit.matched));
        }
        let errors = self.pictures.iter().map(|picture| picture.errors(&graph));
        let errors = errors.fold([0.0, f32::INFINITY], |[logits, gradient], errors| {
            [errors[0].max(logits), errors[1].min(gradient)]
        });
        match errors.iter().all(|error| *error <= LIMIT) {
            true => Ok(errors),
            false => Err(format!("errors {errors:?}")),
        }
    }
}

impl Reference {
    /// Of logits and gradient.
    fn errors(&self, graph: &Graph) -> [f32; 2] {
        let Shape { channels, height, width } = graph.input_shape();
        let values = uniform(&self.key, channels * height * width);
        let values: Vec<f32> = values.map(|u| f32::midpoint(u, 1.0)).collect();
        let data = TensorData::new(values, [1, channels, height, width]);
        let pixels = Tensor::from_data(data, graph.device());
        let logits = read_back(graph.logits(pixels.clone())).unwrap();
        let gradient = graph.input_gradient(pixels, self.target, &Rules::default());
        let gradient = read_back(gradient).unwrap();
        let some: Vec<f32> = gradient.iter().copied().step_by(self.gradient_step).collect();
        [
            error(&logits[..self.logits.len()], &self.logits)
                .max((norm(&logits) / self.logits_norm - 1.0).abs()),
            error(&some, &self.gradient).max((norm(&gradient) / self.gradient_norm - 1.0).abs()),
        ]
    }
}

/// Parts that training uses and inference does not.
fn is_leftover(key: &str) -> bool {
    ["aux1.", "aux2.", "AuxLogits.", "sub_block1."].iter().any(|start| key.starts_with(start))
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32
}

fn error(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let difference: Vec<f32> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(expected)
}

fn check_all(wanted: impl Fn(&Case) -> bool) {
    let mut wrong = vec![];
    for case in cases().iter().filter(|case| wanted(case)) {
        let start = std::time::Instant::now();
        let found = case.check();
        println!("{}: {found:?}, {:.1} s", case.name, start.elapsed().as_secs_f32());
        wrong.extend(found.err().map(|why| format!("{}: {why}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn logits_and_gradients_agree_with_pytorch() {
    check_all(|case| !case.slow);
}

/// `HYALINE_CASE` keeps to the cases whose names contain it.
#[test]
#[ignore = "minutes, and gigabytes of weights"]
fn slow_logits_and_gradients_agree_with_pytorch() {
    let part = std::env::var("HYALINE_CASE").unwrap_or_default();
    check_all(|case| (case.slow || !part.is_empty()) && case.name.contains(&part));
}

/// torchvision's networks at their full size, against numbers made apart from the cases here.
#[test]
fn published_networks_agree_with_the_golden_numbers() {
    let Some(folder) = support::golden() else { return };
    // With how far PyTorch's own gradient in 32 bits is from the same in 64, for kinks of ReLU.
    for (network, id, rounding) in [
        ("alexnet", "alexnet", 0.0),
        ("googlenet", "googlenet", 3.9e-3),
        ("resnet50", "resnet50", 6.9e-3),
        ("densenet161", "densenet161", 1.4e-3),
        ("mobilenet_v2", "mobilenet-v2", 4.4e-3),
    ] {
        let golden = Golden::read(&format!("formula_{network}@1")).unwrap();
        let keys = File::open(folder.join(format!("formula_{network}.keys.json"))).unwrap();
        let shapes: BTreeMap<String, Vec<usize>> = serde_json::from_reader(keys).unwrap();
        let weights = weights(&shapes.into_iter().filter(|(key, _)| is_weight(key)).collect(), 1.0);
        let architecture = find(None, &weights).unwrap();
        assert_eq!(architecture.id, id);
        let device = ComputeDevice::cpu().device;
        let input = InputDefaults::imagenet(224).preprocessing;
        let (graph, fit) = architecture.build(&weights, &input, &device).unwrap();
        assert_eq!((fit.confidence, fit.matched), (1.0, weights.tensors.len()), "{network}");
        let (shape, pixels) = &golden.tensors["input"];
        let data = TensorData::new(pixels.clone(), shape.clone());
        let pixels = Tensor::<4>::from_data(data, &device);
        let logits = read_back(graph.logits(pixels.clone())).unwrap();
        // Where the reference looked at the layer that is the usual one here.
        if ["googlenet", "resnet50", "mobilenet_v2"].contains(&network) {
            let layer = graph.default_cam_layer().unwrap();
            let tape = graph.forward(pixels.clone());
            let slopes =
                graph.gradients(&tape, &[golden.target()], &[layer], &Rules::Gradient).remove(0);
            let map = (tape.value(layer) * slopes.mean_dim(2).mean_dim(3)).sum_dim(1);
            let expected = golden.values("grad_cam.raw").iter().copied();
            let error = relative_error(read_back(map).unwrap(), expected);
            assert!(error <= LIMIT, "{network}: Grad-CAM {error:.1e}");
        }
        let gradient = graph.input_gradient(pixels, golden.target(), &Rules::default());
        let errors = [("logits", logits), ("gradient", read_back(gradient).unwrap())]
            .map(|(name, found)| relative_error(found, golden.values(name).iter().copied()));
        println!("{network}: {errors:?}");
        let [logits, gradient] = errors;
        assert!(logits <= LIMIT && gradient <= LIMIT + 2.0 * rounding, "{network}: {errors:?}");
    }
}

fn is_weight(key: &str) -> bool {
    !key.ends_with("num_batches_tracked")
}

/// A small network with a missing tensor, one of another shape, and one too many.
fn damaged() -> (Case, Weights) {
    let case = case("cifar resnet20, option B");
    let mut weights = case.weights();
    weights.tensors.remove("layer2.1.bn2.bias");
    weights.tensors.insert("layer3.0.conv1.weight".into(), formula("", &[64, 32, 1, 1], 1.0));
    weights.tensors.insert("stranger.weight".into(), formula("", &[4], 1.0));
    (case, weights)
}

#[test]
fn a_fit_holds_everything_that_is_wrong() {
    let (case, weights) = damaged();
    let fit = case.fit(None, &weights);
    assert_eq!(fit.architecture, "cifar-resnet20");
    assert_eq!(fit.matched, case.tensors.len() - 2);
    assert_eq!(fit.missing, ["`layer2.1.bn2.bias` [32]"]);
    assert_eq!(fit.unexpected, ["stranger.weight"]);
    let misshapen: Vec<_> = fit.misshapen.iter().map(ToString::to_string).collect();
    assert_eq!(
        misshapen,
        ["`layer3.0.conv1.weight` should be [64, 32, 3, 3], the file has [64, 32, 1, 1]"]
    );
    assert!((0.9..1.0).contains(&fit.confidence), "{}", fit.confidence);
}

fn error_of(case: &Case, named: Option<&str>, weights: &Weights) -> String {
    case.build(named, weights).err().map_or("no error".into(), |error| error.to_string())
}

#[test]
fn weights_with_holes_are_refused_in_one_line() {
    let (case, weights) = damaged();
    for named in [None, Some("cifar-resnet20")] {
        let error = error_of(&case, named, &weights);
        for words in [
            "the weights do not fit cifar-resnet20",
            "1 tensor is missing: `layer2.1.bn2.bias` [32]",
            "1 tensor has another shape: `layer3.0.conv1.weight` should be [64, 32, 3, 3]",
        ] {
            assert!(error.contains(words), "{error}");
        }
        assert!(!error.contains('\n'));
        assert_eq!(error.contains("`stranger.weight`"), named.is_none(), "{error}");
    }
}

#[test]
fn tensors_too_many_are_refused_unless_a_person_named_the_architecture() {
    let case = case("cifar resnet20, option A");
    let mut weights = case.weights();
    weights.tensors.insert("stranger.weight".into(), formula("", &[4], 1.0));
    let error = error_of(&case, None, &weights);
    assert!(error.contains("1 tensor of the file is not part of it: `stranger.weight`"), "{error}");
    let (_, fit) = case.build(Some("cifar_resnet20"), &weights).unwrap();
    assert!(fit.warnings()[0].contains("`stranger.weight`"), "{:?}", fit.warnings());
    weights.tensors.remove("stranger.weight");
    weights.tensors.insert("bn1.num_batches_tracked".into(), formula("", &[1], 1.0));
    let (_, fit) = case.build(None, &weights).unwrap();
    assert_eq!((fit.confidence, fit.warnings()), (1.0, vec![]));
}

#[test]
fn another_depth_than_the_named_is_missing_or_too_many() {
    let case = case("cifar resnet20, option A");
    let error = error_of(&case, Some("cifar-resnet32"), &case.weights());
    assert!(error.contains("do not fit cifar-resnet32: 60 tensors are missing"), "{error}");
    let (_, fit) = case.build(Some("cifar-resnet"), &case.weights()).unwrap();
    assert_eq!(fit.confidence, 1.0);
}

#[test]
fn what_nothing_fits_is_told_from_its_closest() {
    let mut weights = case("resnet18").weights();
    weights.tensors.remove("conv1.weight");
    let error = find(None, &weights).err().unwrap().to_string();
    assert!(error.contains("cannot recognise the architecture"), "{error}");
    assert!(error.contains("closest to ResNet, which also has `conv1.weight`"), "{error}");
    let strangers = BTreeMap::from([("words".to_string(), vec![4, 5])]);
    let error = find(None, &self::weights(&strangers, 1.0)).err().unwrap().to_string();
    assert!(error.contains("its 1 tensors (`words`, …) fit none"), "{error}");
}

#[test]
fn what_shapes_do_not_tell_is_said_to_be_guessed() {
    let case = case("plain, lenet");
    let (_, fit) = case.build(None, &case.weights()).unwrap();
    assert!(fit.confidence <= 0.5);
    assert!(fit.guessed[0].contains("28×28 pixels; `conv1` stride 1 padding 2, max pool"));
    assert!(fit.guessed[1].contains("fit the shapes as well"), "{:?}", fit.guessed);
}

#[test]
fn pictures_are_of_the_published_size() {
    for (name, size, labels) in [
        ("inception_v3", 299, "imagenet"),
        ("efficientnet_lite0 of lukemelas", 224, "imagenet"),
        ("wide resnet 16-4", 32, "cifar10"),
        ("resnet4b", 32, "cifar10"),
        ("plain, example", 28, "mnist"),
    ] {
        let weights = case(name).weights();
        let input = find(None, &weights).unwrap().input(&weights);
        assert_eq!((input.preprocessing.size, input.labels), ([size; 2], Some(labels)), "{name}");
    }
}
