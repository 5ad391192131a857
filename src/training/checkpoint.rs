//! The state of a training in a file, exact to the bit.

use super::monitor::Best;
use super::optimiser::Values;
use crate::error::{Error, Result};
use crate::file;
use crate::model::{WeightTensor, Weights};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// All that a training depends on from here, besides its recipe and its pictures.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub weights: Weights,
    pub velocity: Values,
    /// The moving average of the weights, where the recipe has one.
    pub average: Option<Weights>,
    /// The weights of the last good epoch, where the training may collapse.
    pub good: Option<Weights>,
    pub place: Place,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Epochs that are done.
    pub epoch: usize,
    /// Batches of the next one that are done.
    pub batch: usize,
    /// Steps in all.
    pub step: usize,
    /// Bits of the sum of losses in this epoch.
    pub loss: u64,
    /// Pictures of this epoch that were right, and that were seen.
    pub correct: usize,
    pub seen: usize,
    pub best: Best,
    /// Lines of the log.
    pub log: Vec<String>,
    /// Why it ended, if it has.
    pub ended: Option<String>,
    /// Milliseconds of training so far.
    pub milliseconds: u64,
}

/// What a checkpoint is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub recipe: String,
    pub data: String,
}

#[derive(Serialize, Deserialize)]
struct Note {
    identity: Identity,
    place: Place,
}

const NOTE: &str = "hyaline training";
const WEIGHTS: &str = "weights/";
const AVERAGE: &str = "average/";
const GOOD: &str = "good/";
const VELOCITY: &str = "velocity/";

impl State {
    /// Writes the state whole: a program that is killed leaves the file before or this one.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, path: &Path, identity: &Identity) -> Result<()> {
        let note = Note { identity: identity.clone(), place: self.place.clone() };
        let note = serde_json::to_string(&note).expect("a note is JSON");
        let sets = [
            (WEIGHTS, Some(&self.weights)),
            (AVERAGE, self.average.as_ref()),
            (GOOD, self.good.as_ref()),
        ];
        let mut all = Weights::default();
        for (prefix, weights) in sets {
            let tensors = weights.into_iter().flat_map(|weights| &weights.tensors);
            all.tensors
                .extend(tensors.map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())));
        }
        all.tensors.extend(self.velocity.iter().map(|(name, values)| {
            let tensor = WeightTensor { shape: vec![values.len()], values: values.clone() };
            (format!("{VELOCITY}{name}"), tensor)
        }));
        let notes = BTreeMap::from([(NOTE.to_string(), note)]);
        file::write(path, &all.safetensors(notes, false))
    }

    /// Reads a state with what it is of.
    ///
    /// # Errors
    /// When the file is no checkpoint, or damaged.
    pub fn read(path: &Path) -> Result<(Self, Identity)> {
        let failed = |why: String| {
            Error::new(format!("cannot resume from {}", path.display()), why)
                .hint("--restart starts over")
        };
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| failed(e.to_string()))?;
        let note = header.metadata().as_ref().and_then(|notes| notes.get(NOTE));
        let note = note.ok_or_else(|| failed("it is no checkpoint".into()))?;
        let Note { identity, place } =
            serde_json::from_str(note).map_err(|e| failed(e.to_string()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| failed(e.to_string()))?;
        let mut state = Self { place, ..Self::default() };
        for (name, view) in tensors.iter() {
            let values = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
            state
                .put(name, WeightTensor { shape: view.shape().to_vec(), values: values.collect() });
        }
        Ok((state, identity))
    }

    fn put(&mut self, name: &str, tensor: WeightTensor) {
        if let Some(name) = name.strip_prefix(VELOCITY) {
            self.velocity.insert(name.into(), tensor.values);
        } else if let Some(name) = name.strip_prefix(WEIGHTS) {
            self.weights.tensors.insert(name.into(), tensor);
        } else if let Some(name) = name.strip_prefix(AVERAGE) {
            self.average.get_or_insert_default().tensors.insert(name.into(), tensor);
        } else if let Some(name) = name.strip_prefix(GOOD) {
            self.good.get_or_insert_default().tensors.insert(name.into(), tensor);
        }
    }
}
