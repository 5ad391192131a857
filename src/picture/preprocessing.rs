//! How pictures become a network's input.

use super::Filter;
use crate::error::{Error, Result};
use serde::Serialize;

/// Resize the short side, crop the centre, and, inside the network, normalise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preprocessing {
    /// 3 for RGB, 1 for grey, any other number for what only arrays hold.
    pub channels: usize,
    /// Height and width of the input, pixels.
    pub size: [usize; 2],
    /// Mean of the [0,1] pixels, one value a channel. Inputs of this colour are zero to the
    /// network: it is the "nothing" of masks and deletion.
    pub mean: Vec<f32>,
    /// Standard deviation of the [0,1] pixels, one value a channel.
    pub std: Vec<f32>,
    pub resize: Filter,
    /// Side of the centre crop over the short side of the resized picture, 0.1 to 1.
    pub crop: f32,
}

impl Preprocessing {
    /// How channels are taken from pictures, where that is not RGB.
    pub fn channels_text(&self) -> Option<String> {
        match self.channels {
            3 => None,
            1 => Some("grey: the luminance (ITU-R BT.601) of colour pictures".into()),
            channels => Some(format!("{channels} channels, of .npy arrays: pictures have 3")),
        }
    }

    /// Checks the values a card may have got wrong.
    pub(crate) fn validated(self) -> Result<Self> {
        let wrong =
            |why: String| Err(Error::new("cannot use the network's input as described", why));
        let channels = self.channels;
        for (name, values) in [("mean", &self.mean), ("std", &self.std)] {
            if values.len() != channels {
                return wrong(format!(
                    "{name} has {} values, the network takes {channels} channels",
                    values.len()
                ));
            }
        }
        if self.mean.iter().any(|mean| !(0.0..=1.0).contains(mean)) {
            return wrong("every mean must be in [0,1], as pixels are; divide by 255".into());
        }
        if self.std.iter().any(|std| !(1e-6..=1e6).contains(std)) {
            return wrong("every std must be a number above 0".into());
        }
        if !(0.1..=1.0).contains(&self.crop) {
            return wrong(format!("crop is {}, it must be 0.1 to 1", self.crop));
        }
        if self.size.iter().any(|side| !(1..=4096).contains(side)) {
            return wrong(format!("size is {:?}, each side must be 1 to 4096 px", self.size));
        }
        Ok(self)
    }
}
