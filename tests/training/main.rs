//! Losses, gradients and attacks of training against PyTorch, and whole small trainings.

#[path = "../support/mod.rs"]
mod support;

mod example;
mod pictures;
mod runs;

use burn::tensor::{Tensor, TensorData};
use hyaline::attack::{Pgd, PixelNorm, Start, cross_entropy};
use hyaline::graph::read_back;
use hyaline::model::{ComputeDevice, WeightTensor, Weights};
use hyaline::training::objective::{AdvProp, Adversarial, Batch, Objective, Sep, Trades, Vanilla};
use hyaline::training::{Explanation, Network, PixelDistance, Sgd, Update, Values};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::Path;

/// The numbers of `training/make.py`.
struct Reference {
    tensors: BTreeMap<String, WeightTensor>,
    labels: Vec<usize>,
}

impl Reference {
    fn read() -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/training/reference.safetensors");
        let bytes = std::fs::read(path).unwrap();
        let (mut tensors, mut labels) = (BTreeMap::new(), vec![]);
        for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
            let shape = view.shape().to_vec();
            if name == "labels" {
                let numbers = view.data().as_chunks::<8>().0.iter();
                labels = numbers.map(|b| i64::from_le_bytes(*b) as usize).collect();
                continue;
            }
            let values = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
            tensors.insert(name.to_string(), WeightTensor { shape, values: values.collect() });
        }
        Self { tensors, labels }
    }

    /// Tensors of a case, by the rest of their names.
    fn case(&self, case: &str) -> BTreeMap<String, WeightTensor> {
        let prefix = format!("{case}/");
        let of = |(name, t): (&String, &WeightTensor)| {
            Some((name.strip_prefix(&prefix)?.to_string(), t.clone()))
        };
        self.tensors.iter().filter_map(of).collect()
    }

    fn weights(&self) -> Weights {
        Weights { tensors: self.case("weights"), ..Weights::default() }
    }

    fn tensor(&self, name: &str, device: &ComputeDevice) -> Tensor<4> {
        let WeightTensor { shape, values } = self.tensors[name].clone();
        Tensor::from_data(TensorData::new(values, shape), &device.device)
    }

    fn batch(&self, device: &ComputeDevice) -> Batch {
        Batch { pixels: self.tensor("pixels", device), labels: self.labels.clone() }
    }

    fn network(&self, device: &ComputeDevice) -> Network {
        let normalisation = [vec![0.5, 0.45, 0.4], vec![0.25, 0.2, 0.3]];
        Network::new("cifar-resnet", &self.weights(), [8, 8], normalisation, device).unwrap()
    }

    /// Loss, gradients and statistics of a case.
    fn assert_update(&self, case: &str, update: &Update) {
        let expected = self.case(case);
        let loss = update.loss / update.samples as f64;
        assert_close(case, "loss", &[loss as f32], &expected["loss"].values, 1e-5);
        let mut weights = self.weights();
        update.move_statistics(&mut weights);
        let mut checked = 0;
        for (name, expected) in &expected {
            let found = match update.gradients.get(name) {
                Some(gradient) => gradient,
                None if name.contains("running") => &weights.tensors[name].values,
                None => continue,
            };
            checked += 1;
            assert_close(case, name, found, &expected.values, 1e-5);
        }
        assert!(
            checked >= update.gradients.len(),
            "{case}: {checked} of {}",
            update.gradients.len()
        );
    }
}

/// Relative to the length of what is expected.
fn assert_close(case: &str, name: &str, found: &[f32], expected: &[f32], allowed: f64) {
    assert_eq!(found.len(), expected.len(), "{case}: {name}");
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let pairs = || found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b));
    let length = square(&mut expected.iter().map(|v| f64::from(*v)));
    let error = square(&mut pairs()) / length.max(1e-3);
    assert!(error < allowed, "{case}: {name} differs by {error:.1e}");
}

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

#[test]
fn vanilla_training_has_the_gradients_of_pytorch() {
    let reference = Reference::read();
    for device in support::devices() {
        let (network, batch) = (reference.network(device), reference.batch(device));
        let update = Vanilla {}.learn(&network, &reference.weights(), &batch, &mut random());
        reference.assert_update("vanilla", &update.unwrap());
    }
}

