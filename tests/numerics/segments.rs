//! Superpixels, and the attribution methods that stand on them.

mod superpixels;

use crate::support;
use burn::tensor::Tensor;
use hyaline::attribution::{self, Attribution, Explained, Progress};
use hyaline::graph::read_back;
use hyaline::model::{ComputeDevice, Model};
use hyaline::parameter::Values;
use hyaline::picture::superpixels::{Felzenszwalb, Quickshift, Slic, count};
use hyaline::progress::Flow;
use ndarray::{Array2, Array3, arr2};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::path::Path;

const PICTURES: [&str; 3] = ["astronaut", "waves", "ring"];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numerics/segments").join(name))
        .unwrap()
}

/// The small pictures and scikit-image's segmentations of them.
struct Reference(Vec<u8>);

impl Reference {
    fn read() -> Self {
        Self(fixture("superpixels.safetensors"))
    }

    /// C×H×W in [0,1].
    fn picture(&self, name: &str) -> Array3<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(&format!("picture.{name}")).unwrap();
        let [channels, height, width] = view.shape().try_into().unwrap();
        let values = view.data().iter().map(|level| f32::from(*level) / 255.0).collect();
        Array3::from_shape_vec((channels, height, width), values).unwrap()
    }

    fn labels(&self, name: &str) -> Array2<usize> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap();
        let [height, width] = view.shape().try_into().unwrap();
        let values = view.data().iter().map(|label| usize::from(*label)).collect();
        Array2::from_shape_vec((height, width), values).unwrap()
    }
}

type Segment = Box<dyn Fn(&Array3<f32>) -> Array2<usize>>;

/// Every setting that there is a reference of, by its name there.
fn settings() -> Vec<(&'static str, Segment)> {
    let slic = Slic::default();
    let compact = Slic { segments: 50, compactness: 30.0, sigma: 3.0, ..slic };
    let loose = Slic { segments: 30, compactness: 2.0, sigma: 1.0, is_connected: false };
    let quickshift = Quickshift::default();
    let lime = Quickshift { ratio: 0.2, kernel_size: 4.0, max_distance: 200.0 };
    let felzenszwalb = Felzenszwalb::default();
    let coarse = Felzenszwalb { scale: 100.0, sigma: 0.5, min_size: 50 };
    vec![
        ("slic.default", Box::new(move |pixels| slic.segment(pixels))),
        ("slic.compact", Box::new(move |pixels| compact.segment(pixels))),
        ("slic.loose", Box::new(move |pixels| loose.segment(pixels))),
        ("quickshift_ordered.default", Box::new(move |pixels| quickshift.segment(pixels))),
        ("quickshift_ordered.lime", Box::new(move |pixels| lime.segment(pixels))),
        ("felzenszwalb.default", Box::new(move |pixels| felzenszwalb.segment(pixels))),
        ("felzenszwalb.coarse", Box::new(move |pixels| coarse.segment(pixels))),
    ]
}

/// Numbers the labels in reading order.
fn renumbered(labels: &Array2<usize>) -> Array2<usize> {
    let mut numbers = HashMap::new();
    labels.mapv(|label| {
        let next = numbers.len();
        *numbers.entry(label).or_insert(next)
    })
}

/// The adjusted Rand index: 1 for the same segments, about 0 for unrelated ones.
fn adjusted_rand_index(a: &Array2<usize>, b: &Array2<usize>) -> f64 {
    let pairs = |counts: HashMap<(usize, usize), f64>| -> f64 {
        counts.values().map(|n| n * (n - 1.0) / 2.0).sum()
    };
    let counted = |key: fn(usize, usize) -> (usize, usize)| {
        let mut counts = HashMap::new();
        for (a, b) in a.iter().zip(b) {
            *counts.entry(key(*a, *b)).or_insert(0.0) += 1.0;
        }
        pairs(counts)
    };
    let (both, first, second) =
        (counted(|a, b| (a, b)), counted(|a, _| (a, 0)), counted(|_, b| (0, b)));
    let n = a.len() as f64;
    let expected = first * second / (n * (n - 1.0) / 2.0);
    if first + second == 2.0 * expected {
        return 1.0;
    }
    (both - expected) / (0.5 * (first + second) - expected)
}

