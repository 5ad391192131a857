//! What networks give, found from their graphs: the networks and numbers of `make_outputs.py`.

use super::{floats, support};
use hyaline::model::{Card, ComputeDevice, Model, OutputKind, Source};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};
use support::relative_error;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/outputs")
}

/// A network with a card that says what the text does.
fn open(name: &str, said: &str) -> hyaline::error::Result<Model> {
    let path = folder().join(format!("{name}.onnx"));
    let mut card: Card = toml::from_str(&format!(
        "weights = \"\"\n[input]\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n[output]\n{said}"
    ))
    .unwrap();
    card.weights.clone_from(&path);
    Model::open_as(&path, card, &ComputeDevice::cpu())
}

struct Expected(Vec<u8>);

impl Expected {
    fn read() -> Self {
        Self(std::fs::read(folder().join("expected.safetensors")).unwrap())
    }

    fn values(&self, name: &str) -> Vec<f32> {
        floats(&SafeTensors::deserialize(&self.0).unwrap(), name).1
    }

    /// Logits and probabilities of a network by class, for the picture.
    fn found(&self, model: &Model) -> (Vec<f32>, Vec<Option<f32>>) {
        let pixels = ndarray::Array3::from_shape_vec((3, 8, 8), self.values("pixels")).unwrap();
        let mut found = model.predict(model.tensor(&pixels)).unwrap();
        found.sort_by_key(|prediction| prediction.class);
        found.iter().map(|prediction| (prediction.logit, prediction.probability)).unzip()
    }
}

#[test]
fn logits_and_probabilities_are_those_of_onnx_runtime() {
    use OutputKind::{Labels, Sigmoid, Softmax};
    let expected = Expected::read();
    let cases = [
        ("logits", Softmax, Source::Guess),
        ("softmax", Softmax, Source::File),
        ("softmax_written", Softmax, Source::File),
        ("softmax_shifted", Softmax, Source::File),
        ("log_softmax", Softmax, Source::File),
        ("log_softmax_written", Softmax, Source::File),
        ("one_logit", Sigmoid, Source::Guess),
        ("sigmoid", Sigmoid, Source::File),
        ("sigmoid_squeezed", Sigmoid, Source::File),
        ("sigmoid_written", Sigmoid, Source::File),
        ("complement", Sigmoid, Source::File),
        ("labels", Labels, Source::File),
        ("features_first", Softmax, Source::Guess),
        ("named", Softmax, Source::Guess),
        ("with_probabilities", Softmax, Source::File),
    ];
    for (name, kind, source) in cases {
        let model = open(name, "").unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((model.outputs.kind, model.outputs.source), (kind, source), "{name}");
        let (logits, probabilities) = expected.found(&model);
        let z = expected.values(&format!("{name}.z"));
        let z = if kind == Sigmoid { vec![-z[0], z[0]] } else { z };
        assert!(relative_error(logits, z) < 1e-5, "{name}");
        let probabilities = probabilities.into_iter().map(Option::unwrap);
        let p = expected.values(&format!("{name}.p"));
        assert!(relative_error(probabilities, p) < 1e-5, "{name}");
        let is_told = model.warnings.iter().any(|warning| warning.contains("sigmoid"));
        assert_eq!(is_told, name == "one_logit", "{name}: {:?}", model.warnings);
    }
}

#[test]
fn probabilities_without_logits_are_explained_as_they_are() {
    let expected = Expected::read();
    let model = open("ensemble", "").unwrap();
    assert_eq!(model.outputs.kind, OutputKind::Probabilities);
    assert!(model.warnings.iter().any(|warning| warning.contains("taken for probabilities")));
    let (outputs, probabilities) = expected.found(&model);
    let p = expected.values("ensemble.p");
    assert!(relative_error(outputs, p.clone()) < 1e-5);
    assert!(relative_error(probabilities.into_iter().map(Option::unwrap), p) < 1e-5);
}

