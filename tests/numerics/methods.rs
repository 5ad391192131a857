//! Methods on networks whose answers are known in closed form.

use crate::support;
use crate::support::write_model;
use hyaline::attribution::{
    self, Attribution, Cache, DEFAULT_METHODS, Explained, METHODS, MapShape, Progress,
};
use hyaline::model::{ComputeDevice, Model};
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use ndarray::Array3;

/// CNN-A over 8×8 grey pictures, with biases so large that every ReLU stays open: each logit is
/// linear in the pixels. Also gives the weights of logit 3.
fn linear_model(folder: &std::path::Path) -> (Model, Vec<f32>) {
    let wave = |count: usize, phase: f32| -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 2.3 + phase).sin() * 0.1).collect()
    };
    let (first, second, third, fourth) =
        (wave(16 * 16, 0.0), wave(32 * 16 * 16, 1.0), wave(100 * 128, 2.0), wave(10 * 100, 3.0));
    let model = write_model(
        folder,
        &[
            ("0.weight", vec![16, 1, 4, 4], first),
            ("0.bias", vec![16], vec![100.0; 16]),
            ("2.weight", vec![32, 16, 4, 4], second),
            ("2.bias", vec![32], vec![10_000.0; 32]),
            ("5.weight", vec![100, 128], third),
            ("5.bias", vec![100], vec![1_000_000.0; 100]),
            ("7.weight", vec![10, 100], fourth),
            ("7.bias", vec![10], vec![0.0; 10]),
        ],
    );
    let gradient = run(&model, "gradient", &picture(), &mut |_| Flow::Continue).map;
    let weights = gradient.iter().copied().collect();
    (model, weights)
}

fn picture() -> Array3<f32> {
    Array3::from_shape_fn((1, 8, 8), |(_, y, x)| ((y * 8 + x) as f32 * 0.7).sin() * 0.5 + 0.5)
}

fn run(
    model: &Model,
    id: &str,
    picture: &Array3<f32>,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    run_with(model, id, picture, &[], watch)
}

fn run_with(
    model: &Model,
    id: &str,
    picture: &Array3<f32>,
    settings: &[(&str, &str)],
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    support::run(model, id, (picture, 3, 7), settings, watch)
}

#[test]
fn integrated_gradients_of_a_linear_model_are_pixels_times_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (model, weights) = linear_model(folder.path());
    for settings in
        [&[("steps", "1")][..], &[("steps", "7")], &[("steps", "5"), ("rule", "trapezoid")]]
    {
        let found =
            run_with(&model, "integrated-gradients", &picture(), settings, &mut |_| Flow::Continue);
        let expected = picture().into_iter().zip(&weights).map(|(x, w)| x * w);
        let error = support::relative_error(found.map.iter().copied(), expected);
        assert!(error < 1e-5, "{settings:?}: {error:.1e}");
    }
}

/// Runs with nobody watching.
fn map_of(model: &Model, id: &str, settings: &[(&str, &str)]) -> Attribution {
    run_with(model, id, &picture(), settings, &mut |_| Flow::Continue)
}

fn paths_from_a_baseline_give_a_linear_model_its_weights_times_the_way(id: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (model, weights) = linear_model(folder.path());
    for (baseline, from) in [("black", 0.0), ("white", 1.0)] {
        let found = map_of(&model, id, &[("baseline", baseline)]).map;
        let expected = picture().into_iter().zip(&weights).map(|(x, w)| (x - from) * w);
        let error = support::relative_error(found.iter().copied(), expected);
        assert!(error < 1e-4, "{id} from {baseline}: {error:.1e}");
    }
}

#[test]
fn every_baseline_leads_to_the_change_of_the_logit() {
    let folder = tempfile::tempdir().unwrap();
    let model = model_without_biases(folder.path());
    let file = folder.path().join("start.png");
    image::GrayImage::from_fn(20, 20, |x, y| image::Luma([(x * y) as u8])).save(&file).unwrap();
    let others = [Array3::from_elem((1, 8, 8), 0.25), Array3::from_elem((1, 8, 8), 0.75)];
    let method = attribution::method("integrated-gradients").unwrap();
    let parameters = method.description().parameters;
    let file = file.to_str().unwrap();
    for baseline in ["black", "white", "mean", "blur", "noise", "uniform", "others", file] {
        let mut values = Values::defaults(parameters);
        values.set(parameters, "baseline", baseline).unwrap();
        values.set(parameters, "steps", "100").unwrap();
        let picture = picture();
        let explained = Explained::new(&model, &picture, "p", 3, 7).with_background(&others);
        let done = attribution::attribute(method, &explained, &values, &mut |_| Flow::Continue);
        let facts = done.unwrap().diagnostics;
        let (change, error) = (facts["logit change"], facts["completeness error"]);
        assert!(error.abs() < 0.02 * change.abs(), "{baseline}: {error} of {change}");
    }
    let mut values = Values::defaults(parameters);
    values.set(parameters, "baseline", "others").unwrap();
    let picture = picture();
    let alone = Explained::new(&model, &picture, "p", 3, 7);
    let error = attribution::attribute(method, &alone, &values, &mut |_| Flow::Continue);
    assert!(error.unwrap_err().to_string().contains("no other pictures"));
    assert!(values.set(parameters, "baseline", "nowhere.png").is_err());
}

