//! Classifiers of networks that were trained further, against PyTorch. `make_heads.py` wrote the
//! numbers.

use super::{error, formula, is_weight, read, weights};
use burn::tensor::{Tensor, TensorData};
use hyaline::graph::read_back;
use hyaline::model::architecture::{Fit, InputDefaults, find};
use hyaline::model::{ComputeDevice, Model, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;

#[derive(Deserialize)]
struct Case {
    name: String,
    tensors: BTreeMap<String, Vec<usize>>,
    logits: Vec<f32>,
}

const SIZE: usize = 64;

fn logits(weights: &Weights) -> hyaline::error::Result<(Vec<f32>, Fit)> {
    let architecture = find(None, weights)?;
    let mut input = architecture.input(weights).preprocessing;
    let InputDefaults { preprocessing: imagenet, .. } = InputDefaults::imagenet(SIZE);
    input.size = imagenet.size;
    input.mean = imagenet.mean[..input.channels].to_vec();
    input.std = imagenet.std[..input.channels].to_vec();
    let (graph, fit) = architecture.build(weights, &input, &ComputeDevice::cpu().device)?;
    let pixels = super::uniform("pixels", input.channels * SIZE * SIZE);
    let pixels: Vec<f32> = pixels.map(|u| f32::midpoint(u, 1.0)).collect();
    let data = TensorData::new(pixels, [1, input.channels, SIZE, SIZE]);
    Ok((read_back(graph.logits(Tensor::from_data(data, graph.device()))).unwrap(), fit))
}

#[test]
fn classifiers_of_their_own_give_the_logits_of_pytorch() {
    let cases: Vec<Case> = read("heads.json.gz");
    let mut wrong = vec![];
    for Case { name, tensors, logits: expected } in cases {
        match logits(&weights(&tensors, 0.8)) {
            Ok((found, fit)) => {
                let error = error(&found, &expected);
                println!("{name}: {error:.1e} {:?}", fit.guessed);
                // What has no weights between layers is a guess, and is said to be one.
                let several = ["two", "other", "names", "fastai"];
                let guesses = several.iter().any(|part| name.contains(part))
                    && name != "two layers, nothing between";
                let says = fit.guessed.iter().any(|guess| guess.contains("ReLU"));
                if error > super::LIMIT || says != guesses {
                    wrong.push(format!("{name}: {error:.1e}, {:?}", fit.guessed));
                }
            }
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The case of a name, without its classifier and with other tensors.
fn without_head(name: &str, more: &[(&str, &[usize])]) -> Weights {
    let cases: Vec<Case> = read("heads.json.gz");
    let mut tensors = cases.into_iter().find(|case| case.name == name).unwrap().tensors;
    tensors.retain(|key, _| is_weight(key) && !key.starts_with("fc."));
    let mut weights = weights(&tensors, 0.8);
    for (name, shape) in more {
        weights.tensors.insert((*name).into(), formula(name, shape, 0.8));
    }
    weights
}

#[test]
fn a_classifier_of_another_name_is_found_by_what_it_takes() {
    let weights = without_head("no bias", &[("logits.weight", &[6, 512])]);
    assert_eq!(logits(&weights).unwrap().0.len(), 6);
}

#[test]
fn without_one_classifier_nothing_opens() {
    let error =
        |more: &[(&str, &[usize])]| logits(&without_head("no bias", more)).unwrap_err().to_string();
    assert!(error(&[]).contains("no classifier `fc`"), "{}", error(&[]));
    let several = error(&[("age.weight", &[1, 512]), ("kind.weight", &[6, 512])]);
    assert!(several.contains("`age`, `kind` all take its features"), "{several}");
    let unknown = error(&[("fc.0.weight", &[6, 512]), ("fc.1.weight", &[1])]);
    assert!(unknown.contains("`fc.1.weight` [1] is of no linear layer"), "{unknown}");
}

/// A file of its own, with the input that the references were computed with.
fn through_a_file(weights: &Weights) -> hyaline::error::Result<Model> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, weights.safetensors(BTreeMap::new(), false)).unwrap();
    let input = InputDefaults::imagenet(SIZE).preprocessing;
    let card = format!(
        "weights = \"model.safetensors\"\n[input]\nsize = {:?}\nmean = {:?}\nstd = {:?}\n",
        input.size, input.mean, input.std
    );
    fs::write(path.with_extension("toml"), card).unwrap();
    Model::open(&path, &ComputeDevice::cpu())
}

#[test]
fn spellings_of_other_libraries_give_the_logits_of_pytorch() {
    let cases: Vec<Case> = read("spellings.json.gz");
    let pixels: Vec<f32> =
        super::uniform("pixels", 3 * SIZE * SIZE).map(|u| f32::midpoint(u, 1.0)).collect();
    let mut wrong = vec![];
    for Case { name, tensors, logits: expected } in cases {
        match through_a_file(&weights(&tensors, 0.8)) {
            Ok(model) => {
                let data = TensorData::new(pixels.clone(), [1, 3, SIZE, SIZE]);
                let pixels = Tensor::from_data(data, model.graph.device());
                let error = error(&read_back(model.graph.logits(pixels)).unwrap(), &expected);
                println!("{name}: {error:.1e} as {}", model.architecture);
                wrong.extend((error > super::LIMIT).then(|| format!("{name}: {error:.1e}")));
            }
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
