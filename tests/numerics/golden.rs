//! The mathematics against reference numbers of PyTorch, Captum and pytorch-grad-cam, on the CPU
//! and on wgpu.

use crate::support;
use crate::support::{Golden, relative_error};
use hyaline::attribution::{
    self, Explained, Job, Ranking, SMOOTHGRAD, SMOOTHGRAD_SQUARED, Smoothing, VARGRAD, bilinear,
    rise_over,
};
use hyaline::graph::{Rules, read_back};
use hyaline::model::Model;
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use hyaline::random::RandomStream;
use hyaline::score::{Measure, Protocol, Quantity, ScoreTrial, curves_in, of_class, score};
use ndarray::{Array2, Array3, Axis};
use safetensors::SafeTensors;
use std::path::Path;

/// Network, golden case.
const CASES: [(&str, &str); 6] = [
    ("mnist_lenet5_vanilla", "mnist_lenet5_vanilla@0"),
    ("mnist_lenet5_adv", "mnist_lenet5_adv@0"),
    ("cifar10_cnn_a_vanilla_sgd", "cifar10_cnn_a_vanilla_sgd@0"),
    ("cifar10_cnn_a_adv", "cifar10_cnn_a_adv@0"),
    ("cifar10_resnet20_vanilla", "cifar10_resnet20_vanilla@3"),
    ("imagenet_efficientnet_lite0", "imagenet_efficientnet_lite0@0"),
];

/// Relative L2 error allowed for one gradient.
const SINGLE: f32 = 1e-4;
/// The same for sums over many passes.
const SUM: f32 = 1e-3;

/// How far PyTorch in f32 is from itself in f64, where some activation lies so near a kink of ReLU
/// that rounding decides its derivative: the reference itself, or for averages over noise the same
/// network with its batch norms folded into convolutions, as here. No other f32 computation can be
/// expected to be nearer to the reference than about that.
const REFERENCE_ROUNDING: [(&str, &str, f32); 7] = [
    ("imagenet_efficientnet_lite0@0", "gradient", 5.8e-3),
    ("imagenet_efficientnet_lite0@0", "input_x_gradient", 4.9e-3),
    ("imagenet_efficientnet_lite0@0", "integrated_gradients", 1.1e-3),
    ("imagenet_efficientnet_lite0@0", "smoothgrad", 2.6e-3),
    ("imagenet_efficientnet_lite0@0", "smoothgrad_squared", 1.1e-3),
    ("imagenet_efficientnet_lite0@0", "vargrad", 1.3e-3),
    ("mnist_lenet5_adv@0", "integrated_gradients", 1.1e-3),
];

/// Share of the values that kinks leave alone and that must agree closely all the same.
const UNTOUCHED: f32 = 0.5;

/// Runs a check on every device and golden case that is there.
fn on_every_case(check: impl Fn(&Model, &Golden, &str)) {
    let Some(data) = support::data() else { return };
    for device in support::devices() {
        for (network, case) in CASES {
            let Some(golden) = Golden::read(case) else { return };
            let model = support::model(network, &data, device);
            check(&model, &golden, &format!("{case} on {}", device.name));
        }
    }
}

fn assert_close(
    found: impl IntoIterator<Item = f32>,
    golden: &Golden,
    name: &str,
    limit: f32,
    case: &str,
) {
    let found: Vec<f32> = found.into_iter().collect();
    let expected = golden.values(name);
    let error = relative_error(found.iter().copied(), expected.iter().copied());
    println!("{name}, {case}: relative error {error:.1e}");
    let rounding = REFERENCE_ROUNDING.iter().find(|(c, n, _)| case.starts_with(c) && *n == name);
    let Some((_, _, rounding)) = rounding else {
        assert!(error <= limit, "{name}, {case}: relative error {error:.2e} above {limit:.0e}");
        return;
    };
    assert!(error <= limit + 2.0 * rounding, "{name}, {case}: relative error {error:.2e}");
    let mut squares: Vec<(f32, f32)> =
        found.iter().zip(expected).map(|(a, b)| ((a - b).powi(2), b.powi(2))).collect();
    squares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let kept = (squares.len() as f32 * UNTOUCHED) as usize;
    let difference: f32 = squares[..kept].iter().map(|(d, _)| d).sum();
    let size: f32 = squares.iter().map(|(_, s)| s).sum();
    let error = (difference / size).sqrt();
    assert!(error <= limit, "{name}, {case}: {error:.2e} over the values that agree best");
}

