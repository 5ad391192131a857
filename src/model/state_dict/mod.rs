//! From the names in a checkpoint to the names of a network's modules.
//!
//! Checkpoints hold networks in dictionaries (`state_dict`, `model`, …), lists, wrappers of
//! parallel and compiled training, modules of training code beside losses, measurements and
//! copies. The network is where the names of a known architecture are.

mod names;
mod normalisation;
mod request;
mod search;
mod spelling;

pub use request::NetworkRequest;

use super::stored::{Stored, Tensors};
use crate::error::{Error, Result};
use names::{beyond, head, is_measure, is_of_training, under};
use search::{CONTAINERS, Choice, Place, Shapes};
use std::collections::BTreeSet;

/// A network taken out of a checkpoint.
pub struct Taken {
    /// Its tensors, by the names of its modules.
    pub tensors: Tensors,
    /// Tensors beside it that may be its classifier.
    pub beside: Tensors,
    /// Mean and deviation of its pixels, where the checkpoint holds them.
    pub normalisation: Option<[Stored; 2]>,
    /// A note on a choice between networks.
    pub choice: Option<String>,
}

/// Names that every tensor of a network may be under, where no architecture is recognised.
const WRAPPERS: [&str; 6] = ["module", "model", "net", "network", "backbone", "encoder"];
/// Values of the tensors that are compared to know copies by.
const COMPARED: u64 = 4096;

/// Takes the network that a person means, or the one that there is.
///
/// # Errors
/// When there are several and it is not clear which is meant, or none where a person says, or its
/// weights are flattened into one.
pub fn network(tensors: Tensors, request: &NetworkRequest) -> Result<Taken> {
    let mut tensors = names::unwrapped(tensors);
    refuse_flattened(&tensors)?;
    let shapes: Shapes =
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
    let mut places = search::places(&shapes, request);
    if let Some(prefix) = request.prefix {
        places = search::named(places, prefix)?;
    }
    if places.is_empty() {
        return Ok(unrecognised(tensors));
    }
    let Choice { place, others, told } = search::choose(places, |a, b| are_same(&tensors, a, b))?;
    let normalisation = normalisation::take(&mut tensors, &place.prefix);
    let (mut taken, mut beside) = (Tensors::new(), Tensors::new());
    for (name, tensor) in tensors {
        let of_other = |other: &Place| {
            names::branch(&other.prefix, &place.prefix).is_some_and(|at| name.starts_with(at))
        };
        if others.iter().any(of_other) {
            continue;
        }
        if let Some(inner) = name.strip_prefix(&place.prefix) {
            if !is_of_training(head(inner)) && !is_measure(head(inner)) {
                taken.insert(place.spelling.name(inner), tensor);
            }
        } else if may_be_of_classifier(&name, &tensor) {
            beside.entry(beyond(&name, &place.prefix).to_string()).or_insert(tensor);
        }
    }
    Ok(Taken { tensors: taken, beside, normalisation, choice: told })
}

/// One long vector for all weights has neither names nor shapes.
fn refuse_flattened(tensors: &Tensors) -> Result<()> {
    let is_flat = |name: &&String| {
        let leaf = name.rsplit('.').next().unwrap_or(name);
        leaf.trim_start_matches('_').starts_with("flat_param") || name.contains("fp32_flat_groups")
    };
    match tensors.keys().find(is_flat) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            "the weights are flattened",
            format!("`{name}` is all of them in one vector, as sharded training keeps them"),
        )
        .hint(
            "save the full state dict: FSDP.state_dict_type(model, StateDictType.FULL_STATE_DICT), \
             or DeepSpeed's zero_to_fp32.py",
        )),
    }
}

