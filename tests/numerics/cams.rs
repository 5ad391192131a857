//! Class activation maps: closed forms where global average pooling and a linear layer follow,
//! invariances, and the numbers of pytorch-grad-cam and Captum in `cams/references.safetensors`,
//! which `cams/make_references.py` wrote.

use crate::support;
use crate::support::{Golden, relative_error};
use hyaline::attribution::{self, Attribution, METHODS, Progress};
use hyaline::graph::{Graph, Op, read_back};
use hyaline::model::{ComputeDevice, Model};
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use ndarray::{Array2, Array3, Axis, Slice};
use safetensors::SafeTensors;
use std::path::Path;

/// Relative L2 error allowed.
const LIMIT: f32 = 1e-4;

fn run(
    model: &Model,
    id: &str,
    pixels: &Array3<f32>,
    target: usize,
    settings: &[(&str, &str)],
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    support::run(model, id, (pixels, target, 7), settings, watch)
}

fn map(model: &Model, id: &str, pixels: &Array3<f32>, settings: &[(&str, &str)]) -> Array3<f32> {
    let done = run(model, id, pixels, 3, settings, &mut |_| Flow::Continue);
    done.map.as_ref().clone()
}

fn error(found: &Array3<f32>, expected: &Array3<f32>) -> f32 {
    assert_eq!(found.dim(), expected.dim());
    relative_error(found.iter().copied(), expected.iter().copied())
}

/// A picture without symmetry.
fn picture(channels: usize, side: usize) -> Array3<f32> {
    let wave = |c: usize, y: usize, x: usize| (c * 5 + y * 3) as f32 * 0.4 + (x * x) as f32 * 0.05;
    Array3::from_shape_fn((channels, side, side), |(c, y, x)| wave(c, y, x).sin() * 0.5 + 0.5)
}

fn mirrored(map: &Array3<f32>) -> Array3<f32> {
    map.slice_axis(Axis(2), Slice::new(0, None, -1)).to_owned()
}

struct References(Vec<u8>);

impl References {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numerics/cams");
        Self(std::fs::read(folder.join("references.safetensors")).unwrap())
    }

    fn values(&self, network: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(&format!("{network}/{name}")).unwrap();
        let bytes = view.data().chunks_exact(4);
        let values = bytes.map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        (view.shape().to_vec(), values)
    }
}

type Settings = &'static [(&'static str, &'static str)];

const PCA: Settings = &[("smoothing", "pca")];

/// Name of the reference, method, its settings beside the layer.
pub const REFERENCES: &[(&str, &str, Settings)] = &[
    ("score-cam", "score-cam", &[]),
    ("score-cam.softmax", "score-cam", &[("weights", "softmax")]),
    ("ablation-cam", "ablation-cam", &[]),
    ("eigen-grad-cam", "eigen-grad-cam", &[]),
    ("grad-cam.pca", "grad-cam", PCA),
    ("hires-cam.pca", "hires-cam", PCA),
    ("grad-cam.flips", "grad-cam", &[("augmentation", "flips")]),
    ("guided-grad-cam", "guided-grad-cam", &[]),
    ("grad-cam.layers", "grad-cam", &[]),
];

#[test]
fn maps_agree_with_pytorch_grad_cam_and_captum() {
    let Some(data) = support::data() else { return };
    let references = References::read();
    for device in support::devices() {
        for (network, layers) in
            [("mnist_lenet5_vanilla", ["relu1", "relu2"]), ("cifar10_cnn_a_adv", ["1", "3"])]
        {
            let model = support::model(network, &data, device);
            let (shape, values) = references.values(network, "input");
            let pixels = Array3::from_shape_vec((shape[1], shape[2], shape[3]), values).unwrap();
            let target = references.values(network, "target").1[0] as usize;
            let check = |name: &str, id: &str, settings: &[(&str, &str)]| {
                let found = run(&model, id, &pixels, target, settings, &mut |_| Flow::Continue);
                let (_, expected) = references.values(network, name);
                let found = found.map.iter().copied();
                // The sign of a principal component is the library's by chance.
                let mut error = relative_error(found.clone(), expected.iter().copied());
                if name.contains("pca") || name.contains("eigen") {
                    error = error.min(relative_error(found, expected.iter().map(|value| -value)));
                }
                println!("{name}, {network} on {}: relative error {error:.1e}", device.name);
                assert!(error <= LIMIT, "{name}, {network} on {}: {error:.1e}", device.name);
            };
            let [early, late] = layers;
            let both = format!("{early}, {late}");
            for &(name, id, settings) in REFERENCES {
                let layer = if name == "grad-cam.layers" { both.as_str() } else { late };
                check(name, id, &[settings, &[("layer", layer)]].concat());
            }
            check("ablation-cam.early", "ablation-cam", &[("layer", early)]);
        }
    }
}

