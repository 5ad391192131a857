//! Wrong files and arguments: one clear line, a non-zero exit, nothing half-written.

use super::{fail, support, workplace};
use ndarray::{Array2, Array3};
use ndarray_npy::WriteNpyExt;
use std::path::{Path, PathBuf};

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
    explain("bomb.png", &["20000×20000 px is more than 300 million pixels"]);
    explain("flat.npy", &["flat.npy", "C×H×W"]);
    explain("colour.npy", &["(3, 28, 28)", "takes (1, 28, 28)"]);
    explain("bytes.npy", &["holds 255", "[0,1]"]);
    assert!(!folder.join("maps").exists(), "not even the folder");
}

/// Changes a safetensors file's tensors and writes it as another.
pub fn rewrite(
    from: &Path,
    to: &Path,
    change: impl Fn(&mut String, &mut Vec<usize>, &mut Vec<f32>),
) {
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
        let mut name = name.to_string();
        change(&mut name, &mut shape, &mut values);
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensors.push((name, shape, bytes));
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
    card("unknown.toml", &format!("weights = {good:?}\narchitecture = \"perceptron-9000\"\n"));
    card("mean.toml", &format!("weights = {good:?}\n[input]\nmean = [0.5, 0.5, 0.5]\n"));
    let inspect = |model: &str, words: &[&str]| {
        drop(fail(folder, &["inspect", model, "--device", "cpu"], words));
    };
    inspect("missing.safetensors", &["missing.safetensors", "No such file"]);
    inspect("cut.safetensors", &["cut.safetensors", "not a whole safetensors file"]);
    inspect("empty.safetensors", &["empty.safetensors", "empty"]);
    inspect("words.safetensors", &["words.safetensors", "neither safetensors nor a PyTorch"]);
    inspect("nan.safetensors", &["`conv2.bias` holds NaN at element 5"]);
    inspect("shape.safetensors", &["`linear1.bias` should be [200], the file has [100]"]);
    inspect("nowhere.toml", &["nowhere.toml", "nowhere.safetensors are not there"]);
    inspect("typo.toml", &["typo.toml", "line 1", "weigths"]);
    inspect("foreign.toml", &["cnn-a", "`0.weight`"]);
    inspect("unknown.toml", &["unknown architecture `perceptron-9000`", "lenet5"]);
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
    explain(&["--method", "grad"], &["unknown method `grad`", "the nearest is gradient or"]);
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
    explain(&["--method", "rise", "rise"], &["rise is chosen twice"]);
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
    explain(&[], &["neither --method nor --preset"]);
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
    fail(folder, &curves, &["none of --method, --preset and --map"]);
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
    scored(&["--map", "long.npy"], &["7×28", "1×28×28"]);
    scored(&["--map", "nan.npy"], &["nan.npy", "holds NaN"]);
    fail(
        folder,
        &["mnist_lenet5_adv.toml", "notes.docx"],
        &["notes.docx", "neither a network nor a picture"],
    );
    std::fs::write(folder.join("session.toml"), "hyaline-session = 1\n").unwrap();
    fail(folder, &["session.toml"], &["session.toml", "need the window"]);
}
