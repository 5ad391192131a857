//! Weights files: every form gives the same network, hostile ones execute nothing, damaged ones
//! are errors.

#[path = "readers/files.rs"]
mod foreign_files;
#[path = "../../fuzz/readers.rs"]
mod fuzzed;
mod wrapped;

use crate::support;
use hyaline::model::{BatchNorms, ComputeDevice, Model, Weights};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The small files that `tests/files/readers/make.py` writes.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/readers").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    files
}

fn expected() -> Weights {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/readers");
    Weights::read(&folder.join("expected.safetensors")).unwrap()
}

#[test]
fn weights_in_parts_are_put_together_as_pytorch_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/readers/parts");
    let bytes = fs::read(folder.join("expected.safetensors")).unwrap();
    let expected = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for (name, view) in expected.iter() {
        let (file, layer) = name.split_once('.').unwrap();
        let found = Weights::read(&folder.join(format!("{file}.pth"))).unwrap();
        let found_weight = &found.tensors[&format!("{layer}.weight")];
        let expected =
            view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let error = support::relative_error(found_weight.values.clone(), expected);
        assert!(error < 1e-6 && found_weight.shape == view.shape(), "{name}: {error:.1e}");
        assert!(found.notes[0].contains("merged"), "{:?}", found.notes);
    }
}

/// Asserts the same names, shapes and values.
fn assert_same(found: &Weights, expected: &Weights, what: &Path) {
    let names = |weights: &Weights| weights.tensors.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{}", what.display());
    for (name, tensor) in &found.tensors {
        let twin = &expected.tensors[name];
        assert_eq!(tensor.shape, twin.shape, "{}: {name}", what.display());
        assert_eq!(tensor.values, twin.values, "{}: {name}", what.display());
    }
}

#[test]
fn every_form_gives_the_same_network() {
    let expected = expected();
    for file in files("good") {
        let found = Weights::read(&file).unwrap();
        assert_same(&found, &expected, &file);
        let name = file.file_stem().unwrap().to_str().unwrap();
        let normalised = name.starts_with("normalised") || name == "attack_code";
        let normalisation = normalised.then(|| [vec![0.5], vec![0.25]]);
        assert_eq!(found.normalisation, normalisation, "{name}");
    }
}

#[test]
fn the_content_says_what_a_misnamed_file_is() {
    let folder = tempfile::tempdir().unwrap();
    for file in files("good") {
        for name in ["net.safetensors", "net.pth", "net.bin"] {
            let misnamed = folder.path().join(name);
            fs::copy(&file, &misnamed).unwrap();
            assert!(Model::is_model_file(&misnamed));
            assert_same(&Weights::read(&misnamed).unwrap(), &expected(), &file);
        }
    }
}

#[test]
fn what_is_no_network_gets_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.pth");
    let fails = |bytes: &[u8], words: &str| {
        fs::write(&file, bytes).unwrap();
        let why = Weights::read(&file).unwrap_err().to_string();
        assert!(why.contains(words) && why.contains("net.pth") && !why.contains('\n'), "{why}");
    };
    fails(b"", "the file is empty");
    fails(b"<!DOCTYPE html><html></html>", "neither safetensors nor a PyTorch checkpoint");
    fails(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
    fails(b"PK\x03\x04 and then nothing of a zip", "not a whole PyTorch checkpoint");
    fails(b"\x80\x02}q\x00.", "holds no tensors");
    fails(b"\x80\x02]q\x00.", "state_dict()");
    fails(b"\x02\0\0\0\0\0\0\0{}", "holds no tensors");
    fails(b"\xff\xff\xff\0\0\0\0\0{", "not a whole safetensors file");
}

/// Number of elements that a file claims and does not have.
const CLAIMED: u64 = 1 << 60;