/// CNN-A over 8×8 grey pictures without biases: relevance has nowhere to get lost.
fn model_without_biases(folder: &std::path::Path) -> Model {
    let wave = |count: usize, phase: f32| -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 2.3 + phase).sin() * 0.1 + 0.02).collect()
    };
    write_model(
        folder,
        &[
            ("0.weight", vec![16, 1, 4, 4], wave(256, 0.0)),
            ("0.bias", vec![16], vec![0.0; 16]),
            ("2.weight", vec![32, 16, 4, 4], wave(8192, 1.0)),
            ("2.bias", vec![32], vec![0.0; 32]),
            ("5.weight", vec![100, 128], wave(12_800, 2.0)),
            ("5.bias", vec![100], vec![0.0; 100]),
            ("7.weight", vec![10, 100], wave(1000, 3.0)),
            ("7.bias", vec![10], vec![0.0; 10]),
        ],
    )
}

#[test]
fn relevance_is_conserved() {
    let folder = tempfile::tempdir().unwrap();
    let model = model_without_biases(folder.path());
    for composite in [
        "epsilon",
        "epsilon-plus",
        "epsilon-plus-box",
        "epsilon-alpha2-beta1",
        "epsilon-gamma",
        "epsilon-gamma-box",
    ] {
        let found = map_of(&model, "lrp", &[("composite", composite)]);
        let (logit, sum) = (found.diagnostics["logit"], found.diagnostics["sum of relevance"]);
        assert!((sum - logit).abs() < 1e-3 * logit.abs(), "{composite}: {sum} of {logit}");
        if composite.ends_with("plus-box") {
            assert!(logit < 0.0 || found.map.iter().all(|value| *value > -1e-6), "z⁺ and z^B");
        }
    }
}

#[test]
fn full_gradients_add_up_to_the_logit() {
    let Some(data) = support::data() else { return };
    for network in ["cifar10_cnn_a_adv", "cifar10_resnet20_vanilla", "imagenet_efficientnet_lite0"]
    {
        let model = support::model(network, &data, &ComputeDevice::cpu());
        let shape = model.graph.input_shape();
        let picture = Array3::from_shape_fn((3, shape.height, shape.width), |(c, y, x)| {
            ((c * 7 + y * 3 + x) as f32 * 0.1).sin() * 0.5 + 0.5
        });
        let found = run(&model, "fullgrad", &picture, &mut |_| Flow::Continue);
        let (logit, error) = (found.diagnostics["logit"], found.diagnostics["completeness error"]);
        assert!(error.abs() < 1e-3 * logit.abs().max(1.0), "{network}: {error} of {logit}");
    }
}

#[test]
fn maps_do_not_depend_on_the_batch() {
    let Some(data) = support::data() else { return };
    let mut model = support::model("mnist_lenet5_adv", &data, &ComputeDevice::cpu());
    let picture =
        Array3::from_shape_fn((1, 28, 28), |(_, y, x)| ((x * y) as f32 * 0.1).sin().abs());
    let whole = model.batch;
    for method in METHODS {
        let id = method.description().id;
        let settings = quick(*method);
        let settings: Vec<(&str, &str)> = settings.iter().map(|(a, b)| (*a, b.as_str())).collect();
        let mut map = |batch| {
            model.batch = batch;
            run_with(&model, id, &picture, &settings, &mut |_| Flow::Continue).map
        };
        let expected = map(whole);
        for batch in [1, 4] {
            let found = map(batch);
            let error = support::relative_error(found.iter().copied(), expected.iter().copied());
            assert!(error < 1e-4, "{id} in batches of {batch}: {error:.1e}");
        }
    }
}

/// Settings under which a method takes little time.
fn quick(method: &dyn attribution::Method) -> Vec<(&'static str, String)> {
    let few = |id| match id {
        "masks" | "samples" | "steps" | "iterations" => Some("9"),
        "designs" => Some("4"),
        "baselines" => Some("3"),
        _ => None,
    };
    let parameters = method.description().parameters.iter();
    parameters.filter_map(|p| few(p.id).map(|value| (p.id, value.to_string()))).collect()
}