#[test]
fn attacks_climb_as_in_pytorch() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let graph =
        reference.network(&device).running(&reference.weights(), Default::default()).unwrap();
    let batch = reference.batch(&device);
    let logits = read_back(graph.logits(batch.pixels.clone())).unwrap();
    assert_close("folded", "logits", &logits, &reference.tensors["logits"].values, 1e-5);
    for (case, norm, epsilon, step) in
        [("linf", PixelNorm::Linf, 8.0 / 255.0, 2.0 / 255.0), ("l2", PixelNorm::L2, 0.5, 0.2)]
    {
        let pgd = Pgd { norm, epsilon, step, steps: 4, start: Start::Picture };
        let attacked = pgd.attack(&graph, &batch.pixels, &batch.labels, &mut random()).unwrap();
        let found = read_back(attacked).unwrap();
        assert_close(
            case,
            "attacked",
            &found,
            &reference.tensors[&format!("{case}/attacked")].values,
            1e-5,
        );
    }
}

#[test]
fn adversarial_training_has_the_gradients_of_pytorch() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let network = reference.network(&device);
    // No step from a ball of no size: the pictures are attacked already.
    let batch = Batch {
        pixels: reference.tensor("linf/attacked", &device),
        labels: reference.labels.clone(),
    };
    let none = Adversarial { epsilon: PixelDistance::new(0.0), steps: 0, ..Adversarial::default() };
    let update = none.learn(&network, &reference.weights(), &batch, &mut random());
    reference.assert_update("linf", &update.unwrap());
}

#[test]
fn trades_has_the_gradients_of_pytorch() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let network = reference.network(&device);
    let attacked = reference.tensor("linf/attacked", &device);
    let batch = reference.batch(&device);
    let update = Trades::default().learn_from(&network, &reference.weights(), &batch, attacked);
    reference.assert_update("trades", &update.unwrap());
}

/// A SEP that learns from explanations alone.
fn sep(explanation: Explanation) -> Sep {
    Sep { explanation, lambda: 1.0, softplus: 5.0, ..Sep::default() }
}

#[test]
fn explanations_are_learned_from_with_the_gradients_of_pytorch() {
    let reference = Reference::read();
    for device in support::devices() {
        let (network, batch) = (reference.network(device), reference.batch(device));
        for (case, explanation) in [
            ("gradient", Explanation::Gradient),
            ("input-x-gradient", Explanation::InputXGradient),
            ("guided-backpropagation", Explanation::GuidedBackpropagation),
        ] {
            let noise = reference.tensor("noise", device);
            let sep = sep(explanation);
            let found = sep.explanation_loss(&network, &reference.weights(), &batch, noise);
            let (losses, gradients) = found.unwrap();
            let loss = losses.iter().sum::<f64>() / losses.len() as f64;
            let mut expected = reference.case(case);
            let expected_loss = expected.remove("loss").unwrap().values[0];
            assert!((loss as f32 / expected_loss - 1.0).abs() < 1e-4, "{case}: {loss}");
            for (name, gradient) in gradients {
                // The last bias moves no gradient.
                let Some(expected) = expected.remove(&name) else { continue };
                assert_scaled(case, &name, &gradient, &expected.values);
            }
            assert!(expected.is_empty(), "{case}: {:?}", expected.keys());
        }
    }
}

/// Relative, of gradients that may be small.
fn assert_scaled(case: &str, name: &str, found: &[f32], expected: &[f32]) {
    let most = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
    let scaled = |values: &[f32]| values.iter().map(|v| v / most.max(1e-12)).collect::<Vec<_>>();
    assert_close(case, name, &scaled(found), &scaled(expected), 1e-4);
}

#[test]
fn explanations_are_learned_from_as_differences_say() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let (network, batch) = (reference.network(&device), reference.batch(&device));
    let loss = |weights: &Weights| {
        let noise = reference.tensor("noise", &device);
        let sep = sep(Explanation::InputXGradient);
        let found = sep.explanation_loss(&network, weights, &batch, noise).unwrap();
        (found.0.iter().sum::<f64>() / found.0.len() as f64, found.1)
    };
    let weights = reference.weights();
    let gradients = loss(&weights).1;
    // Along the gradient, where a change is plainest.
    let length = gradients.values().flatten().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let moved = |by: f64| {
        let mut weights = weights.clone();
        for (name, gradient) in &gradients {
            let values = &mut weights.tensors.get_mut(name).unwrap().values;
            values
                .iter_mut()
                .zip(gradient)
                .for_each(|(v, g)| *v += (by * f64::from(*g) / length) as f32);
        }
        loss(&weights).0
    };
    let slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
    assert!((slope / length - 1.0).abs() < 0.02, "{slope} and {length}");
}

