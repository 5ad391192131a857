//! Methods that optimise masks, Sobol indices, and the controls.

mod support;

use hyaline::attribution::{self, Attribution, Explained, Flow, Progress, Values};
use hyaline::model::{ComputeDevice, Model};
use ndarray::Array3;
use safetensors::SafeTensors;
use std::path::Path;
use support::{Golden, relative_error};

/// Network, golden case.
const CASES: [(&str, &str); 5] = [
    ("mnist_lenet5_vanilla", "mnist_lenet5_vanilla@0"),
    ("mnist_lenet5_adv", "mnist_lenet5_adv@0"),
    ("cifar10_cnn_a_vanilla_sgd", "cifar10_cnn_a_vanilla_sgd@0"),
    ("cifar10_cnn_a_adv", "cifar10_cnn_a_adv@0"),
    ("cifar10_resnet20_vanilla", "cifar10_resnet20_vanilla@3"),
];

/// A tensor of tests/masks/reference.safetensors.
fn reference(name: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/masks/reference.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor(name).unwrap();
    view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

fn run_as(
    model: &Model,
    id: &str,
    (picture, target, seed): (&Array3<f32>, usize, u64),
    settings: &[(&str, &str)],
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    let method = attribution::method(id).unwrap();
    let parameters = method.description().parameters;
    let mut values = Values::defaults(parameters);
    for (name, value) in settings {
        values.set(parameters, name, value).unwrap();
    }
    let explained = Explained::new(model, picture, "picture", target, seed);
    attribution::attribute(method, &explained, &values, watch).unwrap()
}

fn run(model: &Model, id: &str, picture: &Array3<f32>, settings: &[(&str, &str)]) -> Attribution {
    run_as(model, id, (picture, 1, 0), settings, &mut |_| Flow::Continue)
}

fn lenet5() -> Option<Model> {
    let data = support::data()?;
    Some(support::model("mnist_lenet5_vanilla", &data, &ComputeDevice::cpu()))
}

/// A pattern in one quarter of a black picture.
fn quarter() -> Array3<f32> {
    Array3::from_shape_fn((1, 28, 28), |(_, y, x)| match y < 14 && x < 14 {
        true => ((x * y) as f32 * 0.3).sin().abs(),
        false => 0.0,
    })
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
    let (of_a, of_b) = (mean(a), mean(b));
    let product = |p: &[f32], m: f32, q: &[f32], n: f32| {
        p.iter().zip(q).map(|(p, q)| (p - m) * (q - n)).sum::<f32>()
    };
    product(a, of_a, b, of_b) / (product(a, of_a, a, of_a) * product(b, of_b, b, of_b)).sqrt()
}

#[test]
fn controls_know_nothing_of_the_network() {
    let Some(data) = support::data() else { return };
    let cpu = ComputeDevice::cpu();
    let models =
        ["mnist_lenet5_vanilla", "mnist_lenet5_adv"].map(|n| support::model(n, &data, &cpu));
    for id in ["centred-gaussian", "sobel", "input-intensity"] {
        let [first, second] = models.each_ref().map(|model| run(model, id, &quarter(), &[]).map);
        assert_eq!(first.dim(), (1, 28, 28), "{id}");
        assert_eq!(first, second, "{id}");
    }
    let bell = run(&models[0], "centred-gaussian", &quarter(), &[("sigma", "0.125")]).map;
    // Half a pixel and 3.5 pixels from the middle, σ 3.5.
    assert!((bell[[0, 13, 10]] - (-0.5f32 * (0.25 + 12.25) / 12.25).exp()).abs() < 1e-6);
    // LeNet5's mean is black.
    assert_eq!(*run(&models[0], "input-intensity", &quarter(), &[]).map, quarter());
    let noise = |seed| {
        let what = (&quarter(), 1, seed);
        run_as(&models[0], "random-map", what, &[], &mut |_| Flow::Continue).map
    };
    assert_eq!(noise(1), noise(1));
    assert_ne!(noise(1), noise(2));
    assert!((noise(1).mean().unwrap() - 0.5).abs() < 0.05);
}

#[test]
fn cells_that_change_nothing_have_no_sobol_index() {
    let Some(model) = lenet5() else { return };
    for score in ["logit", "probability"] {
        let settings = [("grid", "2"), ("baseline", "black"), ("score", score)];
        let found = run(&model, "sobol", &quarter(), &settings);
        let map: Vec<f32> = found.map.iter().copied().collect();
        assert_eq!(map[1..], [0.0; 3], "{score}");
        assert!(
            (map[0] - 1.0).abs() < 0.3,
            "{score}: all variance is the first cell's, {}",
            map[0]
        );
        assert_eq!(found.facts["sum of the indices"], f64::from(map[0]));
        assert_eq!(found.samples, Some((32 * 6, 32 * 6)));
    }
}

#[test]
fn a_batch_size_changes_nothing() {
    let Some(mut model) = lenet5() else { return };
    let cases = [
        ("sobol", &[("grid", "3"), ("designs", "5")][..]),
        ("meaningful-perturbation", &[("iterations", "4"), ("cells", "7")]),
        ("extremal-perturbation", &[("iterations", "4"), ("variant", "dual")]),
    ];
    for (id, settings) in cases {
        let [first, second] = [64, 1].map(|batch| {
            model.batch = batch;
            run(&model, id, &quarter(), settings).map
        });
        let error = relative_error(first.iter().copied(), second.iter().copied());
        assert!(error < 1e-4, "{id}: {error:.1e}");
    }
}

#[test]
fn a_cancelled_run_is_the_shorter_run() {
    let Some(model) = lenet5() else { return };
    let cases = [
        ("meaningful-perturbation", "iterations", 3),
        ("extremal-perturbation", "iterations", 3),
        ("sobol", "designs", 4),
    ];
    for (id, parameter, part) in cases {
        let small = [("grid", "3"), ("cells", "7")];
        let parameters = attribution::method(id).unwrap().description().parameters;
        let known = |name: &str| parameters.iter().any(|p| p.id == name);
        let settings = |count: &'static str| -> Vec<(&str, &str)> {
            let small = small.into_iter().filter(|(name, _)| known(name));
            small.chain([(parameter, count)]).collect()
        };
        let (whole, short) = if id == "sobol" { ("8", "4") } else { ("8", "3") };
        let mut last = None;
        let what = (&quarter(), 1, 0);
        let stopped = run_as(&model, id, what, &settings(whole), &mut |progress| {
            last = Some((progress.partial)().unwrap());
            match progress.done >= part {
                true => Flow::Cancel,
                false => Flow::Continue,
            }
        });
        assert!(stopped.is_partial(), "{id}");
        assert_eq!(Some(&*stopped.map), last.as_ref(), "{id}");
        if id != "sobol" {
            assert_eq!(stopped.map, run(&model, id, &quarter(), &settings(short)).map, "{id}");
        }
    }
}

