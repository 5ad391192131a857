//! Architectures that a bare file of tensors can be recognised as.
//!
//! A family of architectures is data: names of tensors to recognise it by, the dimensions that tell
//! its networks apart, what its pictures look like, and a function that builds its nodes with the
//! help of [`GraphAssembler`]. Numbers of blocks come from the names of the tensors, widths from
//! their shapes, so that a network of another depth or width needs no entry of its own.

mod byobnet;
mod classic;
mod conditional;
mod convmixer;
mod convnext;
mod csp;
mod cspnext;
mod densenet;
mod dla;
mod dpn;
mod efficientnet;
mod family;
mod fasternet;
mod fastvit;
mod fit;
mod focalnet;
mod ghost;
mod graph_assembler;
mod head;
mod hgnet;
mod hrnet;
mod inception;
mod inception4;
mod inception_next;
pub(super) mod input;
mod inverted;
mod lcnet_v2;
mod mambaout;
mod metaformer;
mod mobile;
mod mobilenet;
mod modules;
mod nfnet;
mod norms;
mod parts;
mod preactivation;
mod rdnet;
mod regnet;
mod repvit;
mod resnet;
mod resnetv2;
mod rexnet;
mod selecsls;
mod senet;
mod sequential;
mod shufflenet;
mod small;
mod split;
mod starnet;
mod tensors;
mod tresnet;
mod vovnet;
mod window;
mod xception;

pub use fit::{Fit, Misshapen};
pub(crate) use graph_assembler::{GraphAssembler, Norms};
pub use input::InputDefaults;

use super::export;
use super::weights::Weights;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::picture::Preprocessing;
use burn::tensor::Device;
use family::{Family, Variant};
use tensors::Tensors;

/// Every family, most particular first.
static FAMILIES: &[&Family] = &[
    &efficientnet::LITE,
    &efficientnet::EFFICIENTNET,
    &efficientnet::EFFICIENTNET_V2,
    &mobile::MOBILE,
    &convnext::CONVNEXT,
    &mobilenet::MOBILENET_V3,
    &mobilenet::MOBILENET_V2,
    &mobilenet::TF_MOBILENET_V2,
    &mobilenet::CIFAR_MOBILENET_V2,
    &mobilenet::MNASNET,
    &rexnet::REXNET,
    &hgnet::HGNET,
    &ghost::GHOSTNET,
    &inception_next::INCEPTION_NEXT,
    &convmixer::CONVMIXER,
    &starnet::STARNET,
    &fasternet::FASTERNET,
    &repvit::REPVIT,
    &metaformer::METAFORMER,
    &focalnet::FOCALNET,
    &rdnet::RDNET,
    &mambaout::MAMBAOUT,
    &lcnet_v2::LCNET_V2,
    &fastvit::FASTVIT,
    &cspnext::CSPNEXT,
    &shufflenet::SHUFFLENET_V2,
    &inception::INCEPTION_V3,
    &inception::GOOGLENET,
    &densenet::DENSENET,
    &preactivation::WIDE_RESNET,
    &preactivation::DEEPMIND_WIDE_RESNET,
    &byobnet::BYOBNET,
    &regnet::REGNET,
    &resnetv2::RESNETV2,
    &hrnet::HRNET,
    &senet::SENET,
    &csp::CSPNET,
    &dla::DLA,
    &inception4::INCEPTION_V4,
    &inception4::INCEPTION_RESNET_V2,
    &dpn::DPN,
    &selecsls::SELECSLS,
    &vovnet::VOVNET,
    &xception::XCEPTION_ALIGNED,
    &xception::XCEPTION,
    &tresnet::TRESNET,
    &nfnet::NFNET,
    &resnet::RESNET,
    &resnet::CIFAR_RESNET,
    &preactivation::PREACT_RESNET,
    &resnet::VERIFICATION_RESNET,
    &classic::SQUEEZENET,
    &classic::ALEXNET,
    &classic::VGG,
    &small::LENET5,
    &small::CNN_A,
    &small::CONVNET,
    &sequential::SEQUENTIAL,
];

