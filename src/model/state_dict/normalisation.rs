//! The mean and deviation of the pixels, where a checkpoint holds them: `normalizer.new_mean` and
//! its like, buffers of the network itself (`mu`, `sigma`), the first part of a sequence
//! (`0.mean`).

use super::names::around;
use crate::model::stored::{Stored, Tensors};

const MODULES: [&str; 5] =
    ["normalizer", "normalize", "normalise", "normalization", "normalisation"];
const MEANS: [&str; 3] = ["new_mean", "mean", "mu"];
const DEVIATIONS: [&str; 4] = ["new_std", "std", "sigma", "sd"];
/// Channels of a picture; a buffer with more is not a mean colour.
const MOST_CHANNELS: u64 = 4;

/// Takes the mean and deviation that belong to a network out of the tensors, and drops what else
/// the module that normalises holds.
pub fn take(tensors: &mut Tensors, prefix: &str) -> Option<[Stored; 2]> {
    let mut found = None;
    for outer in around(prefix) {
        let named = tensors.keys().find_map(|name| pair(name, outer, tensors));
        if let Some([mean, deviation]) = named {
            found = found.or(tensors.remove(&mean).zip(tensors.remove(&deviation)));
        }
        let is_inside = |name: &str| {
            let inner = name.strip_prefix(outer);
            inner.is_some_and(|inner| MODULES.contains(&super::names::head(inner)))
        };
        tensors.retain(|name, _| !is_inside(name));
    }
    found.map(|(mean, deviation)| [mean, deviation])
}

/// The names of a mean and its deviation, if this is a mean's name in a module.
fn pair(name: &str, outer: &str, tensors: &Tensors) -> Option<[String; 2]> {
    let inner = name.strip_prefix(outer)?;
    let (module, leaf) = inner.rsplit_once('.').unwrap_or(("", inner));
    let is_normaliser =
        module.is_empty() || MODULES.contains(&module) || module.parse::<usize>().is_ok();
    if !is_normaliser || !MEANS.contains(&leaf) {
        return None;
    }
    let deviation = DEVIATIONS.iter().find_map(|deviation| {
        let beside = format!("{}{deviation}", &name[..name.len() - leaf.len()]);
        let fits = tensors.get(&beside)?.len() == tensors[name].len();
        (fits && tensors[name].len() <= MOST_CHANNELS).then_some(beside)
    })?;
    Some([name.to_string(), deviation])
}