/// Whether the pixels of every label hang together by their four neighbours, or by all eight.
fn is_connected(labels: &Array2<usize>, by_corners: bool) -> bool {
    let (height, width) = labels.dim();
    let mut seen = Array2::from_elem(labels.dim(), false);
    let mut parts = 0;
    for (start, label) in labels.indexed_iter() {
        if seen[start] {
            continue;
        }
        parts += 1;
        seen[start] = true;
        let mut stack = vec![start];
        while let Some((y, x)) = stack.pop() {
            for (down, right) in (-1..=1).flat_map(|d| (-1..=1).map(move |r| (d, r))) {
                let next = (y.wrapping_add_signed(down), x.wrapping_add_signed(right));
                let is_near = by_corners || down == 0 || right == 0;
                if is_near
                    && next.0 < height
                    && next.1 < width
                    && labels[next] == *label
                    && !seen[next]
                {
                    seen[next] = true;
                    stack.push(next);
                }
            }
        }
    }
    parts == count(labels)
}

/// CNN-A over 8×8 grey pictures with ReLUs that stay open: the logits are linear in the pixels, and
/// so near to each other that the probabilities are almost.
fn linear_model(folder: &Path) -> Model {
    let weights = |shape: &[usize], size: f64| -> Vec<f32> {
        let value = |i: usize| ((i as f64 * 12.9898 + shape.len() as f64).sin() * 43_758.5).fract();
        (0..shape.iter().product()).map(|i| (value(i) * size) as f32).collect()
    };
    let layers = [
        ("0", vec![16, 1, 4, 4], 0.4, 8.0),
        ("2", vec![32, 16, 4, 4], 0.1, 30.0),
        ("5", vec![100, 128], 0.1, 200.0),
        ("7", vec![10, 100], 0.001, 0.0),
    ];
    let names: Vec<_> =
        layers.iter().map(|l| (format!("{}.weight", l.0), format!("{}.bias", l.0))).collect();
    let tensors =
        layers.iter().zip(&names).flat_map(|((_, shape, size, bias), (weight, of_bias))| {
            [
                (weight.as_str(), shape.clone(), weights(shape, *size)),
                (of_bias.as_str(), vec![shape[0]], vec![*bias; shape[0]]),
            ]
        });
    support::write_model(folder, &tensors.collect::<Vec<_>>())
}

fn small_picture() -> Array3<f32> {
    Array3::from_shape_fn((1, 8, 8), |(_, y, x)| ((y * 8 + x) as f32 * 0.7).sin() * 0.5 + 0.5)
}

fn run(
    model: &Model,
    id: &str,
    picture: &Array3<f32>,
    settings: &[(&str, &str)],
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    support::run(model, id, (picture, 3, 7), settings, watch)
}

fn go_on(_: &Progress) -> Flow {
    Flow::Continue
}

/// Nine squares, about, and their settings.
const SQUARES: [(&str, &str); 4] =
    [("segmentation", "slic"), ("segments", "9"), ("compactness", "1000"), ("sigma", "0")];

fn squares(picture: &Array3<f32>) -> Array2<usize> {
    Slic { segments: 9, compactness: 1000.0, ..Slic::default() }.segment(picture)
}

/// The picture with black where `is_hidden` says so of a label.
fn blackened(
    picture: &Array3<f32>,
    labels: &Array2<usize>,
    is_hidden: impl Fn(usize) -> bool,
) -> Array3<f32> {
    let mut blackened = picture.clone();
    for ((_, y, x), value) in blackened.indexed_iter_mut() {
        if is_hidden(labels[[y, x]]) {
            *value = 0.0;
        }
    }
    blackened
}