#[test]
fn values_have_no_probabilities() {
    let expected = Expected::read();
    for (name, said, value) in [
        ("tanh", "", expected.values("tanh.z")[0].tanh()),
        ("one_logit", "kind = \"regression\"", expected.values("one_logit.z")[0]),
        ("sigmoid", "kind = \"regression\"", expected.values("sigmoid.p")[1]),
    ] {
        let model = open(name, said).unwrap();
        assert_eq!(model.outputs.kind, OutputKind::Regression, "{name}");
        let (outputs, probabilities) = expected.found(&model);
        assert_eq!(probabilities, [None], "{name}");
        assert!((outputs[0] - value).abs() < 1e-5, "{name}: {outputs:?} for {value}");
        assert!(model.check_forward().unwrap().probability.is_none());
        let why = model.probabilities(model.mean_colour().expand([1, 3, 8, 8])).unwrap_err();
        assert!(why.to_string().contains("no probabilities"), "{why}");
    }
}

#[test]
fn a_card_says_what_the_outputs_are() {
    let expected = Expected::read();
    let labels = open("logits", "kind = \"labels\"").unwrap();
    assert_eq!((labels.outputs.kind, labels.outputs.source), (OutputKind::Labels, Source::Card));
    let (logits, probabilities) = expected.found(&labels);
    for (z, p) in logits.iter().zip(probabilities) {
        assert!((p.unwrap() - 1.0 / (1.0 + (-z).exp())).abs() < 1e-6);
    }
    // What a card says is not taken off is part of the network.
    let kept = open("softmax", "kind = \"probabilities\"").unwrap();
    let (outputs, _) = expected.found(&kept);
    assert!(relative_error(outputs, expected.values("softmax.p")) < 1e-5);
    let why = open("logits", "kind = \"sigmoid\"").unwrap_err().to_string();
    assert!(why.contains("of one output"), "{why}");
    let why = open("one_logit", "kind = \"softmax\"").unwrap_err().to_string();
    assert!(why.contains("always 1"), "{why}");
}

#[test]
fn scores_are_found_among_outputs_and_others_can_be_chosen() {
    let expected = Expected::read();
    let chosen = |name: &str, said: &str| open(name, said).unwrap().outputs.name.unwrap();
    assert_eq!(chosen("features_first", ""), "u");
    assert_eq!(chosen("named", ""), "logits");
    assert_eq!(chosen("with_probabilities", ""), "p");
    assert_eq!(chosen("named", "name = \"aux\""), "aux");
    let model = open("named", "").unwrap();
    let note = "output `logits` of 3 is used (beside it: embedding, aux)";
    assert!(model.report.notes.iter().any(|found| found.starts_with(note)), "{:?}", model.report);
    let names: Vec<_> = model.outputs.choices.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["embedding", "aux", "logits"]);
    let features = open("named", "name = \"embedding\"").unwrap();
    assert_eq!(features.graph.classes(), 6);
    let why = open("named", "name = \"scores\"").unwrap_err().to_string();
    assert!(why.contains("no output `scores`; it has embedding, aux, logits"), "{why}");
    let why = open("with_probabilities", "name = \"h\"").unwrap_err().to_string();
    assert!(why.contains("not one score a class"), "{why}");
    let why = open("with_probabilities", "name = \"t\"").unwrap_err().to_string();
    assert!(why.contains("ArgMax"), "{why}");
    let (logits, _) = expected.found(&model);
    assert!(relative_error(logits, expected.values("named.z")) < 1e-5);
}

#[test]
fn both_classes_of_one_logit_are_explained() {
    let expected = Expected::read();
    let model = open("sigmoid", "").unwrap();
    let pixels = ndarray::Array3::from_shape_vec((3, 8, 8), expected.values("pixels")).unwrap();
    let method = hyaline::attribution::method("input-x-gradient").unwrap();
    let values = hyaline::parameter::Values::defaults(method.description().parameters);
    let map = |class| {
        let explained = hyaline::attribution::Explained::new(&model, &pixels, "picture", class, 0);
        let never = &mut |_: &hyaline::attribution::Progress| hyaline::progress::Flow::Continue;
        hyaline::attribution::attribute(method, &explained, &values, never).unwrap().map
    };
    let (negative, positive) = (map(0), map(1));
    assert!(positive.iter().any(|value| *value != 0.0));
    assert!(negative.iter().zip(positive.iter()).all(|(a, b)| *a == -*b));
    assert_eq!([0, 1].map(|class| model.labels.name(class)), ["negative", "positive"]);
}
