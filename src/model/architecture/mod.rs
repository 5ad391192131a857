//! Architectures that a bare file of tensors can be recognised as.
//!
//! An architecture is data: names of tensors to know it by, what its pictures look like, and a
//! function that lays its nodes with the help of [`Assembly`].

mod assembly;
mod cifar_resnet;
mod efficientnet_lite;
mod fit;
mod small;

pub(crate) use assembly::Assembly;
pub use fit::{Fit, Misshapen};

use super::weights::Weights;
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId};
use crate::picture::Preprocessing;

/// A kind of network that Hyaline can lay out from named tensors.
pub struct Architecture {
    /// Identifier in model cards.
    pub id: &'static str,
    /// Name shown to people.
    pub name: &'static str,
    /// Tensors that a file of this architecture has, and no other.
    recognise: fn(&Weights) -> bool,
    input: fn(&Weights) -> InputDefaults,
    /// Lays every node from the normalised pixels to the logits.
    lay: fn(&mut Assembly, NodeId) -> Result<NodeId>,
}

/// What pictures an architecture takes, as far as its weights and habits tell.
#[derive(Debug, Clone, PartialEq)]
pub struct InputDefaults {
    pub preprocessing: Preprocessing,
    pub labels: Option<&'static str>,
    /// True where published weights of this architecture differ in their normalisation.
    pub normalisation_guessed: bool,
}

/// Every architecture, most particular first.
pub static ARCHITECTURES: &[Architecture] = &[
    efficientnet_lite::LITE0,
    cifar_resnet::RESNET20,
    cifar_resnet::RESNET32,
    cifar_resnet::RESNET44,
    cifar_resnet::RESNET56,
    cifar_resnet::RESNET110,
    small::LENET5,
    small::CNN_A,
];

/// The architecture a card names, or the one recognised from the tensors.
///
/// # Errors
/// When the name is unknown or no architecture fits.
pub fn find(named: Option<&str>, weights: &Weights) -> Result<&'static Architecture> {
    let known = || {
        let ids: Vec<_> = ARCHITECTURES.iter().map(|known| known.id).collect();
        format!("known are {}", ids.join(", "))
    };
    match named {
        Some(id) => ARCHITECTURES
            .iter()
            .find(|known| known.id == id)
            .ok_or_else(|| Error::new(format!("unknown architecture `{id}`"), known())),
        None => ARCHITECTURES.iter().find(|known| (known.recognise)(weights)).ok_or_else(|| {
            let first: Vec<_> =
                weights.tensors.keys().take(3).map(|name| format!("`{name}`")).collect();
            let why = match weights.tensors.len() {
                0 => "the file holds no tensors".into(),
                count => format!("its {count} tensors ({}, …) fit none", first.join(", ")),
            };
            Error::new("cannot recognise the architecture", why)
                .hint(format!("{}; a model card can name one", known()))
        }),
    }
}

impl Architecture {
    /// What the architecture takes, before a card corrects it.
    pub fn input(&self, weights: &Weights) -> InputDefaults {
        (self.input)(weights)
    }

    /// Lays the network out on a device.
    ///
    /// # Errors
    /// When a tensor is missing, left over, or of another shape than the architecture's.
    pub fn lay(
        &self,
        weights: &Weights,
        input: &Preprocessing,
        device: &burn::tensor::Device,
    ) -> Result<(Graph, Fit)> {
        let mut assembly = Assembly::new(self.id, weights, input, device);
        let pixels = assembly.normalised_pixels(input)?;
        (self.lay)(&mut assembly, pixels)?;
        let mut fit = Fit::new(self.id);
        fit.matched = weights.tensors.len();
        Ok((assembly.finish()?, fit.with_confidence()))
    }
}

fn has_all(weights: &Weights, names: &[&str]) -> bool {
    names.iter().all(|name| weights.tensors.contains_key(*name))
}
