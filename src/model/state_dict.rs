//! From the names in a checkpoint to the names of a network's modules.
//!
//! Checkpoints wrap a state dict in dictionaries (`state_dict`, `model`, …), lists, `DataParallel`
//! (`module.`) and attack code (MadryLab's robustness keeps `model.`, a copy under
//! `attacker.model.`, and a `normalizer.`).

use super::stored::Stored;
use std::collections::BTreeMap;

type Tensors = BTreeMap<String, Stored>;

/// Entries of a checkpoint that hold a network, the preferred first.
const CONTAINERS: [&str; 11] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "params",
    "weights",
    "ema",
    "state_dict_ema",
    "model_ema",
];
/// Wrappers that every tensor of a network may be under.
const WRAPPERS: [&str; 7] =
    ["module", "model", "net", "network", "backbone", "encoder", "_orig_mod"];
/// What the names of copies and tools have in them, which are no part of the network.
const PASSED_OVER: [&str; 12] = [
    "attacker",
    "optimizer",
    "optimizers",
    "optim",
    "scheduler",
    "schedulers",
    "scaler",
    "ema",
    "callbacks",
    "loops",
    "rng",
    "args",
];
const NORMALISERS: [&str; 5] =
    ["normalizer", "normalize", "normalise", "normalization", "normalisation"];
const MEANS: [&str; 3] = ["new_mean", "mean", "mu"];
const DEVIATIONS: [&str; 4] = ["new_std", "std", "sigma", "sd"];
/// Channels of a picture; a buffer with more is no mean colour.
const MOST_CHANNELS: u64 = 4;

/// The network's tensors without their wrappers, and the mean and deviation of its pixels where
/// the checkpoint holds them.
pub fn unwrapped(mut tensors: Tensors) -> (Tensors, Option<[Stored; 2]>) {
    let mut normalisation = take_normalisation(&mut tensors);
    let wraps = heads(&tensors) > 1 && is_checkpoint(&tensors);
    if let Some(container) = CONTAINERS.iter().find(|name| wraps && has(&tensors, name)) {
        tensors = under(tensors, container);
    }
    loop {
        let found = take_normalisation(&mut tensors);
        normalisation = normalisation.or(found);
        if heads(&tensors) > 1 {
            tensors.retain(|name, _| !is_passed_over(head(name)));
        }
        let Some(common) = common_head(&tensors) else {
            return (tensors, normalisation);
        };
        let number = common.parse::<usize>().is_ok();
        let known = WRAPPERS.contains(&common.as_str()) || CONTAINERS.contains(&common.as_str());
        if !(number || known) {
            return (tensors, normalisation);
        }
        tensors = under(tensors, &common);
    }
}

/// Whether the outermost names are those of a checkpoint's entries and not of modules.
fn is_checkpoint(tensors: &Tensors) -> bool {
    let entry = |name: &str| {
        let head = head(name);
        CONTAINERS.contains(&head) || is_passed_over(head) || !name.contains('.')
    };
    tensors.keys().all(|name| entry(name))
}

/// Whether an outermost name is that of a copy or tool, such as `optimizer_state_dict`.
fn is_passed_over(head: &str) -> bool {
    head.split('_').any(|word| PASSED_OVER.contains(&word))
}

fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn has(tensors: &Tensors, container: &str) -> bool {
    tensors.keys().any(|name| head(name) == container && name.contains('.'))
}

/// Number of different outermost names.
fn heads(tensors: &Tensors) -> usize {
    let mut heads: Vec<_> = tensors.keys().map(|name| head(name)).collect();
    heads.sort_unstable();
    heads.dedup();
    heads.len()
}

/// The outermost name, if every tensor is under it.
fn common_head(tensors: &Tensors) -> Option<String> {
    let first = head(tensors.keys().next()?).to_string();
    let below = |name: &String| head(name) == first && name.len() > first.len();
    tensors.keys().all(below).then_some(first)
}

fn under(tensors: Tensors, container: &str) -> Tensors {
    let prefix = format!("{container}.");
    let inner = tensors
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_string(), tensor)));
    inner.collect()
}

/// Takes the mean and deviation of pixels out of the tensors: `normalizer.new_mean` and its like,
/// buffers of the network itself (`mu`, `sigma`), and the first part of a sequence (`0.mean`).
fn take_normalisation(tensors: &mut Tensors) -> Option<[Stored; 2]> {
    let named = tensors.keys().find_map(|name| normaliser(name, tensors));
    let found = named
        .and_then(|[mean, deviation]| Some([tensors.remove(&mean)?, tensors.remove(&deviation)?]));
    tensors.retain(|name, _| !NORMALISERS.contains(&head(name)));
    found
}