fn lime_finds_a_linear_model(id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let model = linear_model(folder.path());
    let picture = small_picture();
    let settings =
        [&SQUARES[..], &[("hide", "black"), ("alpha", "0"), ("kernel-width", "100")]].concat();
    let found = run(&model, id, &picture, &settings, &mut go_on);
    let labels = squares(&picture);
    assert_eq!(found.diagnostics["segments"], count(&labels) as f64);
    let probability = |picture: &Array3<f32>| {
        read_back(model.probabilities(model.tensor(picture)).unwrap()).unwrap()[3]
    };
    let whole = probability(&picture);
    let drops: Vec<f32> = (0..count(&labels))
        .map(|segment| whole - probability(&blackened(&picture, &labels, |l| l == segment)))
        .collect();
    let expected = labels.iter().map(|label| drops[*label]);
    let error = support::relative_error(found.map.iter().copied(), expected);
    assert!(error < 5e-3, "{error:.1e}");
    assert!(found.diagnostics["R²"] > 0.9999, "{}", found.diagnostics["R²"]);
}

fn kernel_shap_of_a_linear_model_is_what_each_segment_adds(id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let model = linear_model(folder.path());
    let picture = small_picture();
    let labels = squares(&picture);
    let gradient = run(&model, "gradient", &picture, &[], &mut go_on).map;
    let mut sums = vec![0f32; count(&labels)];
    for ((_, y, x), slope) in gradient.indexed_iter() {
        sums[labels[[y, x]]] += slope * picture[[0, y, x]];
    }
    // All coalitions, and far too few for that.
    for samples in ["2048", "40"] {
        let settings = [&SQUARES[..], &[("hide", "black"), ("samples", samples)]].concat();
        let found = run(&model, id, &picture, &settings, &mut go_on);
        let expected = labels.iter().map(|label| sums[*label]);
        let error = support::relative_error(found.map.iter().copied(), expected);
        assert!(error < 5e-3, "{samples} samples: {error:.1e}");
    }
}

fn kernel_shap_over_all_coalitions_is_the_shapley_value(id: &str) {
    let Some(data) = support::data() else { return };
    let model = support::model("mnist_lenet5_vanilla", &data, &ComputeDevice::cpu());
    let ring = Reference::read().picture("ring");
    let picture = Array3::from_shape_fn((1, 28, 28), |(_, y, x)| ring[[0, y + 2, x + 2]]);
    let labels = Slic { segments: 6, compactness: 1000.0, ..Slic::default() }.segment(&picture);
    let players = count(&labels);
    let pictures: Vec<_> = (0..1usize << players)
        .map(|set| model.tensor(&blackened(&picture, &labels, |label| set >> label & 1 == 0)))
        .collect();
    let scores = read_back(model.graph.logits(Tensor::cat(pictures, 0))).unwrap();
    let score = |set: usize| f64::from(scores[set * 10 + 3]);
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    let value = |player: usize| -> f64 {
        let without = (0..1usize << players).filter(|set| set >> player & 1 == 0);
        let gain = |set: usize| {
            let size = set.count_ones() as usize;
            let weight = factorial(size) * factorial(players - size - 1) / factorial(players);
            weight * (score(set | 1 << player) - score(set))
        };
        without.map(gain).sum()
    };
    let expected: Vec<f32> = (0..players).map(|player| value(player) as f32).collect();
    let mut settings = SQUARES.to_vec();
    settings[1].1 = "6";
    settings.push(("hide", "black"));
    let found = run(&model, id, &picture, &settings, &mut go_on);
    assert_eq!(found.samples, Some(((1 << players) - 2, (1 << players) - 2)));
    let error =
        support::relative_error(found.map.iter().copied(), labels.iter().map(|l| expected[*l]));
    assert!(error < 1e-4, "{error:.1e}");
    let change = score((1 << players) - 1) - score(0);
    assert!((found.diagnostics["score change"] - change).abs() < 1e-4 * change.abs().max(1.0));
}

