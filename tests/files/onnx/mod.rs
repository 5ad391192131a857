//! ONNX networks against the numbers of ONNX Runtime and PyTorch, which `make_cases.py` and
//! `export_torchvision.py` froze.

mod batches;
mod outputs;
mod preprocessing;
mod suite;

use crate::support;
use crate::support::relative_error;
use burn::tensor::{Device, Tensor, TensorData, activation};
use hyaline::graph::{Ending, Graph, Rules, Shape, read_back};
use hyaline::model::onnx::Network;
use hyaline::model::{ComputeDevice, Model, Source};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/cases")
}

fn floats(file: &SafeTensors, name: &str) -> (Vec<usize>, Vec<f32>) {
    let view = file.tensor(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let bytes = view.data().as_chunks::<4>().0;
    (view.shape().to_vec(), bytes.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

/// The network with pixels as they are, the ending left out and the notes; a normalisation of its
/// own stays.
fn open(path: &Path, device: &Device) -> Result<(Graph, Option<Ending>, Vec<String>), String> {
    let network = Network::read(path).map_err(|e| e.to_string())?;
    let shape = network.input_shape();
    let lowered = network.lower([shape.height, shape.width], device).map_err(|e| e.to_string())?;
    let inner = lowered.inside.normalisation.clone();
    let [mean, std] = inner.unwrap_or([vec![0.0; shape.channels], vec![1.0; shape.channels]]);
    let (ending, notes) = (lowered.ending, lowered.notes.clone());
    let graph = lowered.finish(&mean, &std).map_err(|e| e.to_string())?;
    Ok((graph, ending, notes))
}

/// Pixels in channels, rows and columns, from an input in the network's own axes.
fn pixels(graph: &Graph, shape: &[usize], values: Vec<f32>, device: &Device) -> Tensor<4> {
    let want = graph.input_shape();
    if let &[n, height, width, channels] = shape
        && (channels, height, width) == (want.channels, want.height, want.width)
        && shape[1..] != [want.channels, want.height, want.width]
    {
        let data = TensorData::new(values, [n, height, width, channels]);
        return Tensor::<4>::from_data(data, device).permute([0, 3, 1, 2]);
    }
    let samples = values.len() / want.len();
    let data = TensorData::new(values, [samples, want.channels, want.height, want.width]);
    Tensor::from_data(data, device)
}

#[test]
fn every_operator_agrees_with_onnx_runtime() {
    let bytes = std::fs::read(cases().join("expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<&str> =
        file.names().into_iter().filter_map(|name| name.strip_suffix(".output")).collect();
    names.sort_unstable();
    assert!(names.len() > 100, "{} cases", names.len());
    let mut failures = vec![];
    for device in support::devices() {
        for name in &names {
            let zipped = cases().join(format!("{name}.onnx.gz"));
            let path = match zipped.is_file() {
                true => zipped,
                false => cases().join(format!("{name}.onnx")),
            };
            let (graph, ending, _) = match open(&path, &device.device) {
                Ok(opened) => opened,
                Err(why) => {
                    failures.push(format!("{name}: {why}"));
                    continue;
                }
            };
            let (shape, input) = floats(&file, &format!("{name}.input"));
            let (_, expected) = floats(&file, &format!("{name}.output"));
            let input = pixels(&graph, &shape, input, &device.device);
            let scores = graph.logits(input);
            let scores = match ending {
                Some(Ending::LogSoftmax) => activation::log_softmax(scores, 1),
                Some(Ending::Softmax) => activation::softmax(scores, 1),
                Some(Ending::Sigmoid) => activation::sigmoid(scores),
                Some(Ending::Complement) => panic!("no case has one"),
                None => scores,
            };
            let found = read_back(scores).unwrap();
            if found.len() != expected.len() {
                failures.push(format!("{name}: {} scores for {}", found.len(), expected.len()));
                continue;
            }
            let error = relative_error(found, expected);
            if error.is_nan() || error > 2e-5 {
                failures.push(format!("{name} on {}: {error:.1e}", device.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn published_networks_agree_with_onnx_runtime() {
    let Some(data) = support::data() else { return };
    let frozen = cases().with_file_name("published.safetensors");
    let bytes = std::fs::read(frozen).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for device in support::devices() {
        for name in ["cifar10_small", "cifar_base_kw", "resnet_2b"] {
            let path = data.join("weights-original").join(format!("{name}.onnx"));
            let (graph, ..) = open(&path, &device.device).unwrap();
            let (shape, input) = floats(&file, &format!("{name}.input"));
            let input = pixels(&graph, &shape, input, &device.device);
            let found = read_back(graph.logits(input)).unwrap();
            let error = relative_error(found, floats(&file, &format!("{name}.output")).1);
            assert!(error < 1e-5, "{name} on {}: {error:.1e}", device.name);
        }
    }
}

#[test]
fn small_networks_open_with_what_they_are() {
    let Some(data) = support::data() else { return };
    let device = ComputeDevice::cpu();
    let path = data.join("weights-original/cifar10_small.onnx");
    let model = Model::open(&path, &device).unwrap();
    assert_eq!(model.graph.input_shape(), Shape::new(3, 32, 32));
    assert_eq!(model.labels.name(3), "cat");
    assert_eq!(model.report.normalisation, Source::Guess);
    assert!(model.report.format.starts_with("ONNX, opset"), "{}", model.report.format);
    assert!(model.check_forward().unwrap().probability.unwrap() > 0.1);

    // What the network does to its pixels itself is known; from a mean and deviation that nobody
    // uses, the range of its pixels is a guess, which is shown as one.
    let path = cases().join("normalised_sub_div.onnx");
    let model = Model::open(&path, &device).unwrap();
    assert_eq!(model.report.normalisation, Source::Guess);
    assert_eq!(model.graph.nodes()[1].name, "normalise");
    assert!(model.warnings[0].contains("is a guess"), "{:?}", model.warnings);
}

/// Files with some bytes changed, and files cut short: a network or an error, never a panic, and
/// no more memory than the file could ask for.
#[test]
fn damaged_files_are_errors() {
    let names = [
        "conv_groups",
        "shuffle_computed",
        "resize_cubic_half_pixel",
        "group_norm_21",
        "dense_block",
    ];
    let mut names: Vec<PathBuf> =
        names.iter().map(|name| cases().join(format!("{name}.onnx"))).collect();
    if let Some(data) = support::data() {
        names.push(data.join("weights-original/resnet_2b.onnx"));
    }
    let device = Device::flex();
    let mut random = 1u64;
    let mut next = |below: usize| {
        // SplitMix64's step and mix.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % below as u64) as usize
    };
    let mut opened = 0;
    for path in names {
        let whole = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        // Weights are most of a large file, and changing them breaks nothing.
        let tries = if whole.len() > 100_000 { 100 } else { 400 };
        for round in 0..tries {
            let mut bytes = whole.clone();
            if round % 4 == 0 {
                bytes.truncate(next(whole.len()));
            } else {
                for _ in 0..=next(4) {
                    let at = next(bytes.len());
                    bytes[at] = next(256) as u8;
                }
            }
            let Ok(network) = Network::decode(bytes, &cases().join("net.onnx")) else { continue };
            let Shape { height, width, .. } = network.input_shape();
            let Ok(lowered) = network.lower([height, width], &device) else { continue };
            let channels = network.input_shape().channels;
            opened +=
                usize::from(lowered.finish(&vec![0.0; channels], &vec![1.0; channels]).is_ok());
        }
    }
    assert!(opened > 100, "{opened} opened all the same: the changes hit nothing else");
}

/// Damaged files that broke the reader once; fuzzing found them.
#[test]
fn files_that_once_broke_the_reader_are_errors() {
    let device = Device::flex();
    for entry in std::fs::read_dir(cases().with_file_name("found")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(network) = Network::decode(std::fs::read(&path).unwrap(), &path) else { continue };
        let Shape { height, width, .. } = network.input_shape();
        assert!(network.lower([height, width], &device).is_err(), "{}", path.display());
    }
}

/// Logits and gradient of every export of `export_torchvision.py` in the folder that
/// `HYALINE_EXPORTS` names; 3 GB of random networks that are not kept.
#[test]
#[ignore = "needs the exports of export_torchvision.py; HYALINE_EXPORTS names their folder"]
fn exports_of_whole_networks_agree_with_pytorch() {
    let folder = PathBuf::from(std::env::var_os("HYALINE_EXPORTS").expect("HYALINE_EXPORTS"));
    let device = Device::flex();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().split('.').next().unwrap();
        let bytes = std::fs::read(path.with_file_name(format!("{name}.safetensors"))).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let started = std::time::Instant::now();
        let (graph, ending, _) = open(&path, &device).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let opened = started.elapsed();
        let (shape, input) = floats(&file, "input");
        let input = pixels(&graph, &shape, input, &device);
        let logits = read_back(graph.logits(input.clone())).unwrap();
        let gradient = read_back(graph.input_gradient(input, 0, &Rules::default())).unwrap();
        let logits = relative_error(logits, floats(&file, "logits").1);
        let gradient = relative_error(gradient, floats(&file, "gradient").1);
        let own = floats(&file, "gradient.error").1[0];
        let cam = graph.default_cam_layer().map(|id| graph.node(id).name.clone());
        println!(
            "{path:?}: logits {logits:.1e}, gradient {gradient:.1e} (PyTorch's {own:.1e}), \
             opened in {opened:.2?}, CAM at {cam:?}, ending {ending:?}"
        );
        assert!(logits < 1e-4, "{path:?}: logits {logits:.1e}");
        // Kinks make single precision itself uncertain; one run's `own` distance is a sample of it.
        assert!(gradient < 1e-4 + 20.0 * own, "{path:?}: gradient {gradient:.1e} for {own:.1e}");
    }
}