#[test]
fn smoothgrad_of_a_linear_model_is_its_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let (model, weights) = linear_model(folder.path());
    let found = run(&model, "smoothgrad", &picture(), &mut |_| Flow::Continue);
    assert!(support::relative_error(found.map.iter().copied(), weights) < 1e-5);
}

#[test]
fn integrated_gradients_are_complete() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_vanilla_sgd", &data, &ComputeDevice::cpu());
    let picture = Array3::from_shape_fn((3, 32, 32), |(c, y, x)| {
        ((c * 7 + y * 3 + x) as f32).sin() * 0.5 + 0.5
    });
    let found =
        run_with(&model, "integrated-gradients", &picture, &[("steps", "300")], &mut |_| {
            Flow::Continue
        });
    let (change, error) =
        (found.diagnostics["logit change"], found.diagnostics["completeness error"]);
    assert!(error.abs() < 0.01 * change.abs(), "error {error} of {change}");
}

#[test]
fn a_seed_repeats_and_another_does_not() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let picture = Array3::from_elem((3, 32, 32), 0.4);
    for (id, settings) in [("rise", [("masks", "24")]), ("smoothgrad", [("samples", "6")])] {
        let method = attribution::method(id).unwrap();
        let parameters = method.description().parameters;
        let mut values = Values::defaults(parameters);
        for (name, value) in settings {
            values.set(parameters, name, value).unwrap();
        }
        let map = |seed| {
            let explained = Explained::new(&model, &picture, "p", 0, seed);
            attribution::attribute(method, &explained, &values, &mut |_| Flow::Continue)
                .unwrap()
                .map
        };
        assert_eq!(map(1), map(1), "{id}: the same to the bit");
        assert_ne!(map(1), map(2), "{id}");
    }
}

#[test]
fn a_cancelled_map_is_the_map_of_what_was_done() {
    let Some(data) = support::data() else { return };
    let model = support::model("cifar10_cnn_a_adv", &data, &ComputeDevice::cpu());
    let picture = Array3::from_elem((3, 32, 32), 0.4);
    let mut last = None;
    let stopped = run_with(&model, "rise", &picture, &[("masks", "1000")], &mut |progress| {
        last = Some((progress.partial)().unwrap());
        if progress.done >= 100 { Flow::Cancel } else { Flow::Continue }
    });
    let (done, total) = stopped.samples.unwrap();
    assert!(
        stopped.is_partial() && (100..200).contains(&done) && total == 1000,
        "{done} of {total}"
    );
    assert_eq!(Some(&*stopped.map), last.as_ref());
    let masks = done.to_string();
    let whole = run_with(&model, "rise", &picture, &[("masks", &masks)], &mut |_| Flow::Continue);
    assert!(!whole.is_partial());
    assert!(
        support::relative_error(stopped.map.iter().copied(), whole.map.iter().copied()) < 1e-6,
        "a cancelled map is the shorter run's map"
    );
}

#[test]
fn every_method_runs_and_gives_the_shape_it_promises() {
    let Some(data) = support::data() else { return };
    let model = support::model("mnist_lenet5_vanilla", &data, &ComputeDevice::cpu());
    let picture =
        Array3::from_shape_fn((1, 28, 28), |(_, y, x)| ((x * y) as f32 * 0.1).sin().abs());
    for method in METHODS {
        let description = method.description();
        let mut values = Values::defaults(description.parameters);
        for (id, value) in quick(*method) {
            values.set(description.parameters, id, &value).unwrap();
        }
        let explained = Explained::new(&model, &picture, "p", 1, 0);
        let map = attribution::attribute(*method, &explained, &values, &mut |_| Flow::Continue)
            .unwrap()
            .map;
        let expected = match description.shape {
            MapShape::Picture | MapShape::Plane => (1, 28, 28),
            MapShape::Grid => (1, 8, 8),
            MapShape::Layer => (1, 14, 14),
        };
        assert_eq!(map.dim(), expected, "{}", description.id);
        assert!(map.iter().any(|value| *value != 0.0), "{}", description.id);
    }
    assert!(DEFAULT_METHODS.iter().all(|id| attribution::method(id).is_ok()));
}

#[test]
fn a_class_out_of_range_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = linear_model(folder.path());
    let picture = picture();
    let explained = Explained::new(&model, &picture, "", 10, 0);
    let method = attribution::method("gradient").unwrap();
    let error =
        attribution::attribute(method, &explained, &Values::defaults(&[]), &mut |_| Flow::Continue);
    assert_eq!(
        error.unwrap_err().to_string(),
        "class 10 is out of range: net has 10 classes, 0 to 9"
    );
}

/// A method whose device fails: with batches of more than `most`, and, for 0, with any on a GPU.
struct Failing {
    most: usize,
}

static FAILING_IN_LARGE_BATCHES: Failing = Failing { most: 2 };
static FAILING_ON_GPUS: Failing = Failing { most: 0 };