#[test]
fn slow_look() {
    let Some(data) = support::data() else { return };
    for (network, case) in CASES {
        let Some(golden) = Golden::read(case) else { return };
        let model = support::model(network, &data, &ComputeDevice::cpu());
        let pixels = golden.map("input");
        let what = (&pixels, golden.target(), 0);
        for (iterations, id, settings) in [
            (
                "200",
                "extremal-perturbation",
                vec![
                    ("iterations", "200"),
                    ("sigma", if network.starts_with("mnist") { "24" } else { "21" }),
                ],
            ),
            (
                "800",
                "extremal-perturbation",
                vec![
                    ("iterations", "800"),
                    ("sigma", if network.starts_with("mnist") { "24" } else { "21" }),
                ],
            ),
            (
                "mp",
                "meaningful-perturbation",
                vec![("iterations", "100"), ("cells", "14"), ("blur", "40")],
            ),
            ("mpd", "meaningful-perturbation", vec![]),
            ("mpd40", "meaningful-perturbation", vec![("blur", "40")]),
            ("sobol", "sobol", vec![]),
        ] {
            let found = run_as(&model, id, what, &settings, &mut |_| Flow::Continue);
            let name = match iterations {
                "mp" => format!("{case} meaningful"),
                i => format!("{case} {} {i}", "extremal"),
            };
            let map: Vec<f32> = found.map.iter().copied().collect();
            print!(
                "{case} {iterations}: {:.2} s {:?} {:?}",
                found.seconds, found.facts, found.warnings
            );
            if iterations == "mp" || id.starts_with("ext") {
                let expected = reference(&name);
                print!(
                    " correlation {:.4} error {:.2e}",
                    correlation(&map, &expected),
                    relative_error(map.iter().copied(), expected)
                );
            }
            println!();
            let bytes: Vec<u8> = map.iter().flat_map(|v| v.to_le_bytes()).collect();
            std::fs::write(format!("/tmp/masks_{case}_{iterations}.f32"), bytes).unwrap();
        }
    }
}

#[test]
fn slow_debug() {
    let data = support::data().unwrap();
    for (network, case) in
        [("cifar10_cnn_a_adv", "cifar10_cnn_a_adv@0"), ("mnist_lenet5_adv", "mnist_lenet5_adv@0")]
    {
        let golden = Golden::read(case).unwrap();
        let model = support::model(network, &data, &ComputeDevice::cpu());
        let pixels = golden.map("input");
        let sigma = if network.starts_with("mnist") { "24" } else { "21" };
        run_as(
            &model,
            "extremal-perturbation",
            (&pixels, golden.target(), 0),
            &[("iterations", "201"), ("sigma", sigma)],
            &mut |p| {
                if [1, 2, 3, 5, 10, 20, 50, 100, 200].contains(&p.done) {
                    let bytes: Vec<u8> =
                        (p.partial)().unwrap().iter().flat_map(|v| v.to_le_bytes()).collect();
                    std::fs::write(format!("/tmp/ep_{case}_{}.f32", p.done), bytes).unwrap();
                }
                Flow::Continue
            },
        );
    }
}
