//! Where in the tree of a checkpoint its network is: where the names are those of a known
//! architecture, whatever wraps it.

use super::NetworkRequest;
use super::names::{head, is_of_training, under, words};
use super::spelling::{Spelling, spellings};
use crate::error::{Error, Result};
use crate::model::architecture;
use crate::model::weights::{WeightTensor, Weights};
use std::collections::{BTreeMap, BTreeSet};

/// Tensors by name, without their values.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// A prefix whose tensors are those of a known architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What the names there start with: empty, or with a dot at its end.
    pub prefix: String,
    pub spelling: Spelling,
}

/// The chosen place, the others, and why.
#[derive(Debug)]
pub struct Choice {
    pub place: Place,
    pub others: Vec<Place>,
    /// A note on the choice.
    pub told: Option<String>,
}

/// With fewer tensors nothing is taken for a known architecture.
const FEWEST: usize = 5;
/// Words of the better of two copies.
const BEST: [&str; 1] = ["best"];
/// Words for a copy of a network, or one that lags behind it.
const COPIES: [&str; 26] = [
    "ema",
    "averaged",
    "average",
    "avg",
    "swa",
    "teacher",
    "target",
    "momentum",
    "mom",
    "key",
    "k",
    "last",
    "latest",
    "old",
    "previous",
    "prev",
    "init",
    "initial",
    "frozen",
    "pretrained",
    "copy",
    "shadow",
    "reference",
    "ref",
    "backup",
    "slow",
];
/// Entries of checkpoints that hold the network, the preferred first, where several are the same.
pub const CONTAINERS: [&str; 11] = [
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

/// Every place, the outer ones first.
pub fn places(shapes: &Shapes, request: &NetworkRequest) -> Vec<Place> {
    let mut found = vec![];
    descend(shapes, String::new(), request, false, &mut found);
    found
}

/// `inside` a network that is found, parts of it would be taken for others in other spellings.
fn descend(
    shapes: &Shapes,
    prefix: String,
    request: &NetworkRequest,
    inside: bool,
    found: &mut Vec<Place>,
) {
    let names = || under(shapes, &prefix).map(|(name, _)| name);
    let may_be = under(shapes, &prefix).any(|(_, shape)| shape.len() == 4);
    if names().count() < FEWEST || !may_be {
        return;
    }
    let fits = |spelling: &Spelling| {
        let tensors = under(shapes, &prefix).map(|(name, shape)| {
            let tensor = WeightTensor { shape: shape.clone(), values: vec![] };
            (spelling.name(name), tensor)
        });
        let mut weights = Weights { tensors: tensors.collect(), ..Weights::default() };
        weights.choose_batch_norms(request.batch_norms);
        architecture::is_recognised(request.architecture, &weights)
    };
    let names: Vec<&str> = names().collect();
    let spelled = match inside {
        true => vec![Spelling::Plain],
        false => spellings(names.iter().copied()),
    };
    let spelling = spelled.into_iter().find(fits);
    let inside = inside || spelling.is_some();
    if let Some(spelling) = spelling {
        found.push(Place { prefix: prefix.clone(), spelling });
    }
    let inner = names.iter().filter(|name| name.contains('.'));
    let children: BTreeSet<&str> = inner.map(|name| head(name)).collect();
    for child in children {
        if !is_of_training(child) {
            descend(shapes, format!("{prefix}{child}."), request, inside, found);
        }
    }
}

/// Keeps the places that a prefix names, whole or in part.
///
/// # Errors
/// When it names none.
pub fn named(places: Vec<Place>, prefix: &str) -> Result<Vec<Place>> {
    let wanted = format!(".{}.", prefix.trim_matches('.'));
    let (kept, others): (Vec<_>, Vec<_>) =
        places.into_iter().partition(|place| format!(".{}", place.prefix).contains(&wanted));
    if kept.is_empty() {
        let why = match others.as_slice() {
            [] => "the file holds no network of a known architecture there".to_string(),
            others => format!("the file's networks are under {}", list(others.iter())),
        };
        return Err(Error::new(format!("no network under `{prefix}`"), why)
            .hint("`weights_prefix` in the model card is what its names start with"));
    }
    Ok(kept)
}

/// Chooses one of several places. `same` says whether two hold the same values.
///
/// # Errors
/// When the choice is ambiguous.
pub fn choose(places: Vec<Place>, same: impl Fn(&Place, &Place) -> bool) -> Result<Choice> {
    let common = |word: &String| places.iter().all(|place| words(&place.prefix).contains(word));
    let rank = |place: &Place| {
        let own: Vec<_> = words(&place.prefix).into_iter().filter(|word| !common(word)).collect();
        let any = |list: &[&str]| own.iter().any(|word| list.contains(&word.as_str()));
        match () {
            () if any(&COPIES) => 2,
            () if any(&BEST) => 0,
            () => 1,
        }
    };
    let container = |place: &Place| {
        let index = CONTAINERS.iter().position(|name| *name == head(&place.prefix));
        index.unwrap_or(CONTAINERS.len())
    };
    let mut ranked: Vec<(usize, Place)> =
        places.iter().map(|place| (rank(place), place.clone())).collect();
    ranked.sort_by_key(|(rank, place)| (*rank, container(place)));
    let best = ranked[0].0;
    let tied: Vec<&Place> =
        ranked.iter().filter(|(rank, _)| *rank == best).map(|(_, place)| place).collect();
    if let Some(other) = tied[1..].iter().find(|other| !same(tied[0], other)) {
        let why = format!("they are under {} and it is not clear which is meant", list(&places));
        let line = format!("weights_prefix = \"{}\"", other.prefix);
        return Err(Error::new("the file holds several networks", why)
            .hint(format!("a model card chooses: {line}")));
    }
    let mut ordered = ranked.into_iter().map(|(_, place)| place);
    let place = ordered.next().expect("one at least");
    let others: Vec<Place> = ordered.collect();
    let differing = others.iter().find(|other| !same(&place, other));
    let told = differing.map(|other| {
        format!(
            "of the file's networks under {} the one under `{}` is opened; \
             weights_prefix = \"{}\" in a model card opens another",
            list(&places),
            place.prefix,
            other.prefix
        )
    });
    Ok(Choice { place, others, told })
}

fn list<'a>(places: impl IntoIterator<Item = &'a Place>) -> String {
    let names = places.into_iter().map(|place| format!("`{}`", place.prefix));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(prefixes: &[&str]) -> Result<Choice> {
        let place = |prefix: &&str| Place { prefix: (*prefix).into(), spelling: Spelling::Plain };
        choose(prefixes.iter().map(place).collect(), |_, _| false)
    }

    #[test]
    fn copies_and_what_lags_come_after_the_network() {
        for [first, second] in [
            ["model.", "ema_model."],
            ["model.", "modelEMA."],
            ["student.", "teacher."],
            ["online_encoder.", "target_encoder."],
            ["encoder_q.", "encoder_k."],
            ["best.", "last."],
            ["best.", "model."],
            ["model.", "last."],
            ["ema.student.", "ema.teacher."],
            ["state_dict.", "state_dict_ema."],
        ] {
            for order in [[first, second], [second, first]] {
                let choice = chosen(&order).unwrap();
                assert_eq!(choice.place.prefix, first);
                let told = choice.told.unwrap();
                assert!(told.contains(&format!("weights_prefix = \"{second}\"")), "{told}");
            }
        }
    }

    #[test]
    fn what_nothing_tells_apart_is_not_chosen() {
        for two in [["a.", "b."], ["models.0.", "models.1."], ["ema.", "swa."]] {
            let error = chosen(&two).unwrap_err().to_string();
            assert!(error.contains("several networks") && error.contains("weights_prefix"));
        }
    }

    #[test]
    fn the_same_twice_is_no_choice() {
        let place = |prefix: &str| Place { prefix: prefix.into(), spelling: Spelling::Plain };
        let both = vec![place("model."), place("state_dict.")];
        let choice = choose(both, |_, _| true).unwrap();
        assert_eq!((choice.place.prefix.as_str(), choice.told), ("state_dict.", None));
    }

    #[test]
    fn a_prefix_names_a_place_by_any_of_its_parts() {
        let place = |prefix: &str| Place { prefix: prefix.into(), spelling: Spelling::Plain };
        let all = || vec![place("state_dict.student."), place("state_dict.teacher.backbone.")];
        for prefix in ["teacher", "teacher.", "state_dict.teacher.", "teacher.backbone"] {
            assert_eq!(named(all(), prefix).unwrap(), [all()[1].clone()], "{prefix}");
        }
        let error = named(all(), "teach").unwrap_err().to_string();
        assert!(error.contains("`state_dict.student.`"), "{error}");
    }
}
