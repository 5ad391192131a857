//! From the names in a checkpoint to the names of a network's modules.
//!
//! Checkpoints wrap a state dict in dictionaries (`state_dict`, `model`, …), lists, `DataParallel`
//! (`module.`) and attack code (MadryLab's robustness keeps `model.`, a copy under
//! `attacker.model.`, and a `normalizer.`).

use super::WeightTensor;
use std::collections::BTreeMap;

type Tensors = BTreeMap<String, WeightTensor>;

/// Entries of a checkpoint that hold a network, the preferred first.
const CONTAINERS: [&str; 9] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "params",
    "ema",
    "state_dict_ema",
    "weights",
];
/// Wrappers that every tensor of a network may be under.
const WRAPPERS: [&str; 6] = ["module", "model", "net", "network", "backbone", "encoder"];
/// Copies and tools that are no part of the network.
const PASSED_OVER: [&str; 5] = ["attacker", "optimizer", "scheduler", "optim", "ema"];
const NORMALISERS: [&str; 3] = ["normalizer", "normalize", "normalise"];
const MEANS: [&str; 3] = ["new_mean", "mean", "mu"];
const DEVIATIONS: [&str; 4] = ["new_std", "std", "sigma", "sd"];

/// The network's tensors without their wrappers, and the mean and deviation of its pixels where
/// the checkpoint holds them.
pub fn unwrapped(mut tensors: Tensors) -> (Tensors, Option<[Vec<f32>; 2]>) {
    let wraps = heads(&tensors) > 1 && is_checkpoint(&tensors);
    if let Some(container) = CONTAINERS.iter().find(|name| wraps && has(&tensors, name)) {
        tensors = under(&tensors, container);
    }
    let mut normalisation = None;
    loop {
        normalisation = normalisation.or_else(|| take_normalisation(&mut tensors));
        if heads(&tensors) > 1 {
            tensors.retain(|name, _| !PASSED_OVER.contains(&head(name)));
        }
        let Some(common) = common_head(&tensors) else {
            return (tensors, normalisation);
        };
        let number = common.parse::<usize>().is_ok();
        let known = WRAPPERS.contains(&common.as_str()) || CONTAINERS.contains(&common.as_str());
        if !(number || known) {
            return (tensors, normalisation);
        }
        tensors = under(&tensors, &common);
    }
}

/// Whether the outermost names are those of a checkpoint's entries and not of modules.
fn is_checkpoint(tensors: &Tensors) -> bool {
    let entry = |name: &str| {
        let head = head(name);
        CONTAINERS.contains(&head) || PASSED_OVER.contains(&head) || !name.contains('.')
    };
    tensors.keys().all(|name| entry(name))
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
    heads.dedup();
    heads.len()
}

/// The outermost name, if every tensor is under it.
fn common_head(tensors: &Tensors) -> Option<String> {
    let first = head(tensors.keys().next()?).to_string();
    let below = |name: &String| head(name) == first && name.len() > first.len();
    tensors.keys().all(below).then_some(first)
}

fn under(tensors: &Tensors, container: &str) -> Tensors {
    let prefix = format!("{container}.");
    let inner = tensors.iter().filter_map(|(name, tensor)| {
        Some((name.strip_prefix(&prefix)?.to_string(), tensor.clone()))
    });
    inner.collect()
}

/// Takes `normalizer.new_mean` and its like out of the tensors.
fn take_normalisation(tensors: &mut Tensors) -> Option<[Vec<f32>; 2]> {
    let find = |leaves: &[&str]| {
        let wanted = |name: &&String| {
            name.rsplit_once('.').is_some_and(|(module, leaf)| {
                NORMALISERS.contains(&module) && leaves.contains(&leaf)
            })
        };
        let name = tensors.keys().find(wanted)?;
        Some(tensors[name].values.clone())
    };
    let found = find(&MEANS).zip(find(&DEVIATIONS)).map(|(mean, std)| [mean, std]);
    tensors.retain(|name, _| !NORMALISERS.contains(&head(name)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wrapped: &[&str]) -> Vec<String> {
        unwrapped(tensors(wrapped)).0.into_keys().collect()
    }

    fn tensors(names: &[&str]) -> Tensors {
        let tensor = |value: f32| WeightTensor { shape: vec![1], values: vec![value] };
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
        assert_eq!(normalisation, Some([vec![3.0], vec![4.0]]));
    }

    #[test]
    fn an_empty_file_stays_empty() {
        assert!(names(&[]).is_empty());
    }
}