fn attribute(model: &Model, golden: &Golden, method: &str) -> Vec<f32> {
    attribute_with(model, golden, method, &[])
}

fn attribute_map(model: &Model, golden: &Golden, method: &str) -> Array3<f32> {
    let values = attribute(model, golden, method);
    let layer = model.graph.node(model.graph.default_cam_layer().unwrap()).shape;
    Array3::from_shape_vec((1, layer.height, layer.width), values).unwrap()
}

fn attribute_with(
    model: &Model,
    golden: &Golden,
    method: &str,
    settings: &[(&str, &str)],
) -> Vec<f32> {
    let method = attribution::method(method).unwrap();
    let parameters = method.description().parameters;
    let mut values = Values::defaults(parameters);
    for (id, text) in settings {
        values.set(parameters, id, text).unwrap();
    }
    let pixels = golden.map("input");
    let explained = Explained::new(model, &pixels, "", golden.target(), 0);
    let done = attribution::attribute(method, &explained, &values, &mut |_| Flow::Continue);
    done.unwrap().map.iter().copied().collect()
}

/// Runs a part of a method on a golden picture.
fn in_job<T>(model: &Model, golden: &Golden, method: &str, run: impl FnOnce(&mut Job) -> T) -> T {
    let values = Values::defaults(attribution::method(method).unwrap().description().parameters);
    let pixels = golden.map("input");
    let explained = Explained::new(model, &pixels, "", golden.target(), 0);
    run(&mut Job::new(&explained, method, &values, &mut |_| Flow::Continue))
}

#[test]
fn logits_agree() {
    on_every_case(|model, golden, case| {
        let logits = read_back(model.graph.logits(model.tensor(&golden.map("input")))).unwrap();
        assert_close(logits, golden, "logits", SINGLE, case);
    });
}

