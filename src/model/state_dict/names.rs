//! Names of tensors as paths through the tree of a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

/// Modules that only wrap another: `torch.compile`, fully sharded data parallel, activation
/// checkpointing, Lightning Fabric.
const WRAPPERS: [&str; 5] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_fpw_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
];
/// `DataParallel`'s name for what it wraps, which is a wrapper where nothing is beside it.
const PARALLEL: &str = "module";
/// Words in the names of what training code stores beside a network.
const TRAINING: [&str; 15] = [
    "attacker",
    "optimizer",
    "optimizers",
    "optimiser",
    "optim",
    "opt",
    "scheduler",
    "schedulers",
    "scaler",
    "callbacks",
    "loops",
    "rng",
    "args",
    "hparams",
    "random",
];
/// Words in the names of losses and measurements, which may have weights of their own.
const MEASURES: [&str; 10] = [
    "criterion",
    "criterions",
    "loss",
    "losses",
    "metric",
    "metrics",
    "accuracy",
    "auroc",
    "queue",
    "prototypes",
];

/// The first part of a name.
pub fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Words of a part of a name, in small letters: `emaModel` and `model_ema` have the same.
pub fn words(part: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in part.chars() {
        let is_new = c.is_uppercase() && before.is_lowercase();
        if is_new || !c.is_alphabetic() {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            words.last_mut().expect("one at least").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has_word(part: &str, among: &[&str]) -> bool {
    words(part).iter().any(|word| among.contains(&word.as_str()))
}

/// Whether a part of a name is of what training keeps and no network is in, such as
/// `optimizer_states`.
pub fn is_of_training(part: &str) -> bool {
    has_word(part, &TRAINING)
}

/// Whether a part of a name is of a loss or a measurement.
pub fn is_measure(part: &str) -> bool {
    has_word(part, &MEASURES)
}

/// Tensors without the wrappers in their names. Of two that come to the same name one is kept.
pub fn unwrapped<T>(tensors: BTreeMap<String, T>) -> BTreeMap<String, T> {
    let plain = |name: String| {
        let parts = name.split('.').filter(|part| !WRAPPERS.contains(part));
        parts.collect::<Vec<_>>().join(".")
    };
    let tensors: BTreeMap<_, _> =
        tensors.into_iter().map(|(name, tensor)| (plain(name), tensor)).collect();
    let siblings = with_siblings(tensors.keys());
    let plain = |name: String| {
        let mut at = 0;
        let is_kept = |part: &&str| {
            let is_wrapper = *part == PARALLEL && !siblings.contains(&name[..at]);
            at += part.len() + 1;
            !is_wrapper
        };
        name.split('.').filter(is_kept).collect::<Vec<_>>().join(".")
    };
    tensors.into_iter().map(|(name, tensor)| (plain(name), tensor)).collect()
}

/// Prefixes under which there is something besides `module.`.
fn with_siblings<'a>(names: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in names {
        let mut at = 0;
        for part in name.split('.') {
            let is_leaf = at + part.len() == name.len();
            if part != PARALLEL || is_leaf {
                found.insert(name[..at].to_string());
            }
            at += part.len() + 1;
        }
    }
    found
}

/// Names under a prefix that ends with a dot or is empty, without it.
pub fn under<'a, T>(
    tensors: &'a BTreeMap<String, T>,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a str, &'a T)> {
    let after = tensors.range(prefix.to_string()..);
    after.map_while(move |(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)))
}

/// What is left of a name without the parts that it has in common with a prefix.
pub fn beyond<'a>(name: &'a str, prefix: &str) -> &'a str {
    let mut at = 0;
    for (a, b) in name.split('.').zip(prefix.split('.')) {
        if a != b || at + a.len() >= name.len() {
            break;
        }
        at += a.len() + 1;
    }
    &name[at..]
}

/// The outermost part of a prefix that another one is not under; none where the other lies in it.
pub fn branch<'a>(prefix: &'a str, other: &str) -> Option<&'a str> {
    let dots = prefix.match_indices('.').map(|(dot, _)| &prefix[..=dot]);
    dots.into_iter().find(|outer| !other.starts_with(outer))
}

/// The prefix itself, then those around it, the outermost (empty) last.
pub fn around(prefix: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(prefix), |inner| {
        let inner = inner.strip_suffix('.')?;
        Some(inner.rfind('.').map_or("", |dot| &inner[..=dot]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(names: &[&str]) -> Vec<String> {
        let tensors = names.iter().map(|name| ((*name).to_string(), ())).collect();
        unwrapped(tensors).into_keys().collect()
    }

    #[test]
    fn wrappers_come_off_wherever_they_are() {
        assert_eq!(plain(&["_orig_mod.a.weight"]), ["a.weight"]);
        assert_eq!(
            plain(&[
                "module.layer1._checkpoint_wrapped_module.a.weight",
                "module.layer2._fsdp_wrapped_module._orig_mod.b.weight"
            ]),
            ["layer1.a.weight", "layer2.b.weight"]
        );
        assert_eq!(plain(&["net.module.module.a", "net.module.module.b"]), ["net.a", "net.b"]);
    }

    #[test]
    fn a_module_of_that_name_stays_among_others() {
        let names = ["a.module.weight", "a.other.weight"];
        assert_eq!(plain(&names), names);
        assert_eq!(plain(&["module"]), ["module"]);
    }

    #[test]
    fn words_are_told_apart() {
        assert_eq!(words("emaModel"), ["ema", "model"]);
        assert_eq!(words("state_dict_ema2"), ["state", "dict", "ema"]);
        assert!(is_of_training("optimizer_states") && is_measure("val_loss_fn"));
        assert!(!is_of_training("options") && !is_measure("glossary"));
    }

    #[test]
    fn names_beside_a_prefix_lose_what_they_have_in_common() {
        assert_eq!(beyond("model.fc.weight", "model.backbone."), "fc.weight");
        assert_eq!(beyond("fc.weight", "model.backbone."), "fc.weight");
        assert_eq!(beyond("weight", "weight."), "weight");
        assert_eq!(branch("a.b.c.", "a.d."), Some("a.b."));
        assert_eq!(branch("a.b.", "a.b.c."), None);
        assert_eq!(around("a.b.").collect::<Vec<_>>(), ["a.b.", "a.", ""]);
        assert_eq!(around("").collect::<Vec<_>>(), [""]);
    }
}
