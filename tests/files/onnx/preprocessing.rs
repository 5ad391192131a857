//! Networks that preprocess their pixels themselves, against ONNX Runtime on what each of them takes
//! (`make_preprocessing.py`).

use super::{floats, support::relative_error};
use burn::tensor::{Tensor, TensorData};
use hyaline::graph::{Rules, read_back};
use hyaline::model::{Card, ComputeDevice, Model, Source};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/preprocessing")
}

fn path(name: &str) -> PathBuf {
    folder().join(format!("{name}.onnx"))
}

fn logits(model: &Model, pixels: &[f32]) -> Vec<f32> {
    let shape = model.graph.input_shape();
    let data = TensorData::new(pixels.to_vec(), [1, shape.channels, shape.height, shape.width]);
    read_back(model.graph.logits(Tensor::from_data(data, model.graph.device()))).unwrap()
}

#[test]
fn pixels_reach_every_network_as_it_takes_them() {
    let bytes = std::fs::read(folder().join("expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let pixels = floats(&file, "pixels").1;
    let names: Vec<&str> =
        file.names().into_iter().filter_map(|name| name.strip_suffix(".output")).collect();
    assert!(names.len() > 25, "{} cases", names.len());
    let mut failures = vec![];
    for device in super::support::devices() {
        for name in &names {
            let model = Model::open(&path(name), device).unwrap();
            let (_, expected) = floats(&file, &format!("{name}.output"));
            let error = relative_error(logits(&model, &pixels), expected);
            let facts = model.facts();
            let pixels = facts.iter().find(|(key, _)| *key == "pixels").map(|(_, text)| text);
            // Pixels in half precision are others by themselves.
            let allowed = if *name == "float16_input" { 1e-3 } else { 1e-5 };
            if error.is_nan() || error > allowed {
                failures.push(format!("{name} on {}: {error:.1e}, {pixels:?}", device.name));
            }
            let told = model.report.normalisation == Source::File && model.warnings.is_empty();
            if !told || pixels.is_none() {
                failures.push(format!("{name}: {pixels:?}, {:?}", model.warnings));
            }
            let zero = file.tensor(&format!("{name}.zero")).is_ok();
            let zero = zero.then(|| floats(&file, &format!("{name}.zero")).1);
            let found = read_back(model.mean_colour()).unwrap();
            if let Some(zero) = zero
                && found.iter().zip(&zero).any(|(a, b)| (a - b).abs() > 1e-5)
            {
                failures.push(format!("{name}: zero is {found:?}, not {zero:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The gradient of each channel is that of the picture's own channel, though the network turns them.
#[test]
fn gradients_are_in_the_order_of_the_picture() {
    let model = Model::open(&path("caffe_gather"), &ComputeDevice::cpu()).unwrap();
    let shape = model.graph.input_shape();
    let plane = shape.height * shape.width;
    let pixels: Vec<f32> = (0..shape.len()).map(|i| 0.5 + 0.4 * (i as f32 * 1.7).sin()).collect();
    let data = TensorData::new(pixels.clone(), [1, 3, shape.height, shape.width]);
    let tensor = Tensor::from_data(data, model.graph.device());
    let gradient = read_back(model.graph.input_gradient(tensor, 0, &Rules::default())).unwrap();
    for channel in 0..3 {
        let places = channel * plane..(channel + 1) * plane;
        let score = |step: f32| {
            let mut moved = pixels.clone();
            moved[places.clone()].iter_mut().for_each(|value| *value += step);
            logits(&model, &moved)[0]
        };
        let slope = (score(1e-3) - score(-1e-3)) / 2e-3;
        let sum: f32 = gradient[places.clone()].iter().sum();
        assert!((slope - sum).abs() < 0.02 * slope.abs().max(0.1), "{channel}: {slope} {sum}");
    }
}

#[test]
fn a_card_says_what_comes_before_and_is_told_where_that_contradicts() {
    let cpu = ComputeDevice::cpu();
    let open = |mean: [f32; 3], std: [f32; 3]| {
        let mut card = Card { weights: path("torch_of_bytes"), ..Card::default() };
        card.input.mean = Some(mean.to_vec());
        card.input.std = Some(std.to_vec());
        Model::open_as(&card.weights.clone(), card, &cpu).unwrap()
    };
    let pixels: Vec<f32> = (0..240).map(|i| (i as f32 * 0.7).sin().abs()).collect();
    let bytes = open([0.0; 3], [1.0 / 255.0; 3]);
    assert!(bytes.warnings.is_empty(), "{:?}", bytes.warnings);
    let plain = Model::open(&path("torch_of_bytes"), &cpu).unwrap();
    assert_eq!(logits(&bytes, &pixels), logits(&plain, &pixels));
    let twice = open([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    assert!(twice.warnings[0].contains("made for pixels 0 to 255"), "{:?}", twice.warnings);
    // What a card says of it opens the same network again.
    let again = Model::open_as(&path("torch_of_bytes"), twice.full_card(), &cpu).unwrap();
    assert_eq!(logits(&again, &pixels), logits(&twice, &pixels));
}