#[test]
fn claims_of_size_cost_nothing() {
    if !is_alone("claims_of_size_cost_nothing") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    let claim = |shape: &str, offsets: &str| {
        let tensor = format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}"#);
        let header = format!(r#"{{"a.weight":{tensor}}}"#);
        let length = (header.len() as u64).to_le_bytes();
        fs::write(&file, [&length, header.as_bytes()].concat()).unwrap();
        assert!(Weights::read(&file).is_err());
    };
    claim(&format!("[{CLAIMED}]"), &format!("[0,{}]", 4 * u128::from(CLAIMED)));
    claim(&format!("[{CLAIMED}]"), "[0,0]");
    claim(&format!("[{CLAIMED},{CLAIMED}]"), "[0,0]");
    claim("[250000000000]", "[0,1000000000000]");
    assert!(peak_memory() < MOST_MEMORY);
}

#[test]
fn pickles_execute_nothing() {
    if !is_alone("pickles_execute_nothing") {
        return;
    }
    let marker = Path::new("EXECUTED");
    for file in files("evil") {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let read = Weights::read(&file);
        assert!(!marker.exists(), "{name} was executed");
        let harmless = name.contains("_beside") || name.contains("_inside");
        match read {
            Ok(found) => assert_same(&found, &expected(), &file),
            Err(why) => assert!(!harmless, "{name} holds a whole network: {why}"),
        }
    }
    assert!(peak_memory() < MOST_MEMORY);
}

/// Files published in PyTorch's formats, and the names of their safetensors twins.
const TWINS: [(&str, &str); 7] = [
    ("cifar_cnn_a_adv.model", "cifar10_cnn_a_adv"),
    ("cifar_sgd_8px.pth", "cifar10_cnn_a_vanilla_sgd"),
    ("efficientnet-lite0-57934424.pth", "imagenet_efficientnet_lite0"),
    ("mnist_lenet5_advtrained.pt", "mnist_lenet5_adv"),
    ("mnist_lenet5_clntrained.pt", "mnist_lenet5_vanilla"),
    ("resnet20-12fca82f.th", "cifar10_resnet20_vanilla"),
    ("resnet2b_model_best.pth", "cifar10_resnet2b_adv_2_255"),
];

#[test]
fn published_files_are_the_same_as_their_safetensors() {
    let Some(data) = support::data() else { return };
    for (original, twin) in TWINS {
        let original = data.join("weights-original").join(original);
        let twin = data.join("weights").join(format!("{twin}.safetensors"));
        let found = Weights::read(&original).unwrap();
        assert_same(&found, &Weights::read(&twin).unwrap(), &original);
    }
}

#[test]
fn published_files_give_the_same_logits() {
    let Some(data) = support::data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let device = ComputeDevice::cpu();
    let cards = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cards");
    for (original, twin) in TWINS {
        let Ok(card) = fs::read_to_string(cards.join(format!("{twin}.toml"))) else { continue };
        let original = data.join("weights-original").join(original).canonicalize().unwrap();
        let path = folder.path().join("card.toml");
        fs::write(&path, card.replace("WEIGHTS", original.to_str().unwrap())).unwrap();
        let found = logits(&Model::open(&path, &device).unwrap());
        assert_eq!(found, logits(&support::model(twin, &data, &device)), "{twin}");
    }
}

/// Logits of a picture that is no plain colour.
fn logits(model: &Model) -> Vec<f32> {
    let preprocessing = &model.preprocessing;
    let size = (preprocessing.channels, preprocessing.size[0], preprocessing.size[1]);
    let pixels = ndarray::Array3::from_shape_fn(size, |(c, y, x)| {
        ((c * 7 + y * 3 + x * 5) % 17) as f32 / 16.0
    });
    hyaline::graph::read_back(model.graph.logits(model.tensor(&pixels))).unwrap()
}