fn occlusion_of_a_linear_model_sums_what_is_under_the_window(id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let model = linear_model(folder.path());
    let picture = small_picture();
    let gradient = run(&model, "gradient", &picture, &[], &mut go_on).map;
    let settings = [("window", "2"), ("stride", "2"), ("baseline", "white")];
    let found = run(&model, id, &picture, &settings, &mut go_on);
    let expected = found.map.indexed_iter().map(|((_, y, x), _)| {
        let inside = (0..4).map(|i| [0, y / 2 * 2 + i / 2, x / 2 * 2 + i % 2]);
        inside.map(|place| gradient[place] * (picture[place] - 1.0)).sum::<f32>()
    });
    let error = support::relative_error(found.map.iter().copied(), expected);
    assert!(error < 5e-3, "{error:.1e}");
}

/// From black and from white, integrated gradients of a linear model are (x − ½) w in the mean.
fn xrai_of_one_region_is_its_mean(id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let model = linear_model(folder.path());
    let picture = small_picture();
    let gradient = run(&model, "gradient", &picture, &[], &mut go_on).map;
    let parts = &*gradient * &(&picture - 0.5);
    let settings = [("scales", "50"), ("min-size", "50000"), ("new-pixels", "1"), ("steps", "2")];
    let found = run(&model, id, &picture, &settings, &mut go_on);
    assert_eq!(found.diagnostics["regions"], 1.0);
    let allowed = 1e-3 * parts.mapv(f32::abs).mean().unwrap();
    let expected = parts.mean().unwrap();
    assert!(found.map.iter().all(|value| (value - expected).abs() < allowed), "{expected}");
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = linear_model(folder.path());
    let picture = small_picture();
    let method = attribution::method("occlusion").unwrap();
    let parameters = method.description().parameters;
    for (settings, why) in [
        ([("window", "9"), ("stride", "1")], "more than the picture's 8×8 px"),
        ([("window", "3"), ("stride", "4")], "leaves gaps"),
    ] {
        let mut values = Values::defaults(parameters);
        for (id, value) in settings {
            values.set(parameters, id, value).unwrap();
        }
        let explained = Explained::new(&model, &picture, "", 0, 0);
        let refused = attribution::attribute(method, &explained, &values, &mut go_on);
        let message = refused.unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
    }
}

/// Methods over segments, with settings that cost little.
const CHEAP: [(&str, &[(&str, &str)]); 5] = [
    ("lime", &[("samples", "40"), ("segmentation", "slic"), ("segments", "12")]),
    ("lime", &[("samples", "40"), ("kernel", "1"), ("ratio", "1"), ("hide", "noise")]),
    ("kernel-shap", &[("samples", "60"), ("segments", "16"), ("score", "probability")]),
    ("occlusion", &[("window", "9"), ("stride", "4"), ("baseline", "blur")]),
    ("xrai", &[("steps", "5")]),
];

#[test]
fn batches_change_nothing() {
    let Some(data) = support::data() else { return };
    let mut model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let picture = Array3::from_shape_fn((3, 32, 32), |(c, y, x)| {
        ((c * 7 + y * 3 + x * (y / 9)) as f32 * 0.3).sin() * 0.5 + 0.5
    });
    for (id, settings) in CHEAP {
        let mut map = |batch| {
            model.batch = batch;
            run(&model, id, &picture, settings, &mut go_on).map
        };
        let (small, large) = (map(7), map(64));
        assert!(small.iter().any(|value| *value != small[[0, 0, 0]]), "{id} shows places");
        let error = support::relative_error(small.iter().copied(), large.iter().copied());
        assert!(error < 1e-4, "{id}: {error:.1e}");
    }
}