/// Method, its settings, name of the reference, relative error allowed.
type Reference = (&'static str, &'static [(&'static str, &'static str)], &'static str, f32);

/// Maps by PyTorch, Captum and pytorch-grad-cam.
pub const GOLDEN: &[Reference] = &[
    ("gradient", &[], "gradient", SINGLE),
    ("input-x-gradient", &[], "input_x_gradient", SINGLE),
    ("integrated-gradients", &[], "integrated_gradients", SUM),
    ("grad-cam", &[], "grad_cam.raw", SINGLE),
    ("grad-cam-plus-plus", &[], "grad_cam_plus_plus.raw", SINGLE),
    ("hires-cam", &[], "hires_cam.raw", SINGLE),
    ("xgrad-cam", &[], "xgrad_cam.raw", SINGLE),
    ("layer-cam", &[], "layer_cam.raw", SINGLE),
];

#[test]
fn maps_agree() {
    on_every_case(|model, golden, case| {
        for &(id, settings, name, limit) in GOLDEN {
            assert_close(attribute_with(model, golden, id, settings), golden, name, limit, case);
        }
    });
}

/// Class activation maps by their golden names.
const CAMS: [(&str, &str); 5] = [
    ("grad-cam", "grad_cam"),
    ("grad-cam-plus-plus", "grad_cam_plus_plus"),
    ("hires-cam", "hires_cam"),
    ("xgrad-cam", "xgrad_cam"),
    ("layer-cam", "layer_cam"),
];

#[test]
fn finished_class_activation_maps_agree() {
    on_every_case(|model, golden, case| {
        for (id, name) in CAMS {
            let found = finished(&attribute_map(model, golden, id), golden);
            assert_close(found, golden, &format!("{name}.pytorch_grad_cam"), SINGLE, case);
        }
    });
}

fn eigen_cam_agrees(id: &str) {
    on_every_case(|model, golden, case| {
        // The sign of a principal component is the library's by chance.
        let map = attribute_map(model, golden, id);
        let expected = golden.values("eigen_cam.pytorch_grad_cam").iter().copied();
        let [one, other] = [&map, &-&map].map(|map| finished(map, golden));
        let other = relative_error(other, expected.clone());
        let error = relative_error(one, expected).min(other);
        println!("{id}, {case}: relative error {error:.1e}");
        assert!(error <= SINGLE, "{id}, {case}: {error:.2e}");
    });
}

/// A map as pytorch-grad-cam shows it: ReLU, from 0 to 1, enlarged bilinearly, from 0 to 1 again.
fn finished(map: &Array3<f32>, golden: &Golden) -> Vec<f32> {
    let scaled = |map: Array2<f32>| {
        let low = map.iter().copied().fold(f32::INFINITY, f32::min);
        let high = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        map.mapv(|value| (value - low) / (high - low + 1e-7))
    };
    let (_, height, width) = golden.map("input").dim();
    let positive = map.index_axis(Axis(0), 0).mapv(|value| value.max(0.0));
    scaled(bilinear(&scaled(positive), [height, width])).into_iter().collect()
}

/// Averages over noise, by their golden names.
pub const AVERAGES: [(&Smoothing, &str); 3] = [
    (&SMOOTHGRAD, "smoothgrad"),
    (&SMOOTHGRAD_SQUARED, "smoothgrad_squared"),
    (&VARGRAD, "vargrad"),
];

#[test]
fn averages_agree_over_the_reference_noise() {
    on_every_case(|model, golden, case| {
        let noise = golden.values("smoothgrad.noise");
        let samples = golden.tensors["smoothgrad.noise"].0[0];
        for (smoothing, name) in AVERAGES {
            let map = in_job(model, golden, "smoothgrad", |job| {
                smoothing.over(job, samples, |i| noise[i])
            });
            assert_close(map.unwrap(), golden, name, SUM, case);
        }
    });
}

fn rise_agrees_over_the_reference_masks(id: &str) {
    on_every_case(|model, golden, case| {
        let (shape, masks) = &golden.tensors["rise.masks"];
        let size = shape[2] * shape[3];
        let mask = |i: usize| {
            Array2::from_shape_vec((shape[2], shape[3]), masks[i * size..(i + 1) * size].to_vec())
                .unwrap()
        };
        let map = in_job(model, golden, id, |job| rise_over(job, shape[0], 0.5, mask));
        assert_close(map.unwrap(), golden, "rise", SUM, case);
    });
}

fn occlusion_agrees(id: &str) {
    on_every_case(|model, golden, case| {
        let of = |name: &str| golden.meta["occlusion"][name].to_string();
        let (window, stride) = (of("window"), of("stride"));
        let settings = [("window", &*window), ("stride", &stride), ("baseline", "black")];
        let map = attribute_with(model, golden, id, &settings);
        let channels = golden.values("occlusion").len() / map.len();
        let repeated = (0..channels).flat_map(|_| map.iter().copied());
        assert_close(repeated, golden, "occlusion", SINGLE, case);
    });
}

fn deeplift_agrees(id: &str) {
    on_every_case(|model, golden, case| {
        // Captum leaves clipped ReLUs their derivative, which is not the rescale rule.
        if case.starts_with("imagenet_efficientnet_lite0") {
            return;
        }
        let map = attribute(model, golden, id);
        let theirs = golden.values("deeplift_rescale");
        let sum = |map: &[f32]| map.iter().map(|value| f64::from(*value)).sum::<f64>();
        // What Captum says that its map lacks of the change of the logit: where it has max pools,
        // its two halves can take different derivatives at inputs that do not change.
        let leak = golden.meta["deeplift_rescale"]["delta"].as_f64().unwrap();
        let change = sum(theirs) - leak;
        let (ours, name) = (sum(&map), "deeplift_rescale");
        assert!((ours - change).abs() < 1e-5 * change.abs(), "{case}: {ours} for {change}");
        match leak.abs() < 1e-5 * change.abs() {
            true => assert_close(map, golden, name, SINGLE, case),
            false => assert_close(map, golden, name, 0.15, case),
        }
    });
}

/// Maps by zennit, PAIR's saliency and PyTorch (`tests/numerics/methods/gradients.py`).
pub const REFERENCES: &[Reference] = &[
    ("guided-integrated-gradients", &[("steps", "50")], "guided_ig", SUM),
    (
        "blur-integrated-gradients",
        &[("steps", "20"), ("sigma", "8"), ("border", "black")],
        "blur_ig",
        SUM,
    ),
    ("lrp", &[("composite", "epsilon-plus")], "lrp.epsilon-plus", SINGLE),
    ("lrp", &[("composite", "epsilon-alpha2-beta1")], "lrp.epsilon-alpha2-beta1", SINGLE),
    ("lrp", &[("composite", "epsilon-gamma-box")], "lrp.epsilon-gamma-box", SINGLE),
    ("fullgrad", &[], "fullgrad", SINGLE),
];

#[test]
fn maps_agree_with_other_programs() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numerics/methods/gradients.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    on_every_case(|model, golden, case| {
        let name = case.split(" on ").next().unwrap();
        for &(method, settings, reference, limit) in REFERENCES {
            let Ok(expected) = file.tensor(&format!("{name}/{reference}")) else { continue };
            let expected = expected.data().chunks_exact(4);
            let expected = expected.map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            let found = attribute_with(model, golden, method, settings);
            let error = relative_error(found, expected);
            println!("{reference}, {case}: relative error {error:.1e}");
            assert!(error <= limit, "{reference}, {case}: relative error {error:.2e}");
        }
    });
}