#[test]
fn a_network_with_two_sets_of_batch_norms_runs_with_either() {
    let plain = expected();
    for (which, scale) in [(BatchNorms::Main, 1.0), (BatchNorms::Auxiliary, 2.0)] {
        let mut both = plain.clone();
        for (name, tensor) in &plain.tensors {
            if let Some(leaf) = name.strip_prefix("bn1.") {
                let mut tensor = tensor.clone();
                tensor.values.iter_mut().for_each(|value| *value *= 2.0);
                both.tensors.insert(format!("bn1.aux_bn.0.{leaf}"), tensor);
            }
        }
        assert!(both.choose_batch_norms(which));
        assert!(both.tensors.keys().eq(plain.tensors.keys()));
        let [chosen, first] = [&both, &plain].map(|w| w.tensors["bn1.running_var"].values[0]);
        assert_eq!(chosen, scale * first);
        assert!(!both.choose_batch_norms(which), "one set is left");
    }
}

/// Pseudorandom numbers for damage that can be repeated: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// Changes a few places of a file: bits, bytes, numbers, runs.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    const NUMBERS: [u64; 6] = [0, 1, u64::MAX, 1 << 60, i64::MAX as u64, u32::MAX as u64];
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => bytes[place] = random.below(256) as u8,
            2 => {
                let number = NUMBERS[random.below(6)].to_le_bytes();
                let width = [1, 2, 4, 8][random.below(4)].min(bytes.len() - place);
                bytes[place..place + width].copy_from_slice(&number[..width]);
            }
            3 => bytes.insert(place, random.below(256) as u8),
            4 => drop(bytes.drain(place..(place + 1 + random.below(8)).min(bytes.len()))),
            _ => {
                let run = bytes[place..(place + 1 + random.below(16)).min(bytes.len())].to_vec();
                bytes.splice(place..place, run);
            }
        }
        if bytes.is_empty() {
            return;
        }
    }
}

/// Variants of each file that are made by damage, beside those cut short.
const DAMAGED: usize = 1500;
const MOST_MEMORY: u64 = 1 << 30;

#[test]
fn damaged_files_are_errors() {
    if !is_alone("damaged_files_are_errors") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.bin");
    let chosen = ["zip", "no_checksums", "legacy", "module", "early", "wrapped"];
    let mut random = Random(1);
    for file in files("good") {
        if !chosen.contains(&file.file_stem().unwrap().to_str().unwrap()) {
            continue;
        }
        let whole = fs::read(&file).unwrap();
        let mut opened = 0;
        let mut read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let found = catch_unwind(|| Weights::read(&path));
            opened += usize::from(found.expect("a damaged file is no panic").is_ok());
        };
        for _ in 0..DAMAGED {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut random);
            read(&bytes);
        }
        let step = (whole.len() / 700).max(1);
        (0..whole.len()).step_by(step).for_each(|length| read(&whole[..length]));
        assert!(opened > 0, "{}: some damage is in the values alone", file.display());
    }
    assert!(peak_memory() < MOST_MEMORY);
}

/// Damaged variants of each reader's files; `HYALINE_DAMAGED` names another number, and
/// `HYALINE_READER` one reader.
const USUAL_DAMAGED: usize = 3000;
/// For one damaged file.
const LONGEST: Duration = Duration::from_secs(10);

fn damaged() -> usize {
    let number = std::env::var("HYALINE_DAMAGED").ok();
    number.map_or(USUAL_DAMAGED, |number| number.parse().expect("HYALINE_DAMAGED is a number"))
}

/// What the files below a folder hold.
fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    paths.sort();
    let of_path = |path: &PathBuf| match path.is_dir() {
        true => seeds(path),
        false => vec![fs::read(path).unwrap()],
    };
    paths.iter().flat_map(of_path).filter(|bytes| !bytes.is_empty()).collect()
}

