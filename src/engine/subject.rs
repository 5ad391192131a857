//! One picture on one model under one condition: opened, predicted, its class resolved. The window,
//! the command line, studies and figures explain nothing else.

use super::cell::Condition;
use crate::attribution::{Explained, Target, check_class};
use crate::error::Result;
use crate::model::{Model, Prediction};
use crate::picture::{Picture, to_rgb};
use image::{DynamicImage, RgbaImage};
use ndarray::Array3;
use std::borrow::Borrow;
use std::sync::{Arc, OnceLock};

/// A picture as a model takes it, and what the model makes of it.
#[derive(Debug)]
pub struct Subject {
    /// SHA-256 of the picture's file.
    sha256: String,
    pub condition: Condition,
    /// C×H×W in [0,1].
    pub pixels: Array3<f32>,
    /// All classes, most probable first.
    pub predictions: Vec<Prediction>,
    image: OnceLock<Arc<RgbaImage>>,
}

impl Subject {
    /// # Errors
    /// When the picture does not suit the model, the device failed, or there is no such attack.
    pub fn open(model: &Model, picture: &Picture, condition: &Condition) -> Result<Self> {
        condition.check()?;
        let pixels = picture.pixels(&model.preprocessing)?;
        let predictions = model.classify(&pixels)?;
        Ok(Self {
            sha256: picture.sha256.clone(),
            condition: condition.clone(),
            pixels,
            predictions,
            image: OnceLock::new(),
        })
    }

    /// The class that a choice means here; none if the model has no such class.
    pub fn class(&self, target: Target) -> Option<usize> {
        match target {
            Target::Top1 => Some(self.predictions[0].class),
            Target::Class(class) => (class < self.predictions.len()).then_some(class),
        }
    }

    /// The class that a choice means here.
    ///
    /// # Errors
    /// When the model has no such class.
    pub fn explained_class(&self, model: &Model, target: Target) -> Result<usize> {
        let class = match target {
            Target::Top1 => self.predictions[0].class,
            Target::Class(class) => class,
        };
        check_class(model, class).map(|()| class)
    }

    /// Scores of a class.
    pub fn prediction(&self, class: usize) -> Option<&Prediction> {
        self.predictions.iter().find(|prediction| prediction.class == class)
    }

    /// The picture as the model sees it.
    pub fn image(&self) -> &Arc<RgbaImage> {
        let image = || Arc::new(DynamicImage::from(to_rgb(&self.pixels)).into_rgba8());
        self.image.get_or_init(image)
    }

    /// What methods take: this picture and a class. Passes are shared by all methods that are run
    /// on it. `background`: other pictures, for methods that use them, of [`background`].
    pub fn explained<'a>(
        &'a self,
        model: &'a Model,
        class: usize,
        seed: u64,
        background: &'a [Array3<f32>],
    ) -> Explained<'a> {
        Explained::new(model, &self.pixels, &self.sha256, class, seed).with_background(background)
    }

    /// Memory that it holds once it was shown, about, in bytes.
    pub fn bytes(&self) -> usize {
        let (_, height, width) = self.pixels.dim();
        4 * (self.pixels.len() + height * width) + 64 * self.predictions.len()
    }
}

/// The background of methods that compare with other pictures: those pictures as a model takes
/// them, C×H×W in [0,1].
///
/// # Errors
/// When one can't be opened or does not suit the model.
pub fn background<P: Borrow<Picture>>(
    model: &Model,
    others: impl IntoIterator<Item = Result<P>>,
) -> Result<Vec<Array3<f32>>> {
    others.into_iter().map(|picture| picture?.borrow().pixels(&model.preprocessing)).collect()
}
