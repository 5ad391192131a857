//! Methods on networks whose answers are known in closed form.

mod support;

use hyaline::attribution::{
    self, Attribution, DEFAULT_METHODS, Explained, Flow, METHODS, Progress, Value, Values,
};
use hyaline::model::{ComputeDevice, Model};
use ndarray::Array3;
use support::write_model;

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
    let method = attribution::method(id).unwrap();
    let parameters = method.description().parameters;
    let mut values = Values::defaults(parameters);
    for (name, value) in settings {
        values.set(parameters, name, value).unwrap();
    }
    let explained = Explained::new(model, picture, "picture", 3, 7);
    attribution::attribute(method, &explained, &values, watch).unwrap()
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
    let (change, error) = (found.facts["logit change"], found.facts["completeness error"]);
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
        for parameter in
            description.parameters.iter().filter(|p| matches!(p.id, "masks" | "samples" | "steps"))
        {
            values.insert(parameter.id, Value::Integer(9));
        }
        let explained = Explained::new(&model, &picture, "p", 1, 0);
        let map = attribution::attribute(*method, &explained, &values, &mut |_| Flow::Continue)
            .unwrap()
            .map;
        let expected = match description.shape {
            "C×H×W" | "1×H×W" => (1, 28, 28),
            _ => (1, 14, 14),
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
