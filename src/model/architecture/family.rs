//! What a family of architectures is.

use super::graph_assembler::GraphAssembler;
use super::input::InputDefaults;
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::graph::NodeId;
use crate::model::weights::Weights;

/// Networks of one kind, distinguished by their dimensions.
pub struct Family {
    /// Identifier in model cards, for a network that is not a published one.
    pub id: &'static str,
    /// Display name.
    pub name: &'static str,
    /// How the names of other published networks begin that it builds from their tensors and names.
    pub names: &'static [&'static str],
    /// Parts of tensors' names in other spellings, and how they are spelled here.
    pub renames: &'static [(&'static str, &'static str)],
    /// Signature tensors: those that every network of the family has, for each of its spellings.
    pub signatures: &'static [&'static [&'static str]],
    /// Dimensions of a file's network (numbers of blocks, widths: each family says which), if the
    /// file is of the family. Only asked when all signature tensors are there.
    pub dimensions: fn(&Tensors) -> Option<Vec<usize>>,
    pub variants: &'static [Variant],
    pub input: fn(&Tensors, Option<&Variant>) -> InputDefaults,
    /// First parts of the names of tensors that training leaves in the file.
    pub leftovers: &'static [&'static str],
    /// Builds every node from the normalised pixels to the logits, by the dimensions.
    pub build: fn(&mut GraphAssembler, &[usize], NodeId) -> Result<NodeId>,
}

/// A published network of a family.
pub struct Variant {
    pub id: &'static str,
    pub name: &'static str,
    pub dimensions: &'static [usize],
    /// Side of its pictures, where the networks of its family differ.
    pub size: usize,
    /// Part of a resized picture's short side that published accuracies are of, in thousandths.
    pub crop: usize,
}

impl Variant {
    pub const fn new(id: &'static str, name: &'static str, dimensions: &'static [usize]) -> Self {
        Self { id, name, dimensions, size: 224, crop: 875 }
    }

    pub const fn pictures(self, size: usize, crop: usize) -> Self {
        Self { size, crop, ..self }
    }
}

impl Family {
    pub fn measure(&self, weights: &Weights) -> Option<Vec<usize>> {
        self.measure_tensors(&Tensors::renamed(weights, self.renames))
    }

    pub fn measure_tensors(&self, tensors: &Tensors) -> Option<Vec<usize>> {
        self.has_signature(tensors).then(|| (self.dimensions)(tensors))?
    }

    pub fn has_signature(&self, tensors: &Tensors) -> bool {
        let has_all = |names: &&[&str]| names.iter().all(|name| tensors.has(name));
        self.signatures.is_empty() || self.signatures.iter().any(has_all)
    }
}

/// The first of a network's dimensions, by name, and the rest.
///
/// # Errors
/// When there are fewer: a person named a network that the file's tensors are not of.
pub fn first<const N: usize>(dimensions: &[usize]) -> Result<([usize; N], &[usize])> {
    let split = dimensions.split_first_chunk::<N>().map(|(first, rest)| (*first, rest));
    split.ok_or_else(|| Error::new("the network can't be built", "its dimensions are not known"))
}
