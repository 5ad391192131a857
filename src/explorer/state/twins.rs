//! Which networks are likely twins: one architecture, trained plainly and robustly, as their cards or
//! their names say.

use crate::explorer::state::document::Document;
use crate::explorer::state::pair::Pair;
use hyaline::engine::OpenModel;
use hyaline::file::stem;
use std::collections::BTreeSet;
use std::path::Path;

/// Words in names of networks that were trained robustly; `eps` and a number is one too.
const ROBUST: [&str; 15] = [
    "adv",
    "advprop",
    "adversarial",
    "eps",
    "l1",
    "l2",
    "linf",
    "madry",
    "mart",
    "pgd",
    "rob",
    "robust",
    "robustly",
    "sep",
    "trades",
];
/// Words in names of networks that were trained plainly.
const PLAIN: [&str; 10] = [
    "baseline", "clean", "nat", "natural", "nominal", "normal", "plain", "standard", "std",
    "vanilla",
];

/// Two networks that are likely twins, and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Twins {
    pub pair: Pair,
    pub why: String,
}

impl Document {
    /// All networks two by two that are likely twins.
    pub fn twins(&self) -> Vec<Twins> {
        let twins = |[a, b]: [OpenModel; 2]| {
            let pair = Pair { first: a.id, second: b.id };
            evidence(&a, &b).map(|why| Twins { pair, why })
        };
        self.pairs().into_iter().filter_map(twins).collect()
    }

    /// The twins that are open, where there is no doubt which two they are.
    pub fn counterparts(&self) -> Option<Pair> {
        match &self.twins()[..] {
            [twins] => Some(twins.pair),
            _ => None,
        }
    }
}

/// What speaks for two networks being twins.
fn evidence(a: &OpenModel, b: &OpenModel) -> Option<String> {
    let (a, b) = (&a.value, &b.value);
    if a.architecture != b.architecture || a.preprocessing.size != b.preprocessing.size {
        return None;
    }
    let kind =
        |model: &hyaline::model::Model| model.training.as_ref().map(|card| card.kind.clone());
    match (kind(a), kind(b)) {
        (Some(one), Some(other)) if one != other => {
            Some(format!("their cards say {one} and {other}"))
        }
        (Some(_), Some(_)) => None,
        (Some(known), None) | (None, Some(known)) => {
            let named = by_names(&words(&a.name, &a.path), &words(&b.name, &b.path));
            named.or_else(|| Some(format!("one card says {known}, the other nothing")))
        }
        (None, None) => by_names(&words(&a.name, &a.path), &words(&b.name, &b.path)),
    }
}

/// The words of a network's name, its file's and its folder's.
fn words(name: &str, path: &Path) -> BTreeSet<String> {
    let folder = path.parent().map(stem).unwrap_or_default();
    let text = [name, &stem(path), &folder].join(" ").to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(String::from).collect()
}

/// What names say: one has a word of robust training that the other lacks, and the other a word of
/// plain training, or no word of its own at all.
fn by_names(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<String> {
    let (of_a, of_b): (Vec<&String>, Vec<&String>) =
        (a.difference(b).collect(), b.difference(a).collect());
    let one_way = |robust: &[&String], plain: &[&String]| {
        let word = robust.iter().find(|word| is_robust(word))?;
        if plain.iter().any(|word| is_robust(word)) {
            return None;
        }
        let is_own = |words: &[&String]| words.iter().any(|w| !is_robust(w) && !is_plain(w));
        match plain.iter().find(|word| is_plain(word)) {
            Some(other) => Some(format!("their names say {word} and {other}")),
            None if is_own(robust) || is_own(plain) => None,
            None => Some(format!("their names differ by {word}")),
        }
    };
    one_way(&of_a, &of_b).or_else(|| one_way(&of_b, &of_a))
}

fn is_robust(word: &str) -> bool {
    ROBUST.contains(&word) || epsilon(word).is_some_and(|digits| digits.contains(|c| c != '0'))
}

fn is_plain(word: &str) -> bool {
    PLAIN.contains(&word) || epsilon(word).is_some_and(|digits| !digits.contains(|c| c != '0'))
}

/// The digits of `eps8`; none of a bare `eps`, whose number is a word of its own.
fn epsilon(word: &str) -> Option<&str> {
    let digits = word.strip_prefix("epsilon").or_else(|| word.strip_prefix("eps"))?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(digits)
        .filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(a: &str, b: &str) -> Option<String> {
        let words = |name: &str| words(name, Path::new(&format!("/nets/{name}.pth")));
        by_names(&words(a), &words(b))
    }

    #[test]
    fn names_tell_twins_apart_in_every_usual_way() {
        for (a, b) in [
            ("ResNet-20 vanilla", "ResNet-20 robust"),
            ("resnet50_clean", "resnet50_pgd"),
            ("resnet18_adv", "resnet18_standard"),
            ("resnet50", "resnet50_l2_eps3"),
            ("resnet50_l2_eps0", "resnet50_l2_eps3"),
            ("resnet50-nat", "resnet50-linf"),
            ("wrn28_trades", "wrn28_nat"),
            ("lenet_sep", "lenet_vanilla"),
        ] {
            assert!(named(a, b).is_some() && named(b, a).is_some(), "{a} and {b}");
        }
    }

    #[test]
    fn names_that_say_nothing_of_training_are_no_evidence() {
        for (a, b) in [
            ("resnet50", "resnet50"),
            ("resnet50_a", "resnet50_b"),
            ("resnet50_l2", "resnet50_linf"),
            ("resnet50_seed1_adv", "resnet50_seed2_adv"),
            ("resnet50_places", "resnet50_adv"),
        ] {
            assert_eq!(named(a, b), None, "{a} and {b}");
        }
    }

    #[test]
    fn folders_are_names_too() {
        let of = |path: &str| words("weights", Path::new(path));
        let why = by_names(&of("/nets/clean/weights.pth"), &of("/nets/adv/weights.pth"));
        assert_eq!(why.as_deref(), Some("their names say adv and clean"));
    }
}
