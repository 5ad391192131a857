//! Networks in wrappers of every kind give what they give alone.

use super::logits;
use hyaline::model::{ComputeDevice, Model};
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensor(random: &mut ChaCha8Rng, shape: &[usize], from: f32, to: f32) -> (Vec<usize>, Vec<f32>) {
    let values = (0..shape.iter().product()).map(|_| random.random_range(from..to)).collect();
    (shape.to_vec(), values)
}

fn norm(random: &mut ChaCha8Rng, tensors: &mut Tensors, name: &str, width: usize) {
    for (part, from, to) in [
        ("weight", 0.8, 1.2),
        ("bias", -0.1, 0.1),
        ("running_mean", -0.1, 0.1),
        ("running_var", 0.8, 1.2),
    ] {
        tensors.insert(format!("{name}.{part}"), tensor(random, &[width], from, to));
    }
}

/// A ResNet for small pictures without its classifier, which takes 16 features.
fn trunk(random: &mut ChaCha8Rng) -> Tensors {
    let mut tensors = Tensors::new();
    let mut inputs = 3;
    for (name, bn, out) in [
        ("conv1", "bn1", 4),
        ("layer1.0.conv1", "layer1.0.bn1", 4),
        ("layer1.0.conv2", "layer1.0.bn2", 4),
        ("layer2.0.conv1", "layer2.0.bn1", 8),
        ("layer2.0.conv2", "layer2.0.bn2", 8),
        ("layer3.0.conv1", "layer3.0.bn1", 16),
        ("layer3.0.conv2", "layer3.0.bn2", 16),
    ] {
        let kernel = tensor(random, &[out, inputs, 3, 3], -0.3, 0.3);
        tensors.insert(format!("{name}.weight"), kernel);
        norm(random, &mut tensors, bn, out);
        inputs = out;
    }
    tensors
}

/// A classifier of one or two layers, under names relative to its module.
fn head(random: &mut ChaCha8Rng) -> Tensors {
    let mut tensors = Tensors::new();
    let mut linear = |random: &mut ChaCha8Rng, name: &str, [out, inputs]: [usize; 2]| {
        tensors.insert(format!("{name}weight"), tensor(random, &[out, inputs], -1.0, 1.0));
        if random.random_bool(0.7) {
            tensors.insert(format!("{name}bias"), tensor(random, &[out], -1.0, 1.0));
        }
    };
    match random.random_range(0..4) {
        0 => linear(random, "", [5, 16]),
        1 => linear(random, "1.", [5, 16]),
        two => {
            linear(random, "0.", [6, 16]);
            linear(random, if two == 2 { "2." } else { "4." }, [5, 6]);
            if two == 3 {
                norm(random, &mut tensors, "1", 6);
            }
        }
    }
    tensors
}

fn under(prefix: &str, tensors: &Tensors) -> Tensors {
    tensors.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())).collect()
}

fn write(path: &Path, tensors: &Tensors) {
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = tensors.iter().map(|(name, (shape, _))| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap())
    });
    safetensors::serialize_to_file(views, None, path).unwrap();
}

fn open(folder: &Path, tensors: &Tensors, card: &str) -> hyaline::error::Result<Model> {
    let path = folder.join("net.safetensors");
    write(&path, tensors);
    fs::write(folder.join("net.toml"), format!("weights = \"net.safetensors\"\n{card}")).unwrap();
    Model::open(&path, &ComputeDevice::cpu())
}

/// Names of what people wrap networks in.
const WRAPPERS: [&str; 12] = [
    "module",
    "model",
    "net",
    "_orig_mod",
    "state_dict",
    "backbone",
    "encoder",
    "resnet",
    "0",
    "classifier_net",
    "_forward_module",
    "network7",
];
/// Wrappers of modules inside a network.
const INNER: [&str; 3] = ["_checkpoint_wrapped_module", "_fsdp_wrapped_module", "_orig_mod"];
/// Modules that code keeps a classifier in beside a trunk.
const OUTSIDE: [&str; 5] = ["fc", "classifier", "head.fc", "head", "output"];

