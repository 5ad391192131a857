//! The model card: a TOML file beside the weights that says what they are.

use super::{BatchNorms, NetworkRequest, OutputKind};
use crate::error::{Error, Result};
use crate::file::{beside, extension, toml_line};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A model card as written. What it leaves out is inferred from the weights.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The file of weights, or the ONNX network, relative to the card.
    pub weights: PathBuf,
    /// Identifier of the architecture, such as `efficientnet-lite0`.
    pub architecture: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// What the names of the network's tensors start with, where the file holds several networks.
    pub weights_prefix: Option<String>,
    /// Which of two sets of batch norms to use, where training with AdvProp left two.
    pub batch_norms: Option<BatchNorms>,
    #[serde(default)]
    pub input: InputCard,
    #[serde(default, skip_serializing_if = "OutputCard::is_empty")]
    pub output: OutputCard,
    pub training: Option<TrainingCard>,
}

/// How pictures become inputs, and outputs become classes.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputCard {
    /// Height and width, pixels.
    pub size: Option<[usize; 2]>,
    /// Mean of the [0,1] pixels, one value a channel.
    pub mean: Option<Vec<f32>>,
    /// Standard deviation of the [0,1] pixels, one value a channel.
    pub std: Option<Vec<f32>>,
    pub resize: Option<crate::picture::Filter>,
    /// Side of the centre crop over the short side of the resized picture, 0.1 to 1.
    pub crop: Option<f32>,
    /// `imagenet`, `cifar10`, `mnist`, or a text file with one name a line.
    pub labels: Option<String>,
}

/// What the network gives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutputCard {
    /// What the numbers are.
    pub kind: Option<OutputKind>,
    /// Which output of an ONNX file that has several.
    pub name: Option<String>,
}

impl OutputCard {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the weights were trained; shown and recorded, never needed to run them.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct TrainingCard {
    /// `vanilla`, `pgd`, `trades`, `sep`, `advprop`, …
    pub kind: String,
    /// Norm of the adversary, `linf` or `l2`.
    pub norm: Option<String>,
    /// Radius of the adversary, in [0,1] pixels.
    pub epsilon: Option<f64>,
    #[serde(flatten)]
    pub more: std::collections::BTreeMap<String, toml::Value>,
}

impl TrainingCard {
    /// The same without what may say where on a machine things lie.
    pub fn without_paths(&self) -> Self {
        let is_plain = |value: &toml::Value| !value.to_string().contains(['/', '\\']);
        let mut card = self.clone();
        card.more.retain(|_, value| is_plain(value));
        card
    }
}

impl Card {
    /// Reads a card and resolves its weights beside it.
    ///
    /// # Errors
    /// When the file can't be read, is not a card, or names weights that do not exist.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot open model card {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| Error::new(what(), e))?;
        let mut card: Card = toml::from_str(&text).map_err(|e| {
            Error::new(what(), format!("line {}: {}", toml_line(&text, &e), e.message()))
        })?;
        card.weights = beside(path, &card.weights);
        if !card.weights.is_file() {
            let why = format!("its weights {} are not there", card.weights.display());
            return Err(
                Error::new(what(), why).hint("`weights` is a path from the folder of the card")
            );
        }
        Ok(card)
    }

    /// The card of a file: itself, or the one beside weights.
    ///
    /// # Errors
    /// As for [`Card::read`].
    pub fn of(path: &Path) -> Result<Self> {
        match extension(path).as_str() {
            "toml" => Self::read(path),
            _ => Self::beside(path),
        }
    }

    /// Which network of the weights file it requests.
    pub fn request(&self) -> NetworkRequest<'_> {
        NetworkRequest {
            prefix: self.weights_prefix.as_deref(),
            architecture: self.architecture.as_deref(),
            batch_norms: self.batch_norms.unwrap_or_default(),
        }
    }

    /// Writes the card, its weights named from its own folder where they lie in it.
    ///
    /// # Errors
    /// When the file is there already, unless it is to be `replace`d, or can't be written.
    pub fn write(&self, path: &Path, replace: bool) -> Result<()> {
        let what = || format!("cannot write model card {}", path.display());
        if path.exists() && !replace {
            return Err(Error::new(what(), "it is there already").hint("--replace writes over it"));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let weights = self.weights.strip_prefix(folder).unwrap_or(&self.weights);
        let card = Self { weights: weights.to_path_buf(), ..self.clone() };
        let text = toml::to_string(&card).map_err(|e| Error::new(what(), e))?;
        crate::file::write(path, text.as_bytes()).map_err(|e| Error::new(what(), e))
    }

    /// The card beside a weights file (`net.toml` beside `net.safetensors`) if it is of these
    /// weights, or one that says nothing but where the weights are.
    ///
    /// # Errors
    /// As for [`Card::read`].
    pub fn beside(weights: &Path) -> Result<Self> {
        let path = weights.with_extension("toml");
        if path.is_file() {
            let card = Self::read(&path)?;
            if is_same(&card.weights, weights) {
                return Ok(card);
            }
        }
        Ok(Self { weights: weights.to_path_buf(), ..Self::default() })
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(a).is_some() && canonical(a) == canonical(b)
}