/// A kind of network that Hyaline can build from named tensors.
pub struct Architecture {
    /// Identifier in model cards.
    pub id: &'static str,
    /// Display name.
    pub name: &'static str,
    family: &'static Family,
    variant: Option<&'static Variant>,
    dimensions: Vec<usize>,
    known_by: KnownBy,
    /// Its name: see [`GraphAssembler::called`].
    called: String,
}

/// How it is known which network of its family an architecture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KnownBy {
    /// Names and shapes of tensors.
    Tensors,
    /// The name of the file, too.
    FileName,
    /// The configuration beside the file, too.
    Configuration,
    /// A person, in a card.
    Person,
}

/// The architecture a card names, or the one recognised from the tensors.
///
/// # Errors
/// When the name is unknown or no architecture fits.
pub fn find(named: Option<&str>, weights: &Weights) -> Result<Architecture> {
    match named {
        Some(name) => Architecture::named(name, weights),
        None => FAMILIES
            .iter()
            .find_map(|family| family.recognise(weights))
            .map(|found| found.hinted(weights))
            .ok_or_else(|| unrecognised(weights)),
    }
}

/// Normalises an identifier: underscores, capital letters, a tag after a dot.
fn identifier(name: &str) -> String {
    let name = name.split('.').next().unwrap_or(name);
    name.to_lowercase().replace('_', "-")
}

/// Whether tensors have the names and shapes of an architecture that a person names, or else of any
/// but plain sequences of layers, which have no names of their own. Values are not read.
pub(crate) fn is_recognised(named: Option<&str>, weights: &Weights) -> bool {
    let plain = Tensors::renamed(weights, &[]);
    let is_wanted = |family: &&&Family| {
        let id = named.map(identifier);
        let is_named =
            |id: String| family.id == id || family.variants.iter().any(|variant| variant.id == id);
        family.id != sequential::SEQUENTIAL.id && id.is_none_or(is_named)
    };
    FAMILIES.iter().filter(is_wanted).any(|family| match family.renames {
        [] => family.measure_tensors(&plain).is_some(),
        _ => family.measure(weights).is_some(),
    })
}

fn known() -> String {
    let ids: Vec<_> = FAMILIES.iter().map(|family| family.id).collect();
    format!("known are {}, and their published networks, such as resnet50", ids.join(", "))
}

/// Says which family lacks the fewest of its signature tensors in the file, and what they are.
fn unrecognised(weights: &Weights) -> Error {
    let candidates = FAMILIES.iter().flat_map(|family| {
        let tensors = Tensors::renamed(weights, family.renames);
        family.signatures.iter().filter_map(move |signature| {
            let missing = signature.iter().copied().filter(|name| !tensors.has(name));
            let (all, missing) = (signature.len(), missing.collect::<Vec<_>>());
            (2 * missing.len() <= all).then_some((family.name, all, missing))
        })
    });
    let closest = candidates.min_by_key(|(_, all, missing)| (missing.len(), usize::MAX - all));
    let count = weights.tensors.len();
    let why = match closest {
        _ if count == 0 => "the file holds no tensors".into(),
        Some((name, _, missing)) if missing.is_empty() => {
            format!("its {count} tensors have the names of {name} but not its shapes")
        }
        Some((name, _, missing)) => {
            let missing = missing.join("`, `");
            format!("its {count} tensors are closest to {name}, which also has `{missing}`")
        }
        None => {
            let first: Vec<_> = weights.tensors.keys().take(3).map(String::as_str).collect();
            format!("its {count} tensors (`{}`, …) fit none", first.join("`, `"))
        }
    };
    Error::new("cannot recognise the architecture", why).hint(export::to_onnx(weights))
}

impl Family {
    fn recognise(&'static self, weights: &Weights) -> Option<Architecture> {
        let dimensions = self.measure(weights)?;
        let variant = self.variants.iter().find(|variant| variant.dimensions == dimensions);
        Some(self.architecture(variant, dimensions, KnownBy::Tensors))
    }

