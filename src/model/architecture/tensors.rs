//! A file's tensors under the names that a family is built from.

use crate::model::weights::{WeightTensor, Weights};
use std::collections::BTreeMap;

/// Tensors by canonical name.
pub struct Tensors<'a> {
    by_name: BTreeMap<String, &'a WeightTensor>,
    /// Layers beside the network.
    beside: Option<Box<Tensors<'a>>>,
    /// Whether a card says where in the file the network is.
    pub placed: bool,
}

impl<'a> Tensors<'a> {
    /// Every first part of a pair that a name contains becomes the second.
    pub fn renamed(weights: &'a Weights, renames: &[(&str, &str)]) -> Self {
        let rename = |name: &String| {
            renames.iter().fold(name.clone(), |name, (from, to)| name.replace(from, to))
        };
        let by_name = weights.tensors.iter().map(|(name, tensor)| (rename(name), tensor)).collect();
        let beside = weights.beside.iter().map(|(name, tensor)| (name.clone(), tensor)).collect();
        let placed = weights.placed;
        let beside = Some(Box::new(Self { by_name: beside, beside: None, placed }));
        Self { by_name, beside, placed }
    }

    /// Layers beside the network, of which its classifier may be one.
    pub fn beside(&self) -> &Self {
        self.beside.as_deref().unwrap_or(self)
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

    /// One dimension of a tensor, 0 where there is none.
    pub fn dim(&self, name: &str, axis: usize) -> usize {
        self.shape(name).and_then(|shape| shape.get(axis)).copied().unwrap_or(0)
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

    /// Names of the tensors of a module.
    pub fn under(&self, module: &str) -> impl Iterator<Item = &str> {
        let start = format!("{module}.");
        let after = self.by_name.range(start.clone()..).map(|(name, _)| name.as_str());
        after.take_while(move |name| name.starts_with(&start))
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

/// Names that end like this are of buffers, and no weights.
const BUFFERS: [&str; 5] =
    ["num_batches_tracked", "attn_mask", "relative_position_index", "total_ops", "total_params"];

/// Whether a tensor holds no weights.
pub fn is_buffer(tensor: &str) -> bool {
    BUFFERS.iter().any(|end| tensor.ends_with(end))
}

/// A piece of a name: digits count as a number, so that `10` comes after `2`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    Number(usize),
    Text(String),
}

/// What to order names of modules by.
pub fn position(name: &str) -> Vec<Piece> {
    let bytes = name.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    bytes
        .map(|piece| {
            let piece = String::from_utf8_lossy(piece).into_owned();
            piece.parse().map_or(Piece::Text(piece), Piece::Number)
        })
        .collect()
}

/// The container and number of `features.3`, of a module that is numbered among others.
pub fn place(name: &str) -> Option<(&str, usize)> {
    let (container, index) = name.rsplit_once('.').unwrap_or(("", name));
    Some((container, index.parse().ok()?))
}