/// Reads damaged variants of a reader's files, one in sixteen of them cut short.
fn read_damaged(name: &str, folder: &str, read: fuzzed::Reader) {
    let mut random = Random(1);
    let mut seeds = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(folder));
    seeds.retain(|seed| match name {
        "pytorch" => !fuzzed::are_safetensors(seed),
        "safetensors" => fuzzed::are_safetensors(seed),
        _ => true,
    });
    assert!(!seeds.is_empty(), "{name}");
    let mut slowest = Duration::ZERO;
    for index in 0..damaged() {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        if random.below(16) == 0 {
            bytes.truncate(random.below(bytes.len()));
        } else {
            damage(&mut bytes, &mut random);
        }
        let timed = || {
            let started = Instant::now();
            (catch_unwind(|| read(&bytes)), started.elapsed())
        };
        // What is slow once may be so for what else the machine does.
        let (found, took) = match timed() {
            (Ok(()), took) if took > LONGEST => timed(),
            first => first,
        };
        slowest = slowest.max(took);
        if found.is_err() || slowest > LONGEST {
            let kept = std::env::temp_dir().join(format!("hyaline-{name}-{index}"));
            fs::write(&kept, &bytes).unwrap();
            panic!("{name}: file {index}, kept as {}, took {slowest:?}", kept.display());
        }
    }
    println!("{name}: {} files, {slowest:.1?} at most, {} MiB", damaged(), peak_memory() >> 20);
}

#[test]
fn damaged_files_are_what_they_hold_or_errors() {
    if !is_alone("damaged_files_are_what_they_hold_or_errors") {
        return;
    }
    let chosen = std::env::var("HYALINE_READER").ok();
    let is_chosen = |name: &str| chosen.as_ref().is_none_or(|chosen| chosen == name);
    let readers = fuzzed::READERS.par_iter().filter(|(name, ..)| is_chosen(name));
    readers.for_each(|(name, folder, read)| read_damaged(name, folder, *read));
    assert!(peak_memory() < MOST_MEMORY);
}

/// Whether this process runs a test of this file alone, so that its memory can be measured. Where it does not,
/// the test is run by a process that does.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "HYALINE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("readers::{test}"), "--nocapture"]).env(ALONE, "1");
    let output = command.output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success() && said[0].contains("1 passed"), "{test}: {}", said.join("\n"));
    println!("{}", said[0]);
    false
}

/// The most memory that this process ever held, where the system tells.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[test]
fn a_card_chooses_one_of_two_sets_of_batch_norms() {
    let Some(data) = support::data() else { return };
    let weights = data.join("weights/cifar10_resnet20_vanilla.safetensors");
    let bytes = fs::read(weights).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<(String, safetensors::tensor::TensorView)> = vec![];
    for (name, view) in file.iter() {
        tensors.push((name.to_string(), view.clone()));
        // The second set: a shift of every batch norm that is its scale.
        if let Some((module, leaf)) = name.rsplit_once('.')
            && module.contains("bn")
        {
            let twin = if leaf == "bias" { format!("{module}.weight") } else { name.to_string() };
            tensors.push((format!("{module}.aux_bn.{leaf}"), file.tensor(&twin).unwrap()));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    safetensors::serialize_to_file(tensors, None, &path("net.safetensors")).unwrap();
    let open = |batch_norms: &str| {
        let card = format!("weights = \"net.safetensors\"\n{batch_norms}");
        fs::write(path("net.toml"), card).unwrap();
        Model::open(&path("net.toml"), &ComputeDevice::cpu()).unwrap()
    };
    let plain = Model::open(
        &data.join("weights/cifar10_resnet20_vanilla.safetensors"),
        &ComputeDevice::cpu(),
    )
    .unwrap();
    let score = |model: &Model| model.check_forward().unwrap().probability;
    let main = open("");
    assert_eq!(main.report.batch_norms, Some(BatchNorms::Main));
    assert_eq!(score(&main), score(&plain));
    let auxiliary = open("batch_norms = \"auxiliary\"");
    assert_eq!(auxiliary.report.batch_norms, Some(BatchNorms::Auxiliary));
    assert_ne!(score(&auxiliary), score(&plain));
    assert_eq!(plain.report.batch_norms, None);
}