    fn architecture(
        &'static self,
        variant: Option<&'static Variant>,
        dimensions: Vec<usize>,
        known_by: KnownBy,
    ) -> Architecture {
        let (id, name) = variant.map_or((self.id, self.name), |v| (v.id, v.name));
        Architecture {
            id,
            name,
            family: self,
            variant,
            dimensions,
            known_by,
            called: String::new(),
        }
    }
}

impl Architecture {
    /// The architecture a person named, in any spelling.
    fn named(name: &str, weights: &Weights) -> Result<Self> {
        let id = identifier(name);
        Self::of_name(&id, weights).map(|found| Self { called: id.clone(), ..found })
    }

    fn of_name(id: &str, weights: &Weights) -> Result<Self> {
        let all = |family: &'static Family| family.variants.iter().map(move |v| (family, v));
        let of_name = || FAMILIES.iter().flat_map(|family| all(family)).filter(|(_, v)| v.id == id);
        // Two families may spell the tensors of one network.
        let spelled = |(family, _): &(&'static Family, _)| {
            family.has_signature(&Tensors::renamed(weights, family.renames))
        };
        if let Some((family, variant)) = of_name().find(spelled).or_else(|| of_name().next()) {
            return Ok(family.architecture(
                Some(variant),
                variant.dimensions.to_vec(),
                KnownBy::Person,
            ));
        }
        let begins = |family: &&&Family| family.names.iter().any(|name| id.starts_with(name));
        let mut candidates = FAMILIES.iter().filter(begins);
        if let Some(found) = candidates.clone().find_map(|family| family.recognise(weights)) {
            return Ok(Self { known_by: KnownBy::Person, ..found });
        }
        let by_id = FAMILIES.iter().find(|family| family.id == id);
        let Some(family) = by_id.or(candidates.next()) else {
            let unknown = Error::new(format!("unknown architecture `{id}`"), known());
            return Err(unknown.hint(export::to_onnx(weights)));
        };
        let dimensions =
            family.measure(weights).or_else(|| family.variants.is_empty().then(Vec::new));
        let dimensions = dimensions.ok_or_else(|| {
            let names = family.signatures.first().map_or(String::new(), |names| names.join("`, `"));
            let why = format!("its networks have the tensors `{names}`");
            Error::new(format!("the weights do not fit {id}"), why)
        })?;
        Ok(family.architecture(None, dimensions, KnownBy::Person))
    }

    /// The same where the configuration or the name of the file names a network of its family that
    /// differs only in what tensors don't determine.
    fn hinted(self, weights: &Weights) -> Self {
        let configured = weights.config.as_ref().and_then(|config| config.architecture.clone());
        let configured = configured.map(|name| (identifier(&name), KnownBy::Configuration));
        let stem = identifier(&crate::file::stem(&weights.file));
        let ends = stem.match_indices('-').map(|(at, _)| at).chain([stem.len()]);
        let named = ends.map(|end| (stem[..end].to_string(), KnownBy::FileName));
        let named: Vec<_> = named.collect();
        let called = configured.iter().map(|(id, _)| id.clone()).chain([stem]);
        let called: Vec<String> = called.collect();
        // Several families may spell a network of one name.
        let hints = configured.into_iter().chain(named.into_iter().rev()).flat_map(|(id, by)| {
            let of = |family: &'static Family| family.variants.iter().map(move |v| (family, v));
            let of_name = FAMILIES.iter().flat_map(move |family| of(family));
            let of_name = of_name.filter(move |(_, v)| v.id == id);
            of_name.map(move |(family, v)| family.architecture(Some(v), v.dimensions.to_vec(), by))
        });
        let found = hints.into_iter().find(|hint| self.agrees(hint, weights)).unwrap_or(self);
        // A name without a number in its first word is not that of a published network.
        let is_told = |id: &String| {
            let word = id.split('-').next().unwrap_or_default();
            let begins = found.family.names.iter().any(|name| id.starts_with(name));
            begins && word.contains(|letter: char| letter.is_ascii_digit())
        };
        let called = called.into_iter().find(is_told).unwrap_or_default();
        Self { called, ..found }
    }

