//! What pictures the networks of a family take.

use crate::picture::{Filter, Preprocessing};

/// The default input of an architecture, as far as weights and conventions determine it.
#[derive(Debug, Clone, PartialEq)]
pub struct InputDefaults {
    pub preprocessing: Preprocessing,
    pub labels: Option<&'static str>,
    /// True where published weights of this architecture differ in their normalisation.
    pub normalisation_guessed: bool,
}

/// Mean and standard deviation of the pixels of ImageNet's training pictures.
pub const IMAGENET: [[f32; 3]; 2] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
/// The same of CIFAR-10, as most of its training code has it.
pub const CIFAR10: [[f32; 3]; 2] = [[0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]];
/// Pixels to −1 … 1, as Inception takes them.
pub const SIGNED: [[f32; 3]; 2] = [[0.5; 3]; 2];
/// Pixels as they are.
pub const PLAIN: [[f32; 3]; 2] = [[0.0; 3], [1.0; 3]];

impl InputDefaults {
    /// Pictures of ImageNet, a centre crop as torchvision's evaluation takes it.
    pub fn imagenet(size: usize) -> Self {
        Self {
            preprocessing: preprocessing(size, IMAGENET, Filter::Bilinear, 0.875),
            labels: Some("imagenet"),
            normalisation_guessed: false,
        }
    }

    /// Pictures of CIFAR-10. Its training code normalises in several ways, and the weights don't
    /// say how.
    pub fn cifar10(normalisation: [[f32; 3]; 2]) -> Self {
        Self {
            preprocessing: preprocessing(32, normalisation, Filter::Bicubic, 1.0),
            labels: Some("cifar10"),
            normalisation_guessed: true,
        }
    }

    /// Grey pictures as they are, such as digits.
    pub fn grey(size: usize) -> Self {
        let preprocessing = Preprocessing {
            channels: 1,
            mean: vec![0.0],
            std: vec![1.0],
            ..preprocessing(size, PLAIN, Filter::Bicubic, 1.0)
        };
        Self { preprocessing, labels: Some("mnist"), normalisation_guessed: false }
    }

    /// The same for pictures of another number of channels: every channel gets the average of the
    /// means and deviations, which is a guess.
    pub fn channels(mut self, channels: usize) -> Self {
        let preprocessing = &mut self.preprocessing;
        if channels == preprocessing.channels {
            return self;
        }
        let average = |values: &[f32]| {
            vec![values.iter().sum::<f32>() / values.len().max(1) as f32; channels]
        };
        preprocessing.mean = average(&preprocessing.mean);
        preprocessing.std = average(&preprocessing.std);
        preprocessing.channels = channels;
        self.normalisation_guessed = true;
        self
    }

    pub fn crop(mut self, crop: f32) -> Self {
        self.preprocessing.crop = crop;
        self
    }

    pub fn size(mut self, size: usize) -> Self {
        self.preprocessing.size = [size, size];
        self
    }

    pub fn resize(mut self, filter: Filter) -> Self {
        self.preprocessing.resize = filter;
        self
    }

    pub fn normalisation(mut self, [mean, std]: [[f32; 3]; 2], guessed: bool) -> Self {
        self.preprocessing.mean = mean.to_vec();
        self.preprocessing.std = std.to_vec();
        self.normalisation_guessed = guessed;
        self
    }
}

fn preprocessing(
    size: usize,
    [mean, std]: [[f32; 3]; 2],
    resize: Filter,
    crop: f32,
) -> Preprocessing {
    Preprocessing {
        channels: 3,
        size: [size, size],
        mean: mean.to_vec(),
        std: std.to_vec(),
        resize,
        crop,
    }
}