/// What training keeps beside a network.
fn beside(random: &mut ChaCha8Rng, tensors: &mut Tensors, network: &Tensors) {
    for (name, shape) in [
        ("criterion.weight", &[5][..]),
        ("val_auroc.confmat", &[5, 2, 2]),
        ("optimizer_states.0.state.0.exp_avg", &[4, 3, 3, 3]),
        ("loss_fn.pos_weight", &[5]),
    ] {
        if random.random_bool(0.3) {
            tensors.insert(name.into(), tensor(random, shape, 0.0, 1.0));
        }
    }
    if random.random_bool(0.3) {
        let double = |(shape, values): &(Vec<usize>, Vec<f32>)| {
            (shape.clone(), values.iter().map(|value| 2.0 * value).collect())
        };
        let copy =
            network.iter().map(|(name, tensor)| (format!("ema_model.{name}"), double(tensor)));
        tensors.extend(copy);
    }
}

#[test]
fn any_wrapper_and_classifier_gives_the_logits_of_the_network_alone() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..60 {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let (trunk, head) = (trunk(random), head(random));
        let mut network = trunk.clone();
        network.extend(under("fc.", &head));
        let alone = open(folder.path(), &network, "").unwrap();
        let depth = random.random_range(0..4);
        let wrappers: Vec<&str> = (0..depth).map(|_| *WRAPPERS.choose(random).unwrap()).collect();
        let mut prefix = wrappers.iter().fold(String::new(), |prefix, name| prefix + name + ".");
        let inner = INNER.choose(random).unwrap();
        let layer = format!("layer{}.", random.random_range(1..4));
        let wrapped_inside: Tensors = trunk
            .iter()
            .map(|(name, tensor)| match name.strip_prefix(&layer) {
                Some(rest) => (format!("{layer}{inner}.{rest}"), tensor.clone()),
                None => (name.clone(), tensor.clone()),
            })
            .collect();
        let outside = random.random_bool(0.4);
        let mut tensors = match outside {
            true => under(&format!("{}.", OUTSIDE.choose(random).unwrap()), &head),
            false => under(&format!("{prefix}fc."), &head),
        };
        if outside && prefix.is_empty() {
            prefix = "trunk.".into();
        }
        tensors.extend(under(&prefix, &wrapped_inside));
        beside(random, &mut tensors, &network);
        let names: Vec<_> = tensors.keys().take(4).collect();
        let found =
            open(folder.path(), &tensors, "").unwrap_or_else(|e| panic!("{seed}, {names:?}: {e}"));
        assert_eq!(logits(&found), logits(&alone), "{seed}: {names:?}");
        let is_choice = tensors.keys().any(|name| name.starts_with("ema_model."));
        let told = found.warnings.iter().any(|warning| warning.contains("weights_prefix"));
        assert_eq!(told, is_choice, "{seed}: {:?}", found.warnings);
    }
}

fn network(seed: u64) -> Tensors {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut network = trunk(random);
    network.insert("fc.weight".into(), tensor(random, &[5, 16], -1.0, 1.0));
    network
}

#[test]
fn a_card_chooses_among_several_networks() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [1, 2].map(network);
    let alone = [&a, &b].map(|network| logits(&open(folder.path(), network, "").unwrap()));
    let both = |first: &str, second: &str| -> Tensors {
        under(first, &a).into_iter().chain(under(second, &b)).collect()
    };
    let teachers = both("student.", "teacher.");
    let chosen = |card: &str| logits(&open(folder.path(), &teachers, card).unwrap());
    assert_eq!(chosen(""), alone[0]);
    for prefix in ["teacher", "teacher."] {
        assert_eq!(chosen(&format!("weights_prefix = {prefix:?}")), alone[1]);
    }
    let unclear = both("left.", "right.");
    let error = open(folder.path(), &unclear, "").unwrap_err().to_string();
    assert!(error.contains("several networks") && error.contains("`left.`, `right.`"), "{error}");
    let right = open(folder.path(), &unclear, "weights_prefix = \"right.\"").unwrap();
    assert_eq!(logits(&right), alone[1]);
    let error = open(folder.path(), &unclear, "weights_prefix = \"up.\"").unwrap_err().to_string();
    assert!(error.contains("no network under `up.`"), "{error}");
    // The same twice is no choice.
    let same: Tensors = under("model.", &a).into_iter().chain(under("net.", &a)).collect();
    let model = open(folder.path(), &same, "").unwrap();
    assert_eq!(
        (logits(&model), model.warnings.iter().any(|w| w.contains("prefix"))),
        (alone[0].clone(), false)
    );
}