#[test]
fn auxiliary_norms_learn_from_attacked_pictures_alone() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let (network, batch) = (reference.network(&device), reference.batch(&device));
    let mut weights = reference.weights();
    let plain = Vanilla {}.learn(&network, &weights, &batch, &mut random()).unwrap();
    for (name, tensor) in reference.weights().tensors {
        let (module, part) = name.rsplit_once('.').unwrap();
        if weights.tensors.contains_key(&format!("{module}.running_var")) {
            weights.tensors.insert(format!("{module}.aux_bn.{part}"), tensor);
        }
    }
    // Attacks of no size: both halves learn the same.
    let none = AdvProp { epsilon: PixelDistance::new(0.0), steps: 0, ..AdvProp::default() };
    let both = none.learn(&network, &weights, &batch, &mut random()).unwrap();
    let mut norms = 0;
    for (name, expected) in &plain.gradients {
        let (module, part) = name.rsplit_once('.').unwrap();
        let found = &both.gradients[name];
        if let Some(auxiliary) = both.gradients.get(&format!("{module}.aux_bn.{part}")) {
            norms += 1;
            assert_close("advprop", name, found, expected, 1e-6);
            assert_close("advprop", name, auxiliary, expected, 1e-6);
        } else {
            let doubled: Vec<f32> = expected.iter().map(|value| 2.0 * value).collect();
            assert_close("advprop", name, found, &doubled, 1e-6);
        }
    }
    assert_eq!(norms, 14);
    both.move_statistics(&mut weights);
    let statistics = |name: &str| weights.tensors[name].values.clone();
    assert_eq!(statistics("bn1.running_mean"), statistics("bn1.aux_bn.running_mean"));
    assert_ne!(
        statistics("bn1.running_mean"),
        reference.weights().tensors["bn1.running_mean"].values
    );
}

#[test]
fn steps_are_those_of_pytorch() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let (network, batch) = (reference.network(&device), reference.batch(&device));
    let sgd = Sgd { weight_decay: 0.05, ..Sgd::default() };
    let (mut weights, mut velocity) = (reference.weights(), Values::new());
    for _ in 0..3 {
        let update = Vanilla {}.learn(&network, &weights, &batch, &mut random()).unwrap();
        sgd.step(&mut weights, &mut velocity, &update.gradients, 0.1);
        update.move_statistics(&mut weights);
    }
    for (name, expected) in reference.case("after") {
        assert_close("after", &name, &weights.tensors[&name].values, &expected.values, 1e-4);
    }
}

#[test]
fn attacks_stay_in_their_ball_and_in_range() {
    let reference = Reference::read();
    let device = ComputeDevice::cpu();
    let graph =
        reference.network(&device).running(&reference.weights(), Default::default()).unwrap();
    let Batch { pixels, labels } = reference.batch(&device);
    let clean = read_back(pixels.clone()).unwrap();
    let loss = |pixels| {
        let logits = read_back(graph.logits(pixels)).unwrap();
        cross_entropy(&logits, &labels).values.iter().sum::<f64>()
    };
    for (norm, epsilon) in [(PixelNorm::Linf, 0.06), (PixelNorm::L2, 1.0)] {
        let pgd = Pgd { norm, epsilon, step: epsilon, steps: 5, start: Start::Uniform };
        let attacked = pgd.attack(&graph, &pixels, &labels, &mut random()).unwrap();
        let values = read_back(attacked.clone()).unwrap();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        for (values, clean) in values.chunks(192).zip(clean.chunks(192)) {
            let changes = values.iter().zip(clean).map(|(a, b)| f64::from((a - b).abs()));
            let size = match norm {
                PixelNorm::Linf => changes.fold(0.0, f64::max),
                PixelNorm::L2 => changes.map(|change| change * change).sum::<f64>().sqrt(),
            };
            assert!(size <= f64::from(epsilon) * (1.0 + 1e-5), "{norm:?}: {size}");
        }
        assert!(loss(attacked) > loss(pixels.clone()) + 0.05);
    }
}
