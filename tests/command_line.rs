//! The real program, run as its users run it.

mod support;

use ndarray::{Array2, Array3};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the program on the CPU, away from any display.
fn hyaline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hyaline"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
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
    let output = succeed(folder.path(), &[]);
    assert!(text(&output.stdout).contains("hyaline net.toml cat.png"));
}

/// Writes a PNG that claims a size and has no pixels.
fn claimed_png(path: &Path, width: u32, height: u32) {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(encoder, &[0; 3], 1, 1, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    std::fs::write(path, bytes).unwrap();
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (0u32.wrapping_sub(crc & 1)))
        })
    })
}

#[test]
fn wrong_pictures_get_one_clear_line() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    let file = |name: &str| folder.join(name);
    let whole = std::fs::read(file("one.png")).unwrap();
    std::fs::write(file("cut.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(file("empty.png"), b"").unwrap();
    std::fs::write(file("words.png"), b"these are words").unwrap();
    image::open(file("one.png")).unwrap().save(file("whole.jpg")).unwrap();
    let jpeg = std::fs::read(file("whole.jpg")).unwrap();
    std::fs::write(file("cut.jpg"), &jpeg[..jpeg.len() - 40]).unwrap();
    image::RgbImage::new(1, 1).save(file("tiny.png")).unwrap();
    claimed_png(&file("bomb.png"), 20_000, 20_000);
    Array2::<f32>::zeros((28, 28))
        .write_npy(std::fs::File::create(file("flat.npy")).unwrap())
        .unwrap();
    Array3::<f32>::zeros((3, 28, 28))
        .write_npy(std::fs::File::create(file("colour.npy")).unwrap())
        .unwrap();
    Array3::<f32>::from_elem((1, 28, 28), 255.0)
        .write_npy(std::fs::File::create(file("bytes.npy")).unwrap())
        .unwrap();
    let explain = |image: &str, words: &[&str]| {
        let arguments = [
            "explain",
            "--device",
            "cpu",
            "--model",
            "mnist_lenet5_adv.toml",
            "--image",
            "one.png",
            image,
            "--method",
            "gradient",
            "--out",
            "maps",
        ];
        fail(folder, &arguments, words);
        assert!(
            !folder.join("maps/mnist_lenet5_adv").exists(),
            "{image}: nothing is written before all is checked"
        );
    };
    explain("missing.png", &["missing.png", "No such file"]);
    explain("cut.png", &["cut.png"]);
    explain("cut.jpg", &["cut.jpg", "ends before the picture does"]);
    explain("empty.png", &["empty.png", "empty"]);
    explain("words.png", &["words.png", "none of PNG"]);
    explain("tiny.png", &["1×1 px is too small"]);
    explain("bomb.png", &["20000×20000 px is more than 100 million pixels"]);
    explain("flat.npy", &["flat.npy", "C×H×W"]);
    explain("colour.npy", &["(3, 28, 28)", "takes (1, 28, 28)"]);
    explain("bytes.npy", &["holds 255", "[0,1]"]);
    assert!(!folder.join("maps").exists(), "not even the folder");
}

/// Changes a safetensors file's tensors and writes it as another.
fn rewrite(from: &Path, to: &Path, change: impl Fn(&str, &mut Vec<usize>, &mut Vec<f32>)) {
    let bytes = std::fs::read(from).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, view) in file.iter() {
        let mut shape = view.shape().to_vec();
        let mut values: Vec<f32> = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        change(name, &mut shape, &mut values);
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensors.push((name.to_string(), shape, bytes));
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
        (name.clone(), view.unwrap())
    });
    std::fs::write(to, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn wrong_networks_get_one_clear_line() {
    let (Some(data), Some(folder)) = (support::data(), workplace()) else { return };
    let folder = folder.path();
    let file = |name: &str| -> PathBuf { folder.join(name) };
    let good = data.join("weights/mnist_lenet5_adv.safetensors");
    let whole = std::fs::read(&good).unwrap();
    std::fs::write(file("cut.safetensors"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(file("empty.safetensors"), b"").unwrap();
    std::fs::write(file("words.safetensors"), b"these are words, more than eight").unwrap();
    rewrite(&good, &file("nan.safetensors"), |name, _, values| {
        if name == "conv2.bias" {
            values[5] = f32::NAN;
        }
    });
    rewrite(&good, &file("shape.safetensors"), |name, shape, values| {
        if name == "linear1.bias" {
            (*shape, *values) = (vec![100], vec![0.0; 100]);
        }
    });
    let card = |name: &str, text: &str| std::fs::write(file(name), text).unwrap();
    card("nowhere.toml", "weights = \"nowhere.safetensors\"\n");
    card("typo.toml", "weigths = \"cut.safetensors\"\n");
    let good = good.canonicalize().unwrap();
    card("foreign.toml", &format!("weights = {good:?}\narchitecture = \"cnn-a\"\n"));
    card("unknown.toml", &format!("weights = {good:?}\narchitecture = \"resnet-9000\"\n"));
    card("mean.toml", &format!("weights = {good:?}\n[input]\nmean = [0.5, 0.5, 0.5]\n"));
    let inspect = |model: &str, words: &[&str]| {
        drop(fail(folder, &["inspect", model, "--device", "cpu"], words));
    };
    inspect("missing.safetensors", &["missing.safetensors", "No such file"]);
    inspect("cut.safetensors", &["cut.safetensors", "not a whole safetensors file"]);
    inspect("empty.safetensors", &["empty.safetensors", "empty"]);
    inspect("words.safetensors", &["words.safetensors", "not a whole safetensors file"]);
    inspect("nan.safetensors", &["`conv2.bias` holds NaN at element 5"]);
    inspect("shape.safetensors", &["`linear1.bias` should be [200], the file has [100]"]);
    inspect("nowhere.toml", &["nowhere.toml", "nowhere.safetensors are not there"]);
    inspect("typo.toml", &["typo.toml", "line 1", "weigths"]);
    inspect("foreign.toml", &["cnn-a", "`0.weight`"]);
    inspect("unknown.toml", &["unknown architecture `resnet-9000`", "lenet5"]);
    inspect("mean.toml", &["mean has 3 values, the network takes 1 channels"]);
    inspect("one.png", &["one.png", ".safetensors"]);
}

#[test]
fn wrong_arguments_get_one_clear_line() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    std::fs::write(folder.join("file"), b"").unwrap();
    let explain = |more: &[&str], words: &[&str]| {
        let mut arguments = vec![
            "explain",
            "--device",
            "cpu",
            "--model",
            "mnist_lenet5_adv.toml",
            "--image",
            "one.png",
        ];
        if !more.contains(&"--out") {
            arguments.extend(["--out", "maps"]);
        }
        arguments.extend(more);
        fail(folder, &arguments, words);
    };
    explain(&["--method", "grad"], &["unknown method `grad`", "gradient, input-x-gradient"]);
    explain(&["--method", "gradient", "--target", "10"], &["class 10 is out of range", "0 to 9"]);
    explain(&["--method", "rise", "--set", "rise.masks=0"], &["masks", "1–100000"]);
    explain(&["--method", "rise", "--set", "rise.mask=5"], &["unknown parameter `mask`", "masks"]);
    explain(&["--method", "rise", "--set", "masks=5"], &["ID.PARAM=VALUE"]);
    explain(&["--method", "gradient", "--set", "rise.masks=5"], &["--method does not name rise"]);
    explain(&["--method", "grad-cam", "--layer", "relu9"], &["no such node", "inspect"]);
    explain(&["--method", "grad-cam", "--layer", "linear1"], &["linear1", "no places"]);
    explain(&["--method", "gradient", "--out", "file"], &["cannot write to file"]);
    explain(
        &["--method", "gradient", "--out", "/proc/nowhere"],
        &["cannot write to /proc/nowhere"],
    );
    explain(&["--method", "gradient", "--image", "one.png"], &["two pictures are called `one`"]);
    explain(&["--method", "rise", "rise"], &["--method names rise twice"]);
    explain(
        &["--method", "gradient", "--layer", "relu1"],
        &["none of the methods looks at a layer"],
    );
    explain(&["--method", "gradient", "--target", "cat"], &["cat", "top1 or the index"]);
    explain(&["--method", "gradient", "--target", "-1"], &["-1", "top1 or the index"]);
    fail(
        folder,
        &["inspect", "mnist_lenet5_adv.toml", "--device", "tpu"],
        &["tpu", "auto, cpu, gpu"],
    );
    explain(&["--method", "gradient", "--seed", "-1"], &["--seed"]);
    fail(folder, &["explain", "--model", "mnist_lenet5_adv.toml"], &["--image", "--out"]);
    fail(
        folder,
        &[
            "explain",
            "--method",
            "gradient",
            "--model",
            "new\nline.toml",
            "--image",
            "one.png",
            "--out",
            "maps",
        ],
        &["new line.toml"],
    );
    explain(&[], &["--method names no method"]);
    let curves = [
        "curves",
        "--device",
        "cpu",
        "--model",
        "mnist_lenet5_adv.toml",
        "--image",
        "one.png",
        "--out",
        "maps",
    ];
    fail(folder, &curves, &["neither --method nor --map"]);
    fail(
        folder,
        &[&curves[..], &["--method", "gradient", "--step", "0"]].concat(),
        &["--step 0", "1 to 784"],
    );
    fail(folder, &[&curves[..], &["--map", "one.png"]].concat(), &["cannot read map one.png"]);
    let map = |name: &str, values: Array2<f32>| {
        values.write_npy(std::fs::File::create(folder.join(name)).unwrap()).unwrap();
    };
    map("gradient.npy", Array2::zeros((28, 28)));
    map("long.npy", Array2::zeros((7, 28)));
    map("nan.npy", Array2::from_elem((28, 28), f32::NAN));
    let scored =
        |more: &[&str], words: &[&str]| drop(fail(folder, &[&curves[..], more].concat(), words));
    scored(&["--method", "gradient", "--map", "gradient.npy"], &["gradient", "overwrite"]);
    scored(&["--map", "long.npy"], &["1×7×28", "1×28×28"]);
    scored(&["--map", "nan.npy"], &["nan.npy", "holds NaN"]);
    fail(
        folder,
        &["mnist_lenet5_adv.toml", "notes.docx"],
        &["notes.docx", "neither a network nor a picture"],
    );
}