impl attribution::Method for Failing {
    fn description(&self) -> &'static attribution::Description {
        attribution::method("gradient").unwrap().description()
    }

    fn cost(&self, _: &Values, _: &hyaline::graph::Graph) -> attribution::Cost {
        attribution::Cost::default()
    }

    fn run(&self, job: &mut attribution::Job) -> hyaline::error::Result<Array3<f32>> {
        assert!(!job.model.on_gpu || job.batch <= self.most, "out of memory");
        Ok(Array3::from_shape_fn((1, 2, 2), |(_, y, x)| (y + x) as f32))
    }
}

#[test]
fn a_failing_gpu_gets_smaller_batches_and_then_the_cpu() {
    let Some(data) = support::data() else { return };
    let Some(gpu) = support::devices().get(1) else { return };
    let model = support::model("mnist_lenet5_adv", &data, gpu);
    let picture = Array3::from_elem((1, 28, 28), 0.4);
    let explained = Explained::new(&model, &picture, "p", 1, 0);
    let told = |method| {
        let values = Values::defaults(&[]);
        let done = attribution::attribute(method, &explained, &values, &mut |_| Flow::Continue);
        done.unwrap().warnings
    };
    assert!(model.batch > 2);
    assert_eq!(
        told(&FAILING_IN_LARGE_BATCHES),
        ["computed in batches of 2: the GPU failed with larger ones"]
    );
    let warnings = told(&FAILING_ON_GPUS);
    assert!(warnings[0].contains("computed on the CPU") && warnings[0].contains("out of memory"));
}

#[test]
fn the_cache_gives_back_what_it_took_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = linear_model(folder.path());
    let (picture, method) = (picture(), attribution::method("smoothgrad").unwrap());
    let parameters = method.description().parameters;
    let values = Values::defaults(parameters);
    let at = folder.path().join("cache");
    let cache = Cache::new(at.clone(), 1 << 20);
    let explained = |seed| Explained::new(&model, &picture, "p", 3, seed);
    let run = |seed| {
        attribution::attribute(method, &explained(seed), &values, &mut |_| Flow::Continue).unwrap()
    };
    // Quick maps are not worth keeping.
    let quick = Attribution { seconds: 0.001, ..run(1) };
    cache.put(&explained(1), &quick);
    assert!(cache.get(method, &explained(1), &values).is_none());
    let slow = Attribution { seconds: 3.0, ..quick };
    cache.put(&explained(1), &slow);
    let kept = cache.get(method, &explained(1), &values).unwrap();
    assert!(kept.cached && kept.seconds == 3.0);
    assert_eq!((kept.map, kept.values), (slow.map, slow.values));
    assert!(kept.diagnostics.keys().eq(slow.diagnostics.keys()));
    // Another seed, class, picture or value is another map.
    assert!(cache.get(method, &explained(2), &values).is_none());
    let class = Explained::new(&model, &picture, "p", 4, 1);
    assert!(cache.get(method, &class, &values).is_none());
    let other = picture.mapv(|value| value * 0.5);
    assert!(cache.get(method, &Explained::new(&model, &other, "p", 3, 1), &values).is_none());
    let mut changed = values.clone();
    changed.set(parameters, "sigma", "0.2").unwrap();
    assert!(cache.get(method, &explained(1), &changed).is_none());
    // A damaged file is no map.
    let file = std::fs::read_dir(&at).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&file).unwrap();
    for cut in 0..bytes.len() {
        std::fs::write(&file, &bytes[..cut]).unwrap();
        assert!(cache.get(method, &explained(1), &values).is_none(), "cut at {cut}");
    }
}

#[test]
fn the_cache_stays_within_its_limit_and_keeps_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = linear_model(folder.path());
    let (picture, method) = (picture(), attribution::method("smoothgrad").unwrap());
    let values = Values::defaults(method.description().parameters);
    let at = folder.path().join("cache");
    let cache = Cache::new(at.clone(), 4000);
    let explained = |seed| Explained::new(&model, &picture, "p", 3, seed);
    for seed in 0..20 {
        let found =
            attribution::attribute(method, &explained(seed), &values, &mut |_| Flow::Continue);
        cache.put(&explained(seed), &Attribution { seconds: 1.0, ..found.unwrap() });
        // Ages of files are told apart by more than the clock's steps.
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let sizes = std::fs::read_dir(&at).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    let total: u64 = sizes.sum();
    assert!(total <= 4000 && total > 1000, "{total} bytes");
    assert!(cache.get(method, &explained(19), &values).is_some());
    assert!(cache.get(method, &explained(0), &values).is_none());
}

held! {
    paths_from_a_baseline_give_a_linear_model_its_weights_times_the_way: "integrated-gradients",
        "guided-integrated-gradients", "expected-gradients", "deeplift", "deep-shap";
}
