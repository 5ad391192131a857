//! Networks with two sets of batch norms, one for clean and one for adversarial pictures.
//!
//! Adversarial examples improve image recognition (AdvProp), Xie et al., CVPR 2020. The second
//! set is saved under `aux_bn`: `bn1.weight` and `bn1.aux_bn.weight`, timm's `bn1.aux_bn.0.weight`,
//! or the pair `bn1.bn.weight` and `bn1.aux_bn.weight`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which batch norms a network runs with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum BatchNorms {
    /// Those of clean pictures.
    #[default]
    Main,
    /// Those of adversarial pictures.
    Auxiliary,
}

const AUXILIARY: &str = ".aux_bn.";

/// Keeps the chosen batch norms under the plain names. False, and nothing changed, where there is
/// one set only.
pub fn choose<T>(tensors: &mut BTreeMap<String, T>, chosen: BatchNorms) -> bool {
    let split = |name: &String| Some(name.split_once(AUXILIARY)?.0.to_string());
    let doubled: BTreeSet<String> = tensors.keys().filter_map(split).collect();
    let all = std::mem::take(tensors);
    let kept = |(name, tensor)| Some((plain(name, &doubled, chosen)?, tensor));
    tensors.extend(all.into_iter().filter_map(kept));
    !doubled.is_empty()
}

/// The name of a tensor once one of the sets is chosen; none for tensors of the other.
fn plain(name: String, doubled: &BTreeSet<String>, chosen: BatchNorms) -> Option<String> {
    if let Some((module, leaf)) = name.split_once(AUXILIARY) {
        let leaf = leaf.strip_prefix("0.").unwrap_or(leaf);
        // Of more than one auxiliary set the first is taken.
        let taken = chosen == BatchNorms::Auxiliary && !leaf.contains('.');
        return taken.then(|| format!("{module}.{leaf}"));
    }
    match name.rsplit_once('.') {
        Some((module, leaf)) => {
            let module = module
                .strip_suffix(".bn")
                .filter(|outer| doubled.contains(*outer))
                .unwrap_or(module);
            match (doubled.contains(module), chosen) {
                (true, BatchNorms::Auxiliary) => None,
                (true, BatchNorms::Main) => Some(format!("{module}.{leaf}")),
                (false, _) => Some(name),
            }
        }
        None => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAVES: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

    fn chosen(main: &str, auxiliary: &str, which: BatchNorms) -> Vec<(String, String)> {
        let set = |prefix: &str| LEAVES.map(|leaf| format!("{prefix}{leaf}"));
        let names = [set(main), set(auxiliary)].concat().into_iter();
        let mut tensors: BTreeMap<_, _> = names.map(|name| (name.clone(), name)).collect();
        tensors.insert("conv1.weight".into(), "conv1.weight".into());
        tensors.insert("layer1.0.bn1.weight".into(), "layer1.0.bn1.weight".into());
        assert!(choose(&mut tensors, which));
        tensors.into_iter().collect()
    }

    #[test]
    fn either_set_gets_the_plain_names() {
        let spellings =
            [("bn1.", "bn1.aux_bn."), ("bn1.", "bn1.aux_bn.0."), ("bn1.bn.", "bn1.aux_bn.")];
        for (main, auxiliary) in spellings {
            for (which, prefix) in [(BatchNorms::Main, main), (BatchNorms::Auxiliary, auxiliary)] {
                let mut expected =
                    LEAVES.map(|l| (format!("bn1.{l}"), format!("{prefix}{l}"))).to_vec();
                for same in ["conv1.weight", "layer1.0.bn1.weight"] {
                    expected.push((same.into(), same.into()));
                }
                expected.sort();
                assert_eq!(chosen(main, auxiliary, which), expected, "{auxiliary}");
            }
        }
    }

    #[test]
    fn one_set_stays_as_it_is() {
        let names = ["bn1.bn.weight", "bn1.weight", "conv1.weight"];
        let mut tensors: BTreeMap<_, _> =
            names.iter().map(|name| ((*name).to_string(), 0)).collect();
        assert!(!choose(&mut tensors, BatchNorms::Auxiliary));
        assert!(tensors.keys().eq(names));
    }
}