/// Whether two places hold the same network: the same shapes, and the same values of every small
/// tensor.
fn are_same(tensors: &Tensors, a: &Place, b: &Place) -> bool {
    let (mut a, mut b) = (under(tensors, &a.prefix), under(tensors, &b.prefix));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some((name, one)), Some((other, two))) if name == other && one.shape == two.shape => {
                let differ = || {
                    let values = |tensor: &Stored| tensor.values(name).ok();
                    one.float.is_some() && values(one) != values(two)
                };
                if one.len() <= COMPARED && differ() {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Whether a tensor beside the network may be part of its classifier.
fn may_be_of_classifier(name: &str, tensor: &Stored) -> bool {
    let leaf = name.rsplit('.').next().unwrap_or(name);
    let is_layer = ["weight", "bias", "running_mean", "running_var"].contains(&leaf);
    let fits = matches!(tensor.shape.as_slice(), [_] | [_, _] | [_, _, 1, 1]);
    let excluded = |part: &str| is_of_training(part) || is_measure(part);
    is_layer && fits && name.contains('.') && !name.split('.').any(excluded)
}

/// The tensors without the names that all of them are under, where no architecture is recognised.
fn unrecognised(mut tensors: Tensors) -> Taken {
    let mut normalisation = normalisation::take(&mut tensors, "");
    let wraps = heads(&tensors).len() > 1 && is_checkpoint(&tensors);
    if let Some(container) = CONTAINERS.iter().find(|name| wraps && has(&tensors, name)) {
        tensors = within(tensors, container);
    }
    loop {
        normalisation = normalisation.or(normalisation::take(&mut tensors, ""));
        if heads(&tensors).len() > 1 {
            tensors.retain(|name, _| !is_of_training(head(name)) && !is_copy(head(name)));
        }
        if heads(&tensors).len() > 1 {
            tensors.retain(|name, _| !is_measure(head(name)));
        }
        let common = common_head(&tensors).filter(|common| {
            let number = common.parse::<usize>().is_ok();
            number || WRAPPERS.contains(&common.as_str()) || CONTAINERS.contains(&common.as_str())
        });
        match common {
            Some(common) => tensors = within(tensors, &common),
            None => {
                return Taken { tensors, beside: Tensors::new(), normalisation, choice: None };
            }
        }
    }
}

/// Whether the outermost names are those of a checkpoint's entries and not of modules.
fn is_checkpoint(tensors: &Tensors) -> bool {
    let entry = |name: &str| {
        let head = head(name);
        CONTAINERS.contains(&head) || is_of_training(head) || !name.contains('.')
    };
    tensors.keys().all(|name| entry(name))
}

fn is_copy(head: &str) -> bool {
    names::words(head).iter().any(|word| word == "ema")
}

fn has(tensors: &Tensors, container: &str) -> bool {
    tensors.keys().any(|name| head(name) == container && name.contains('.'))
}

/// The different outermost names.
fn heads(tensors: &Tensors) -> BTreeSet<&str> {
    tensors.keys().map(|name| head(name)).collect()
}

/// The outermost name, if every tensor is under it.
fn common_head(tensors: &Tensors) -> Option<String> {
    let first = head(tensors.keys().next()?).to_string();
    let below = |name: &String| head(name) == first && name.len() > first.len();
    tensors.keys().all(below).then_some(first)
}

fn within(tensors: Tensors, container: &str) -> Tensors {
    let prefix = format!("{container}.");
    let inner = tensors
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_string(), tensor)));
    inner.collect()
}

#[cfg(test)]
mod tests {
    use super::super::stored::Float;
    use super::*;

    fn taken(tensors: Tensors) -> Taken {
        network(tensors, &NetworkRequest::default()).unwrap()
    }

    fn names(wrapped: &[&str]) -> Vec<String> {
        taken(tensors(wrapped)).tensors.into_keys().collect()
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
        let Taken { tensors, normalisation, .. } = taken(tensors(&wrapped));
        assert_eq!(tensors.into_keys().collect::<Vec<_>>(), PLAIN);
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
            let Taken { tensors, normalisation, .. } = taken(tensors(&[mean, std, &a, &b]));
            assert_eq!(tensors.into_keys().collect::<Vec<_>>(), PLAIN, "{mean}");
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