/// The names of a mean and its deviation, if this is a mean's name.
fn normaliser(name: &str, tensors: &Tensors) -> Option<[String; 2]> {
    let (module, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let place =
        module.is_empty() || NORMALISERS.contains(&module) || module.parse::<usize>().is_ok();
    let deviation = DEVIATIONS.iter().find_map(|deviation| {
        let beside = format!("{}{deviation}", &name[..name.len() - leaf.len()]);
        let fits = tensors.get(&beside)?.len() == tensors[name].len();
        (fits && tensors[name].len() <= MOST_CHANNELS).then_some(beside)
    })?;
    (place && MEANS.contains(&leaf)).then(|| [name.to_string(), deviation])
}

#[cfg(test)]
mod tests {
    use super::super::stored::Float;
    use super::*;

    fn names(wrapped: &[&str]) -> Vec<String> {
        unwrapped(tensors(wrapped)).0.into_keys().collect()
    }

    fn tensors(names: &[&str]) -> Tensors {
        let tensor = |value: f32| {
            Stored::new(vec![1], Some(Float::F32), move || Ok(value.to_le_bytes().to_vec()))
        };
        names.iter().enumerate().map(|(i, name)| ((*name).to_string(), tensor(i as f32))).collect()
    }

    const PLAIN: [&str; 2] = ["conv1.weight", "fc.weight"];

    #[test]
    fn wrappers_come_off() {
        assert_eq!(names(&PLAIN), PLAIN);
        for wrapper in ["module", "state_dict.module", "model_state_dict", "net", "state_dict.0"] {
            let wrapped = PLAIN.map(|name| format!("{wrapper}.{name}"));
            assert_eq!(names(&wrapped.each_ref().map(String::as_str)), PLAIN, "{wrapper}");
        }
    }

    #[test]
    fn names_of_sequential_networks_stay() {
        assert_eq!(names(&["0.weight", "2.weight"]), ["0.weight", "2.weight"]);
        assert_eq!(
            names(&["state_dict.0.0.weight", "state_dict.0.2.weight"]),
            ["0.weight", "2.weight"]
        );
    }

    #[test]
    fn the_network_is_preferred_to_what_lies_beside_it() {
        let beside =
            ["model.conv1.weight", "model.fc.weight", "optimizer.state.0.exp_avg", "ema.fc.weight"];
        assert_eq!(names(&beside), PLAIN);
    }

    #[test]
    fn attack_code_keeps_a_copy_and_the_normalisation() {
        let wrapped = [
            "model.module.attacker.model.conv1.weight",
            "model.module.model.conv1.weight",
            "model.module.model.fc.weight",
            "model.module.normalizer.new_mean",
            "model.module.normalizer.new_std",
        ];
        let (network, normalisation) = unwrapped(tensors(&wrapped));
        assert_eq!(network.into_keys().collect::<Vec<_>>(), PLAIN);
        assert_eq!(values(normalisation), [3.0, 4.0]);
    }

    fn values(normalisation: Option<[Stored; 2]>) -> [f32; 2] {
        normalisation.unwrap().map(|tensor| tensor.values("mean or deviation").unwrap()[0])
    }

    #[test]
    fn normalisation_is_found_where_wrappers_keep_it() {
        let pairs = [
            ("mu", "sigma", "model."),
            ("mean", "std", ""),
            ("normalize.mean", "normalize.std", "model."),
            ("model.normalize.mean", "model.normalize.std", "model."),
            ("module.normalization.mean", "module.normalization.std", "module.net."),
            ("0.mean", "0.std", "1."),
            ("state_dict.0.mean", "state_dict.0.std", "state_dict.1.module."),
        ];
        for (mean, std, wrapper) in pairs {
            let [a, b] = PLAIN.map(|name| format!("{wrapper}{name}"));
            let (network, normalisation) = unwrapped(tensors(&[mean, std, &a, &b]));
            assert_eq!(network.into_keys().collect::<Vec<_>>(), PLAIN, "{mean}");
            assert_eq!(values(normalisation), [0.0, 1.0], "{mean}");
        }
    }

    #[test]
    fn states_of_training_are_passed_over() {
        let beside = [
            "model_state_dict.conv1.weight",
            "model_state_dict.fc.weight",
            "optimizer_state_dict.state.0.exp_avg",
            "lr_schedulers.0.base",
            "best_acc",
        ];
        assert_eq!(names(&beside), PLAIN);
    }

    #[test]
    fn an_empty_file_stays_empty() {
        assert!(names(&[]).is_empty());
    }
}
