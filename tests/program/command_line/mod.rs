//! The real program, run as its users run it.

mod outputs;
mod study;
mod version_1;
mod wrong_input;

use crate::support;
use ndarray::{Array2, Array3};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use std::path::Path;
use std::process::Output;

/// Runs the program on the CPU, away from any display.
fn hyaline(folder: &Path, arguments: &[&str]) -> Output {
    support::program(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs what must succeed.
fn succeed(folder: &Path, arguments: &[&str]) -> Output {
    let output = hyaline(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    output
}

/// Runs what must fail, with one line that says these words; gives the line.
fn fail(folder: &Path, arguments: &[&str], words: &[&str]) -> String {
    let output = hyaline(folder, arguments);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: no `{word}` in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn map(path: &Path) -> Array3<f32> {
    Array3::read_npy(std::fs::File::open(path).unwrap()).unwrap()
}

/// A folder with the two LeNet5 twins' cards and a grey picture, or nothing without data.
fn workplace() -> Option<tempfile::TempDir> {
    let data = support::data()?;
    let folder = tempfile::tempdir().unwrap();
    for network in ["mnist_lenet5_vanilla", "mnist_lenet5_adv", "imagenet_efficientnet_lite0"] {
        support::card(network, &data, folder.path());
    }
    let picture = image::GrayImage::from_fn(28, 28, |x, y| {
        image::Luma([if (12..16).contains(&x) && (4..24).contains(&y) { 255 } else { 10 }])
    });
    picture.save(folder.path().join("one.png")).unwrap();
    Some(folder)
}

#[test]
fn explain_writes_maps_and_their_record() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    let arguments = "explain --device cpu --model mnist_lenet5_vanilla.toml mnist_lenet5_adv.toml --image one.png \
        --method gradient grad-cam rise --set rise.masks=20 --layer relu1 --target 3 --seed 5 --out maps";
    succeed(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    for network in ["mnist_lenet5_vanilla", "mnist_lenet5_adv"] {
        let results = folder.join("maps").join(network).join("one");
        assert_eq!(map(&results.join("gradient.npy")).dim(), (1, 28, 28));
        assert_eq!(
            map(&results.join("grad-cam.npy")).dim(),
            (1, 28, 28),
            "relu1 is before the first pool"
        );
        assert_eq!(map(&results.join("rise.npy")).dim(), (1, 28, 28));
    }
    let record = json(&folder.join("maps/explain.json"));
    let first = &record["results"][0];
    assert_eq!(first["model"], "mnist_lenet5_vanilla");
    assert_eq!(first["target"]["class"], 3);
    assert_eq!(first["top5"].as_array().unwrap().len(), 5);
    assert_eq!(first["methods"]["rise"]["parameters"]["masks"], 20);
    assert_eq!(first["methods"]["grad-cam"]["parameters"]["layer"], "relu1");
    assert_eq!(first["methods"]["gradient"]["shape"], serde_json::json!([1, 28, 28]));
    assert_eq!(first["methods"]["gradient"]["warnings"], serde_json::json!([]));
    assert!(first["methods"]["gradient"]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(record["seed"], 5);
}

#[test]
fn a_picture_and_its_array_give_the_same_map() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    let image = image::open(folder.join("one.png")).unwrap().into_luma8();
    let array = Array3::from_shape_fn((1, 28, 28), |(_, y, x)| {
        f32::from(image.get_pixel(x as u32, y as u32).0[0]) / 255.0
    });
    array.write_npy(std::fs::File::create(folder.join("exact.npy")).unwrap()).unwrap();
    succeed(
        folder,
        &[
            "explain",
            "--device",
            "cpu",
            "--model",
            "mnist_lenet5_adv.toml",
            "--image",
            "one.png",
            "exact.npy",
            "--method",
            "gradient",
            "--out",
            "maps",
        ],
    );
    let of =
        |image: &str| map(&folder.join("maps/mnist_lenet5_adv").join(image).join("gradient.npy"));
    assert_eq!(of("one"), of("exact"));
}

#[test]
fn twenty_photographs_are_classified_as_they_are_labelled() {
    let (Some(data), Some(folder)) = (support::data(), workplace()) else { return };
    let photographs = data.join("images/nips17_demo100");
    let mut table = csv::Reader::from_path(photographs.join("images.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|field| field == name).unwrap();
    let (name, label) = (column("ImageId"), column("TrueLabel"));
    // The table counts classes from 1.
    let wanted: Vec<(String, u64)> = table
        .records()
        .take(20)
        .map(|row| row.unwrap())
        .map(|row| (row[name].to_string(), row[label].parse::<u64>().unwrap() - 1))
        .collect();
    let files: Vec<String> = wanted
        .iter()
        .map(|(name, _)| photographs.join(format!("{name}.png")).display().to_string())
        .collect();
    // Without a card: everything is inferred from the weights.
    let weights =
        data.join("weights/imagenet_efficientnet_lite0.safetensors").display().to_string();
    let mut arguments = vec![
        "explain", "--device", "cpu", "--model", &weights, "--method", "gradient", "--out", "maps",
        "--image",
    ];
    arguments.extend(files.iter().map(String::as_str));
    succeed(folder.path(), &arguments);
    let record = json(&folder.path().join("maps/explain.json"));
    for ((name, class), result) in wanted.iter().zip(record["results"].as_array().unwrap()) {
        assert_eq!(result["image"], *name);
        assert_eq!(result["top5"][0]["class"], *class, "{name}");
    }
}

#[test]
fn curves_of_maps_made_elsewhere_have_their_areas() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    let elsewhere = Array2::from_shape_fn((28, 28), |(y, x)| (y * 28 + x) as f32);
    elsewhere.write_npy(std::fs::File::create(folder.join("elsewhere.npy")).unwrap()).unwrap();
    succeed(
        folder,
        &[
            "curves",
            "--device",
            "cpu",
            "--model",
            "mnist_lenet5_vanilla.toml",
            "--image",
            "one.png",
            "--method",
            "gradient",
            "--map",
            "elsewhere.npy",
            "--step",
            "100",
            "--out",
            "curves",
        ],
    );
    let record = json(&folder.join("curves/curves.json"));
    for name in ["gradient", "elsewhere"] {
        let mut table = csv::Reader::from_path(
            folder.join(format!("curves/mnist_lenet5_vanilla/one/{name}.curves.csv")),
        )
        .unwrap();
        assert_eq!(
            table.headers().unwrap(),
            &csv::StringRecord::from(vec!["fraction", "deletion", "insertion"])
        );
        let rows: Vec<[f64; 3]> = table.deserialize().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), 9, "784 pixels, 100 at a time");
        assert_eq!((rows[0][0], rows[8][0]), (0.0, 1.0));
        assert!(
            (rows[0][1] - rows[8][2]).abs() < 1e-6,
            "deletion starts where insertion ends: with the whole picture"
        );
        let scores = &record["results"][0]["methods"][name];
        for (column, key) in [(1, "deletion_auc"), (2, "insertion_auc")] {
            let trapezoid = |pair: &[[f64; 3]]| {
                (pair[1][0] - pair[0][0]) * (pair[0][column] + pair[1][column]) / 2.0
            };
            let area: f64 = rows.windows(2).map(trapezoid).sum();
            assert!((area - scores[key].as_f64().unwrap()).abs() < 1e-6, "{name} {key}");
        }
    }
}

#[test]
fn inspect_and_methods_tell_what_there_is() {
    let Some(folder) = workplace() else { return };
    let said = text(
        &succeed(
            folder.path(),
            &["inspect", "imagenet_efficientnet_lite0.toml", "--device", "cpu"],
        )
        .stdout,
    );
    for words in
        ["EfficientNet-lite0", "3×224×224", "* _act1", "1000 (tench", "_blocks.15._project_conv"]
    {
        assert!(said.contains(words), "no `{words}` in:\n{said}");
    }
    let said = text(&succeed(folder.path(), &["methods"]).stdout);
    for method in hyaline::attribution::METHODS {
        let description = method.description();
        assert!(said.contains(description.id) && said.contains(description.paper));
        assert!(
            description.parameters.iter().all(|p| said.contains(p.source) && said.contains(p.help))
        );
    }
}

#[test]
fn without_a_display_the_same_job_is_done_into_a_folder() {
    let Some(folder) = workplace() else { return };
    let output = succeed(folder.path(), &["mnist_lenet5_vanilla.toml", "one.png"]);
    assert!(text(&output.stderr).contains("no window can be opened here"));
    let named = text(&output.stdout);
    assert!(named.contains("hyaline-output"), "{named}");
    let results = folder.path().join("hyaline-output/mnist_lenet5_vanilla/one");
    for file in
        ["picture.png", "gradient.png", "integrated-gradients.png", "grad-cam.png", "gradient.npy"]
    {
        assert!(results.join(file).is_file(), "{file}");
    }
    assert_eq!(image::open(results.join("grad-cam.png")).unwrap().width(), 28);
    let output = succeed(folder.path(), &["one.png"]);
    assert!(text(&output.stdout).contains("hyaline net.toml cat.png"));
}

#[test]
fn wrapped_checkpoints_are_the_networks_inside_them() {
    let (Some(data), Some(folder)) = (support::data(), workplace()) else { return };
    let folder = folder.path();
    let plain = data.join("weights/mnist_lenet5_adv.safetensors");
    wrong_input::rewrite(&plain, &folder.join("wrapped.safetensors"), |name, _, _| {
        name.insert_str(0, "model.module.model.");
    });
    std::fs::copy(&plain, folder.join("plain.safetensors")).unwrap();
    let arguments = "explain --device cpu --model wrapped.safetensors plain.safetensors --image one.png \
        --method gradient --out maps";
    succeed(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    let of = |network: &str| map(&folder.join("maps").join(network).join("one/gradient.npy"));
    assert_eq!(of("wrapped"), of("plain"));
}

#[test]
fn inspect_reports_for_people_and_programs() {
    let Some(data) = support::data() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(data.join("weights-original/resnet_2b.onnx"), folder.path().join("net.onnx"))
        .unwrap();
    let said = text(&succeed(folder.path(), &["inspect", "net.onnx", "--write-card"]).stdout);
    for words in ["ONNX, opset 9", "a guess", "forward check  passed", "* Relu_12"] {
        assert!(said.contains(words), "no `{words}` in: {said}");
    }
    let card = std::fs::read_to_string(folder.path().join("net.toml")).unwrap();
    assert!(card.contains("weights = \"net.onnx\"") && card.contains("labels = \"cifar10\""));
    fail(
        folder.path(),
        &["inspect", "net.onnx", "--write-card"],
        &["is there already", "--replace"],
    );
    succeed(folder.path(), &["inspect", "net.toml", "--write-card", "--replace"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("net.toml")).unwrap(), card);
    let json = succeed(folder.path(), &["inspect", "net.toml", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["report"]["normalisation"], "card");
    assert_eq!(json["cam_layer"], "Relu_12");
    assert_eq!(json["nodes"][0]["shape"], serde_json::json!([3, 32, 32]));
}

#[test]
fn verify_compares_with_numbers_from_elsewhere() {
    let Some(folder) = workplace() else { return };
    let data = support::data().unwrap();
    let frozen =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/published.safetensors");
    let bytes = std::fs::read(frozen).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let array = |name: &str| {
        let view = file.tensor(name).unwrap();
        let values: Vec<f32> =
            view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        ndarray::ArrayD::from_shape_vec(view.shape(), values).unwrap()
    };
    let write = |name: &str, values: ndarray::ArrayD<f32>| {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        values.write_npy(file).unwrap();
    };
    write("x.npy", array("resnet_2b.input"));
    write("logits.npy", array("resnet_2b.output"));
    write("wrong.npy", array("resnet_2b.output") * 1.01);
    let net = data.join("weights-original/resnet_2b.onnx");
    let net = net.to_str().unwrap();
    let against = |logits: &'static str| {
        ["verify", net, "--input", "x.npy", "--normalised", "--against", logits]
    };
    let said = text(&succeed(folder.path(), &against("logits.npy")).stdout);
    assert!(said.contains("logits against logits.npy") && said.contains("agrees"), "{said}");
    let differs = hyaline(folder.path(), &against("wrong.npy"));
    assert_eq!(differs.status.code(), Some(1));
    assert!(text(&differs.stdout).contains("e-3  DIFFERS"), "{}", text(&differs.stdout));
    fail(folder.path(), &against("x.npy"), &["3072 logits, the network gave 10"]);
    fail(
        folder.path(),
        &["verify", net, "--input", "logits.npy"],
        &["the network takes N×3×32×32"],
    );
}

#[test]
fn a_plain_start_without_a_display_explains_the_example() {
    let folder = tempfile::tempdir().unwrap();
    let output = succeed(folder.path(), &["--device", "cpu"]);
    let said = text(&output.stdout);
    for (part, file) in [
        ("overlays/", "overlays/robust/ship/gradient.png"),
        ("curves/", "curves/curves.json"),
        ("figure.png", "figure.png"),
        ("example/", "example/vanilla.toml"),
    ] {
        assert!(said.contains(part), "{said}");
        assert!(folder.path().join("hyaline-output").join(file).is_file(), "{file}");
    }
}

#[test]
fn the_example_is_written_and_explained_without_a_display() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = text(&succeed(folder, &["example"]).stdout);
    assert!(said.contains("vanilla.toml, robust.toml, airplane.png"), "{said}");
    succeed(folder, &["--device", "cpu", "hyaline-example"]);
    for network in ["vanilla", "robust"] {
        let overlay = folder.join("hyaline-output").join(network).join("ship/gradient.png");
        assert!(overlay.is_file(), "{}", overlay.display());
    }
    std::fs::write(folder.join("taken"), "").unwrap();
    fail(folder, &["example", "--out", "taken"], &["cannot write", "taken"]);
}
