//! The networks of the example are as accurate as their cards and the README say, measured anew on
//! the same pictures.

use crate::support;
use hyaline::attack::{Pgd, PixelNorm};
use hyaline::model::{Card, ComputeDevice, Model};
use hyaline::training::data::{Part, Pictures, TargetShape};
use hyaline::training::{accuracy, robust_accuracy};
use std::path::Path;

/// Radius of the attacks.
const EPSILON: f32 = 8.0 / 255.0;
/// Of the example's recipes: the attacks' random starts follow from it.
const SEED: u64 = 2;

/// Accuracies without attack and under PGD-20, as measured and as the card has them.
fn accuracies(name: &str, pictures: &Pictures) -> [[f64; 2]; 2] {
    let file = format!("{name}.toml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/example").join(file);
    let graph = Model::open(&path, &ComputeDevice::cpu()).unwrap().graph;
    let pgd = Pgd::usual(PixelNorm::Linf, EPSILON, 20);
    let measured = [
        accuracy(&graph, pictures).unwrap(),
        robust_accuracy(&graph, pictures, pgd, 1, SEED).unwrap(),
    ];
    let training = Card::read(&path).unwrap().training.unwrap();
    let written = |name: &str| training.more["accuracies"][name].as_float().unwrap();
    [measured, [written("clean"), written("pgd20")]]
}

#[test]
fn the_example_is_as_accurate_as_its_cards_say() {
    let Some(data) = support::data() else { return };
    let wanted = TargetShape { channels: None, size: None };
    let subset = data.join("images/cifar10_exact_subset.npz");
    let pictures = Pictures::read(&subset, wanted, Part::Test).unwrap();
    assert_eq!(pictures.len(), 300);
    let [vanilla, robust] = ["vanilla", "robust"].map(|name| accuracies(name, &pictures));
    for [measured, written] in [vanilla, robust] {
        for (measured, written) in measured.into_iter().zip(written) {
            // Another processor may round a picture at the edge of two classes otherwise.
            assert!((measured - written).abs() < 0.01, "{measured} is not {written}");
        }
    }
    let [[clean, attacked], _] = vanilla;
    assert!(clean >= 0.85 && attacked <= 0.05, "vanilla: {clean}, {attacked}");
    let [[clean, attacked], _] = robust;
    assert!(clean >= 0.68 && attacked >= 0.38, "robust: {clean}, {attacked}");
}