    /// Whether tensors fit another architecture as well as this one.
    fn agrees(&self, other: &Self, weights: &Weights) -> bool {
        if std::ptr::eq(self.family, other.family) && self.dimensions == other.dimensions {
            return true;
        }
        let tensors = Tensors::renamed(weights, other.family.renames);
        let fits = || {
            let input = other.input(weights).preprocessing;
            let fit = other.fit(weights, &input, &Device::flex());
            fit.missing.is_empty() && fit.misshapen.is_empty() && fit.unexpected.is_empty()
        };
        other.family.has_signature(&tensors) && fits()
    }

    /// What the architecture takes, before a card corrects it.
    pub fn input(&self, weights: &Weights) -> InputDefaults {
        let tensors = Tensors::renamed(weights, self.family.renames);
        let input = (self.family.input)(&tensors, self.variant);
        match self.channels(&tensors, &input.preprocessing) {
            Some(channels) => input.channels(channels),
            None => input,
        }
    }

    fn channels(&self, tensors: &Tensors, input: &Preprocessing) -> Option<usize> {
        let assembler =
            GraphAssembler::new(self.id, tensors, input, Norms::Folded, &Device::flex());
        assembler.channels(input, |assembler, pixels| {
            (self.family.build)(assembler, &self.dimensions, pixels)
        })
    }

    /// Refuses a layout that follows from shapes alone where other layouts fit as well, unless
    /// a card named the architecture. `size` is that of a card.
    ///
    /// # Errors
    /// When it may be another network.
    pub fn check_certain(&self, weights: &Weights, size: Option<[usize; 2]>) -> Result<()> {
        if self.family.id != sequential::SEQUENTIAL.id || self.known_by == KnownBy::Person {
            return Ok(());
        }
        sequential::check(&Tensors::renamed(weights, self.family.renames), size)
    }

    /// Whether weights are those of the very network that it names.
    pub fn takes(&self, weights: &Weights) -> bool {
        self.family.measure(weights).is_some_and(|dimensions| dimensions == self.dimensions)
    }

    /// Builds the network on a device.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape than the architecture's, or is left over and
    /// no person named the architecture.
    pub fn build(
        &self,
        weights: &Weights,
        input: &Preprocessing,
        device: &Device,
    ) -> Result<(Graph, Fit)> {
        let (graph, fit) = self.try_build(weights, input, Norms::Folded, device);
        fit.check(self.known_by == KnownBy::Person, &export::to_onnx(weights))?;
        Ok((graph?, fit))
    }

    /// As [`Self::build`], with batch norms as nodes of their own, for training: by the statistics
    /// of the batch, or as constants.
    ///
    /// # Errors
    /// As for [`Self::build`].
    pub fn build_for_training(
        &self,
        weights: &Weights,
        input: &Preprocessing,
        by_batch: bool,
        device: &Device,
    ) -> Result<Graph> {
        let norms = if by_batch { Norms::OfBatch } else { Norms::Apart };
        self.try_build(weights, input, norms, device).0
    }

    /// How the tensors of a file fit, whatever is wrong with them.
    pub fn fit(&self, weights: &Weights, input: &Preprocessing, device: &Device) -> Fit {
        self.try_build(weights, input, Norms::Folded, device).1
    }

    fn try_build(
        &self,
        weights: &Weights,
        input: &Preprocessing,
        norms: Norms,
        device: &Device,
    ) -> (Result<Graph>, Fit) {
        let tensors = Tensors::renamed(weights, self.family.renames);
        let mut assembler = GraphAssembler::new(self.id, &tensors, input, norms, device);
        assembler.named = matches!(self.known_by, KnownBy::Person | KnownBy::Configuration);
        assembler.leftovers = self.family.leftovers;
        assembler.called.clone_from(&self.called);
        let pixels = assembler.normalised_pixels(input);
        let built =
            pixels.and_then(|pixels| (self.family.build)(&mut assembler, &self.dimensions, pixels));
        let (graph, mut fit) = assembler.finish();
        match built {
            Ok(_) => (graph, fit),
            Err(why) => {
                // What would have come after the failure is not unexpected.
                fit.unexpected.clear();
                (Err(why), fit)
            }
        }
    }
}