#[test]
fn devices_agree() {
    let Some(data) = support::data() else { return };
    let picture = Array3::from_shape_fn((3, 32, 32), |(c, y, x)| {
        ((c * 3 + y * (x / 5) + 2 * x) as f32 * 0.2).sin() * 0.5 + 0.5
    });
    let maps = support::devices().iter().map(|device| {
        let model = support::model("cifar10_cnn_a_adv", &data, device);
        CHEAP.map(|(id, settings)| run(&model, id, &picture, settings, &mut go_on).map)
    });
    let maps: Vec<_> = maps.collect();
    for (device, others) in support::devices().iter().zip(&maps).skip(1) {
        for ((id, _), (first, other)) in CHEAP.iter().zip(maps[0].iter().zip(others)) {
            let error = support::relative_error(other.iter().copied(), first.iter().copied());
            assert!(error < 1e-3, "{id} on {}: {error:.1e}", device.name);
        }
    }
}

#[test]
fn convergence_is_told_while_coalitions_are_drawn() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let picture = Reference::read().picture("waves");
    let picture = Array3::from_shape_fn((3, 32, 32), |place| picture[place]);
    let told = |id: &str, segments: &str, samples: &str| {
        let mut errors = vec![];
        let settings = [("segmentation", "slic"), ("segments", segments), ("samples", samples)];
        run(&model, id, &picture, &settings, &mut |progress| {
            errors.extend(progress.convergence.map(|(_, error)| error));
            Flow::Continue
        });
        errors
    };
    for id in ["lime", "kernel-shap"] {
        let errors = told(id, "16", "1500");
        let (early, late) = (errors[errors.len() / 8], errors[errors.len() - 1]);
        assert!(late < early && late < 0.5, "{id}: {early} to {late}");
    }
    assert!(told("kernel-shap", "4", "100").is_empty(), "all coalitions leave no doubt");
}

#[test]
fn a_cancelled_run_gives_its_last_partial_map() {
    let Some(data) = support::data() else { return };
    let mut model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    model.batch = 4;
    let picture = Array3::from_shape_fn((3, 32, 32), |(c, y, x)| {
        ((c * 5 + y * 2 + x) as f32 * 0.2).sin() * 0.5 + 0.5
    });
    for (id, settings) in CHEAP {
        let mut last = None;
        let stopped = run(&model, id, &picture, settings, &mut |progress| {
            last = Some((progress.partial)().unwrap());
            if progress.done >= 7 { Flow::Cancel } else { Flow::Continue }
        });
        assert!(stopped.is_partial(), "{id}: {:?}", stopped.samples);
        assert_eq!(Some(&*stopped.map), last.as_ref(), "{id}");
    }
}

#[test]
fn too_few_segments_or_samples_are_said() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let picture = Reference::read().picture("waves");
    let picture = Array3::from_shape_fn((3, 32, 32), |place| picture[place]);
    let warned = |id: &str, settings: &[(&str, &str)], what: &str| {
        let found = run(&model, id, &picture, settings, &mut go_on);
        assert!(found.warnings.iter().any(|w| w.contains(what)), "{id}: {:?}", found.warnings);
    };
    warned("lime", &[("samples", "9")], "superpixels; slic or a smaller kernel");
    warned("kernel-shap", &[("samples", "9")], "too few to distinguish");
    let plain = [("samples", "9"), ("alpha", "0"), ("segmentation", "slic")];
    warned("lime", &plain, "too few to distinguish");
}

held! {
    lime_finds_a_linear_model: "lime";
    kernel_shap_of_a_linear_model_is_what_each_segment_adds: "kernel-shap";
    kernel_shap_over_all_coalitions_is_the_shapley_value: "kernel-shap";
    occlusion_of_a_linear_model_sums_what_is_under_the_window: "occlusion";
    xrai_of_one_region_is_its_mean: "xrai";
}
