//! A file's tensors under the names that a family is laid from.

use crate::model::weights::{WeightTensor, Weights};
use std::collections::BTreeMap;

/// Tensors by canonical name.
pub struct Tensors<'a> {
    by_name: BTreeMap<String, &'a WeightTensor>,
}

impl<'a> Tensors<'a> {
    /// Every first part of a pair that a name contains becomes the second.
    pub fn renamed(weights: &'a Weights, renames: &[(&str, &str)]) -> Self {
        let rename = |name: &String| {
            renames.iter().fold(name.clone(), |name, (from, to)| name.replace(from, to))
        };
        let by_name = weights.tensors.iter().map(|(name, tensor)| (rename(name), tensor)).collect();
        Self { by_name }
    }

    pub fn get(&self, name: &str) -> Option<&'a WeightTensor> {
        self.by_name.get(name).copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&'a [usize]> {
        self.get(name).map(|tensor| tensor.shape.as_slice())
    }

    /// One side of a tensor, 0 where there is none.
    pub fn side(&self, name: &str, side: usize) -> usize {
        self.shape(name).and_then(|shape| shape.get(side)).copied().unwrap_or(0)
    }

    /// Whether there is a tensor inside a module.
    pub fn has_module(&self, module: &str) -> bool {
        let start = format!("{module}.");
        let mut after = self.by_name.range(start.clone()..);
        after.next().is_some_and(|(name, _)| name.starts_with(&start))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// How many modules `PREFIX0…`, `PREFIX1…` there are, counted from `first`.
    pub fn count_from(&self, first: usize, prefix: &str) -> usize {
        let any = |index: usize| self.has_module(&format!("{prefix}{index}"));
        (first..self.by_name.len() + first).take_while(|index| any(*index)).count()
    }

    /// How many modules `PREFIX0…`, `PREFIX1…` there are.
    pub fn count(&self, prefix: &str) -> usize {
        self.count_from(0, prefix)
    }
}
