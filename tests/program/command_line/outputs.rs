//! What networks give, on the command line: one logit, values, several outputs.

use super::{fail, json, map, succeed, text};
use std::path::Path;

/// A folder with the ONNX networks that differ in what they give, and a picture.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let networks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/outputs");
    for name in ["named", "sigmoid", "tanh"] {
        let file = format!("{name}.onnx");
        std::fs::copy(networks.join(&file), folder.path().join(&file)).unwrap();
        let card = format!(
            "weights = \"{file}\"\n[input]\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n"
        );
        std::fs::write(folder.path().join(format!("{name}.toml")), card).unwrap();
    }
    let picture =
        image::RgbImage::from_fn(8, 8, |x, y| image::Rgb([30 * x as u8, 30 * y as u8, 99]));
    picture.save(folder.path().join("p.png")).unwrap();
    folder
}

/// Runs `explain` of a gradient and gives its record of the picture.
fn explained(folder: &Path, more: &str) -> serde_json::Value {
    let arguments =
        format!("explain --device cpu --image p.png --method gradient --out maps {more}");
    succeed(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    json(&folder.join("maps/explain.json"))["results"][0].clone()
}

#[test]
fn both_classes_of_one_logit_are_offered() {
    let folder = workplace();
    let folder = folder.path();
    let record = explained(folder, "--model sigmoid.toml --target 1");
    let [first, second] = [0, 1].map(|place| record["top5"][place].clone());
    let sum = |key: &str| first[key].as_f64().unwrap() + second[key].as_f64().unwrap();
    assert!((sum("probability") - 1.0).abs() < 1e-6 && sum("logit").abs() < 1e-6, "{record}");
    assert!(first["probability"].as_f64().unwrap() > 0.5);
    assert_eq!(record["target"]["label"], "positive");
    let positive = map(&folder.join("maps/sigmoid/p/gradient.npy"));
    let record = explained(folder, "--model sigmoid.toml --target 0");
    assert_eq!(record["target"]["label"], "negative");
    let negative = map(&folder.join("maps/sigmoid/p/gradient.npy"));
    assert_eq!(negative, -positive);
    let what = ["class 2 is out of range", "2 classes, 0 to 1"];
    let arguments =
        "explain --model sigmoid.toml --image p.png --method gradient --out no --target 2";
    fail(folder, &arguments.split_whitespace().collect::<Vec<_>>(), &what);
}

#[test]
fn one_name_is_the_positive_class() {
    let folder = workplace();
    let folder = folder.path();
    std::fs::write(folder.join("names.txt"), "tumour\n").unwrap();
    let card = std::fs::read_to_string(folder.join("sigmoid.toml")).unwrap();
    std::fs::write(folder.join("sigmoid.toml"), card + "labels = \"names.txt\"\n").unwrap();
    let record = explained(folder, "--model sigmoid.toml --target 1");
    assert_eq!(record["target"]["label"], "tumour");
    let record = explained(folder, "--model sigmoid.toml --target 0");
    assert_eq!(record["target"]["label"], "not tumour");
}

#[test]
fn values_have_curves_and_nothing_that_needs_probabilities() {
    let folder = workplace();
    let folder = folder.path();
    let card = std::fs::read_to_string(folder.join("tanh.toml")).unwrap();
    let said = card + "[output]\nkind = \"regression\"\n";
    std::fs::write(folder.join("tanh.toml"), said).unwrap();
    let record = explained(folder, "--model tanh.toml");
    assert_eq!(record["top5"][0]["probability"], serde_json::Value::Null);
    let arguments =
        "curves --device cpu --model tanh.toml --image p.png --method gradient --out curves";
    succeed(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    let record = json(&folder.join("curves/curves.json"))["results"][0].clone();
    assert_eq!(record["confidence"], serde_json::Value::Null);
    assert_eq!(record["methods"]["gradient"]["score"], "logit");
    for method in ["rise", "lime", "score-cam", "meaningful-perturbation"] {
        let arguments = [
            "explain",
            "--model",
            "tanh.toml",
            "--image",
            "p.png",
            "--out",
            "no",
            "--method",
            method,
        ];
        fail(folder, &arguments, &[method, "needs probabilities", "regression"]);
    }
    assert!(!folder.join("no").exists());
}

#[test]
fn an_output_is_chosen_by_name() {
    let folder = workplace();
    let folder = folder.path();
    let said = |arguments: &[&str]| text(&succeed(folder, arguments).stdout);
    let inspected = said(&["inspect", "named.toml", "--device", "cpu"]);
    for words in
        ["`logits` of embedding 1×6, aux 1×4, logits 1×4", "logits of classes (softmax), a guess"]
    {
        assert!(inspected.contains(words), "no `{words}` in: {inspected}");
    }
    let other = said(&["inspect", "named.toml", "--device", "cpu", "--output", "embedding"]);
    assert!(other.contains("`embedding` of"), "{other}");
    let logits = explained(folder, "--model named.toml --target 0");
    let embedding = explained(folder, "--model named.toml --output embedding --target 0");
    assert_eq!(logits["top5"].as_array().unwrap().len(), 4);
    assert_eq!(embedding["top5"].as_array().unwrap().len(), 5);
    let wrong =
        "explain --model named.toml --image p.png --method gradient --out no --output scores";
    let wrong: Vec<_> = wrong.split_whitespace().collect();
    fail(folder, &wrong, &["no output `scores`", "embedding, aux, logits"]);
    fail(folder, &["inspect", "named.toml", "--output", "scores"], &["no output `scores`"]);
    let study = "name = \"one\"\nmodels = [\"named.toml\"]\nmethods = [\"gradient\"]\nscores = [\"gini\"]\ndevice = \"cpu\"\n[pictures]\nfiles = [\"p.png\"]\n";
    std::fs::write(folder.join("one.toml"), study).unwrap();
    fail(folder, &["study", "one.toml", "--output", "scores"], &["no output `scores`"]);
    succeed(folder, &["study", "one.toml", "--output", "aux"]);
}