/// The bias of a class in a network that ends in a linear layer.
fn bias(graph: &Graph, class: usize) -> f32 {
    let Op::Linear(linear) = &graph.node(graph.output()).op else { panic!("no linear layer") };
    read_back(linear.bias().unwrap()).unwrap()[class]
}

/// Networks of global average pooling and one linear layer, with a picture of their golden case.
fn pooled_networks(names: &[(&str, &str)]) -> Vec<(Model, Array3<f32>)> {
    let Some(data) = support::data() else { return vec![] };
    let open = |(network, case): &(&str, &str)| {
        let pixels = Golden::read(case)?.map("input");
        Some((support::model(network, &data, &ComputeDevice::cpu()), pixels))
    };
    names.iter().filter_map(open).collect()
}

const RESNET: (&str, &str) = ("cifar10_resnet20_vanilla", "cifar10_resnet20_vanilla@3");
const LITE: (&str, &str) = ("imagenet_efficientnet_lite0", "imagenet_efficientnet_lite0@0");

fn the_mean_of_cam_and_the_bias_are_the_logit(id: &str) {
    for (model, pixels) in pooled_networks(&[RESNET, LITE]) {
        let logits = read_back(model.graph.logits(model.tensor(&pixels))).unwrap();
        for class in [0, 1, model.graph.classes() - 1] {
            let found = run(&model, id, &pixels, class, &[], &mut |_| Flow::Continue);
            assert_eq!(found.warnings, Vec::<String>::new());
            let logit = found.map.mean().unwrap() + bias(&model.graph, class);
            let difference = (logit - logits[class]).abs();
            assert!(difference < 1e-4, "{}: {logit} for {}", model.name, logits[class]);
        }
    }
}

#[test]
fn after_global_average_pooling_weightings_by_gradients_agree() {
    for (model, pixels) in pooled_networks(&[RESNET]) {
        let places = 64.0;
        let cam = map(&model, "cam", &pixels, &[]) / places;
        for id in ["grad-cam", "hires-cam", "xgrad-cam"] {
            assert!(error(&map(&model, id, &pixels, &[]), &cam) < 1e-5, "{id}");
        }
    }
}

/// Without channel k the logit y is less by w_k mean(A^k): Ablation-CAM is Σ w_k mean(A^k) A^k / y.
fn ablation_cam_after_global_average_pooling_is_known(id: &str) {
    for (model, pixels) in pooled_networks(&[RESNET]) {
        let tape = model.graph.forward(model.tensor(&pixels));
        let target = 3;
        let layer = model.graph.default_cam_layer().unwrap();
        let rules = hyaline::graph::Rules::Gradient;
        let gradient = model.graph.gradients(&tape, &[target], &[layer], &rules).remove(0);
        let activations = tape.value(layer);
        let parts = (gradient * activations.clone()).sum_dim(2).sum_dim(3);
        let logit = read_back(tape.logits()).unwrap()[target];
        let expected = read_back((activations * parts).sum_dim(1) / logit).unwrap();
        let found = run(&model, id, &pixels, target, &[], &mut |_| Flow::Continue);
        assert!(relative_error(found.map.iter().copied(), expected) < 1e-4);
        let told = found.warnings.iter().any(|warning| warning.contains("logit is not positive"));
        assert_eq!(told, logit <= 0.0);
    }
}

#[test]
fn cam_says_where_it_is_not_defined() {
    let Some(data) = support::data() else { return };
    let model = support::model("mnist_lenet5_vanilla", &data, &ComputeDevice::cpu());
    let pixels = picture(1, 28);
    let found = run(&model, "cam", &pixels, 3, &[], &mut |_| Flow::Continue);
    assert!(found.warnings[0].contains("`relu2` is not followed by global average pooling"));
    let grad_cam = map(&model, "grad-cam", &pixels, &[]);
    assert!(error(&found.map, &(grad_cam * (14.0 * 14.0))) < 1e-5);
}

/// Methods of the family that take a parameter.
fn methods_with(parameter: &str) -> impl Iterator<Item = &'static str> {
    let descriptions = METHODS.iter().map(|method| method.description());
    let cams = descriptions.filter(|found| found.family == attribution::Family::Cam);
    let has = move |found: &&attribution::Description| {
        found.parameters.iter().any(|known| known.id == parameter)
    };
    cams.filter(has).map(|found| found.id)
}

#[test]
fn over_flips_a_mirror_image_has_the_mirrored_map() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let pixels = picture(3, 32);
    let flips = &[("augmentation", "flips")];
    let mut count = 0;
    for id in methods_with("augmentation") {
        let found = map(&model, id, &mirrored(&pixels), flips);
        let expected = mirrored(&map(&model, id, &pixels, flips));
        assert!(error(&found, &expected) < 1e-4, "{id}");
        let plain = mirrored(&map(&model, id, &pixels, &[]));
        assert!(error(&found, &plain) > 1e-2, "{id}: the flips do something");
        count += 1;
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn a_component_correlates_with_the_sum_it_stands_for() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let pixels = picture(3, 32);
    for id in methods_with("smoothing") {
        let plain = map(&model, id, &pixels, &[]);
        let component = map(&model, id, &pixels, &[("smoothing", "pca")]);
        assert!(component.mean().unwrap().abs() < 1e-5 * component.mapv(f32::abs).sum(), "{id}");
        let product = (&plain - plain.mean().unwrap()) * &component;
        assert!(product.sum() > 0.0, "{id}");
    }
}