#[test]
fn what_takes_the_outputs_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let random = &mut ChaCha8Rng::seed_from_u64(3);
    let mut tensors = under("backbone.", &network(1));
    tensors.insert("last.weight".into(), tensor(random, &[2, 5], -1.0, 1.0));
    let error = open(folder.path(), &tensors, "").unwrap_err().to_string();
    assert!(error.contains("`last` beside it takes its 5 outputs"), "{error}");
    let named = open(folder.path(), &tensors, "weights_prefix = \"backbone.\"").unwrap();
    assert_eq!(named.graph.classes(), 5);
    assert!(
        named.warnings.iter().any(|warning| warning.contains("`last`")),
        "{:?}",
        named.warnings
    );
}

#[test]
fn flattened_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let random = &mut ChaCha8Rng::seed_from_u64(4);
    for name in ["_fsdp_wrapped_module._flat_param", "layer1.flat_param_0"] {
        let tensors = BTreeMap::from([(name.to_string(), tensor(random, &[9], -1.0, 1.0))]);
        let error = open(folder.path(), &tensors, "").unwrap_err().to_string();
        assert!(error.contains("flat_param") && error.contains("FULL_STATE_DICT"), "{error}");
    }
}

#[test]
fn children_in_a_sequence_are_known_by_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let network = network(5);
    let alone = open(folder.path(), &network, "").unwrap();
    let numbers = [
        ("conv1", "0"),
        ("bn1", "1"),
        ("layer1", "4"),
        ("layer2", "5"),
        ("layer3", "6"),
        ("fc", "9"),
    ];
    let renamed: Tensors = network
        .iter()
        .map(|(name, tensor)| {
            let (head, rest) = name.split_once('.').unwrap();
            let number = numbers.iter().find(|(child, _)| *child == head).unwrap().1;
            let outer = if number == "9" { "head" } else { "features.0" };
            (
                format!(
                    "{outer}.{}{rest}",
                    if number == "9" { String::new() } else { format!("{number}.") }
                ),
                tensor.clone(),
            )
        })
        .collect();
    assert_eq!(logits(&open(folder.path(), &renamed, "").unwrap()), logits(&alone));
}

#[test]
fn a_repository_of_several_files_says_what_its_network_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let network = network(6);
    let alone = logits(&open(folder.path(), &network, "").unwrap());
    let (one, two): (Tensors, Tensors) =
        network.into_iter().partition(|(name, _)| name.starts_with("layer"));
    let files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let mut map = serde_json::Map::new();
    for (file, tensors) in files.iter().zip([&one, &two]) {
        write(&path(file), tensors);
        map.extend(tensors.keys().map(|name| (name.clone(), (*file).into())));
    }
    let index = path("model.safetensors.index.json");
    fs::write(&index, serde_json::json!({ "weight_map": map }).to_string()).unwrap();
    let pictures = serde_json::json!({
        "input_size": [3, 40, 48], "mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6],
        "crop_pct": 0.9, "interpolation": "bilinear", "label_names": ["a", "b", "c", "d", "e"],
    });
    let config = serde_json::json!({ "architecture": "a_resnet", "pretrained_cfg": pictures });
    fs::write(path("config.json"), config.to_string()).unwrap();
    for opened in [&index, &path(files[0]), &path(files[1])] {
        let model = Model::open(opened, &ComputeDevice::cpu()).unwrap();
        let input = &model.preprocessing;
        assert_eq!((input.size, input.crop), ([40, 48], 0.9));
        assert_eq!((&input.mean, &input.std), (&vec![0.1, 0.2, 0.3], &vec![0.4, 0.5, 0.6]));
        assert_eq!(model.labels.name(4), "e");
    }
    let card = format!(
        "weights = {:?}\n[input]\nsize = [32, 32]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n",
        files[0]
    );
    fs::write(path("card.toml"), card).unwrap();
    let model = Model::open(&path("card.toml"), &ComputeDevice::cpu()).unwrap();
    assert_eq!((logits(&model), model.labels.name(0)), (alone, "a"));
    fs::remove_file(path(files[1])).unwrap();
    let error = Model::open(&index, &ComputeDevice::cpu()).unwrap_err().to_string();
    assert!(error.contains(files[1]) && error.contains("one folder"), "{error}");
}