/// Methods that change the rule of ReLU, with the rule and the golden name.
pub const MODIFIED: [(&str, Rules, &str); 2] = [
    ("guided-backpropagation", Rules::Guided, "guided_backprop"),
    ("deconvolution", Rules::Deconvolution, "deconvolution"),
];

#[test]
fn modified_rules_agree() {
    on_every_case(|model, golden, case| {
        // Captum changes the rule of ReLU modules only; EfficientNet-lite has clipped ReLUs.
        if case.starts_with("imagenet_efficientnet_lite0") {
            return;
        }
        for (id, rule, name) in MODIFIED {
            assert_close(attribute(model, golden, id), golden, name, SINGLE, case);
            let pixels = model.tensor(&golden.map("input"));
            let map = model.graph.input_gradient(pixels, golden.target(), &rule);
            assert_close(read_back(map).unwrap(), golden, name, SINGLE, case);
        }
    });
}

fn curves_agree_over_the_reference_order(id: &str) {
    assert!(matches!(score(id).unwrap().measure, Measure::Curves));
    on_every_case(|model, golden, case| {
        let step = golden.meta["curve_step"].as_u64().unwrap() as usize;
        let pixels = golden.map("input");
        let mut trial = ScoreTrial {
            pixels: &pixels,
            map: &pixels,
            mean_colour: &model.preprocessing.mean,
            ranking: Ranking::Signed,
            score: &mut of_class(model, golden.target(), Quantity::Probability),
            batch: model.batch,
            watch: &mut |_, _| Flow::Continue,
        };
        let protocol = Protocol { step, ..Protocol::rise(model.preprocessing.size) };
        let generator = &mut RandomStream::new(0, "", "", "").generator();
        let curves = curves_in(&mut trial, &golden.order, &protocol, generator).unwrap().unwrap();
        for (curve, name, area) in [
            (curves.deletion, "deletion.curve", "deletion_auc"),
            (curves.insertion, "insertion.curve", "insertion_auc"),
        ] {
            assert_close(curve.scores, golden, name, SUM, case);
            let (auc, expected) = (curve.auc, golden.meta[area].as_f64().unwrap());
            assert!((auc - expected).abs() < 1e-4, "{name}, {case}: {auc} for {expected}");
        }
    });
}

held! {
    eigen_cam_agrees: "eigen-cam";
    rise_agrees_over_the_reference_masks: "rise";
    occlusion_agrees: "occlusion";
    deeplift_agrees: "deeplift";
    curves_agree_over_the_reference_order: "insertion-deletion";
}