#[test]
fn eigen_cam_is_the_same_for_every_class() {
    let Some(data) = support::data() else { return };
    let model = support::model("mnist_lenet5_adv", &data, &ComputeDevice::cpu());
    let of = |class| run(&model, "eigen-cam", &picture(1, 28), class, &[], &mut |_| Flow::Continue);
    assert_eq!(of(0).map, of(7).map);
}

#[test]
fn batches_change_nothing_and_a_cancelled_map_is_what_was_told_last() {
    let Some(data) = support::data() else { return };
    let mut model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let pixels = picture(3, 32);
    let probability: &[(&str, &str)] = &[];
    for (id, settings) in [
        ("score-cam", probability),
        ("score-cam", &[("weights", "softmax")]),
        ("ablation-cam", &[("layer", "1")]),
    ] {
        model.batch = 64;
        let whole = map(&model, id, &pixels, settings);
        model.batch = 5;
        let mut steps = vec![];
        let found = run(&model, id, &pixels, 3, settings, &mut |progress| {
            steps.push((progress.done, progress.total));
            Flow::Continue
        });
        assert!(error(&found.map, &whole) < 1e-5, "{id} {settings:?}");
        assert!(!found.is_partial() && steps.len() > 2, "{id}: {steps:?}");
        assert!(steps.is_sorted() && steps.iter().all(|step| step.1 == steps[0].1), "{steps:?}");

        let mut told = None;
        let stopped = run(&model, id, &pixels, 3, settings, &mut |progress| {
            told = Some((progress.partial)().unwrap());
            Flow::Cancel
        });
        assert!(stopped.is_partial(), "{id}");
        assert_eq!(Some(&*stopped.map), told.as_ref(), "{id}");
        assert!(error(&stopped.map, &whole) > 1e-3, "{id}: something was left");
    }
}

#[test]
fn a_cancelled_average_is_that_of_the_copies_done() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let pixels = picture(3, 32);
    let settings = &[("augmentation", "flips"), ("layer", "1, 3")];
    let mut steps = vec![];
    let stopped = run(&model, "grad-cam", &pixels, 3, settings, &mut |progress| {
        steps.push((progress.done, progress.total));
        if progress.done == 2 { Flow::Cancel } else { Flow::Continue }
    });
    assert_eq!(steps, [(1, 12), (2, 12)]);
    let plain = map(&model, "grad-cam", &pixels, &[("layer", "1, 3")]);
    assert_eq!(*stopped.map, plain, "the picture itself comes first");
}

#[test]
fn costs_follow_from_channels_layers_and_copies() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let cost = |id: &str, settings: &[(&str, &str)]| {
        let method = attribution::method(id).unwrap();
        let parameters = method.description().parameters;
        let mut values = Values::defaults(parameters);
        for (name, value) in settings {
            values.set(parameters, name, value).unwrap();
        }
        let cost = method.cost(&values, &model.graph);
        (cost.forwards, cost.backwards)
    };
    let (both, flips) = (("layer", "1,3"), ("augmentation", "flips"));
    assert_eq!(cost("ablation-cam", &[]), (1 + 32, 0));
    assert_eq!(cost("score-cam", &[both, flips]), (6 * (1 + 16 + 32), 0));
    assert_eq!(cost("grad-cam", &[both, flips]), (6, 12));
    assert_eq!(cost("eigen-cam", &[]), (1, 0));
    assert_eq!(cost("guided-grad-cam", &[]), (1, 2));
}

#[test]
fn layers_are_fused_at_the_size_of_the_largest() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let pixels = picture(3, 32);
    let positive = |layer: &str| {
        let map = map(&model, "layer-cam", &pixels, &[("layer", layer)]);
        let map: Array2<f32> = map.index_axis(Axis(0), 0).mapv(|value| value.max(0.0));
        let high = map.iter().copied().fold(0.0, f32::max);
        attribution::bilinear(&(map / high), [16, 16])
    };
    let expected = (positive("1") + positive("3")) / 2.0;
    let found = map(&model, "layer-cam", &pixels, &[("layer", "3,1")]);
    assert!(error(&found, &expected.insert_axis(Axis(0))) < 1e-6);
}

held! {
    the_mean_of_cam_and_the_bias_are_the_logit: "cam";
    ablation_cam_after_global_average_pooling_is_known: "ablation-cam";
}
