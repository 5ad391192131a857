//! Labelled pictures of one size.

use crate::error::{Error, Result};
use crate::file::sha256;
use rand::seq::SliceRandom;

/// Pictures of one size with their classes.
#[derive(Debug, Clone, Default)]
pub struct Pictures {
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// N×C×H×W.
    pub pixels: Vec<u8>,
    pub labels: Vec<usize>,
    /// Names of the classes, where the source has them; or else numbers.
    pub classes: Vec<String>,
}

/// More than any classifier of small pictures has; a larger number is no class.
const MOST_CLASSES: usize = 65_536;

impl Pictures {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one picture, C×H×W.
    pub fn picture(&self, index: usize) -> &[u8] {
        let size = self.shape.iter().product();
        &self.pixels[index * size..][..size]
    }

    /// Pixels in [0,1] of some pictures, one after another.
    pub fn plain(&self, indices: &[usize]) -> Vec<f32> {
        let pixels = indices.iter().flat_map(|index| self.picture(*index));
        pixels.map(|byte| f32::from(*byte) / 255.0).collect()
    }

    /// Classes of some pictures.
    pub fn labels_of(&self, indices: &[usize]) -> Vec<usize> {
        indices.iter().map(|index| self.labels[*index]).collect()
    }

    /// At most `count` of the pictures, drawn at random: sources are often sorted by class.
    pub fn some(&self, count: usize, random: &mut impl rand::Rng) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(random);
        order.truncate(count);
        self.chosen(&order)
    }

    /// The pictures at some indices.
    pub fn chosen(&self, indices: &[usize]) -> Self {
        Self {
            pixels: indices.iter().flat_map(|index| self.picture(*index)).copied().collect(),
            labels: self.labels_of(indices),
            ..Self { shape: self.shape, classes: self.classes.clone(), ..Self::default() }
        }
    }

    /// Sets a share of the pictures apart, drawn at random: those that stay and those apart, at
    /// least one of each.
    pub fn split(&self, share: f64, random: &mut impl rand::Rng) -> [Self; 2] {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(random);
        let apart = ((self.len() as f64 * share).round() as usize).clamp(1, self.len() - 1);
        let (apart, rest) = order.split_at_mut(apart);
        // In the order of the source again.
        [rest, apart].map(|indices| {
            indices.sort_unstable();
            self.chosen(indices)
        })
    }

    /// Mean and standard deviation of the [0,1] pixels, one value a channel.
    pub fn normalisation(&self) -> [Vec<f32>; 2] {
        let [channels, height, width] = self.shape;
        let statistics = (0..channels).map(|channel| {
            let planes = self.pixels.chunks_exact(height * width).skip(channel).step_by(channels);
            let mut counts = [0u64; 256];
            planes.flatten().for_each(|byte| counts[usize::from(*byte)] += 1);
            let mean = |of: &dyn Fn(f64) -> f64| {
                let sum = (0..).zip(counts).map(|(v, n)| of(f64::from(v) / 255.0) * n as f64);
                sum.sum::<f64>() / counts.iter().sum::<u64>() as f64
            };
            let average = mean(&|value| value);
            [average, mean(&|value| (value - average).powi(2)).sqrt()].map(|value| value as f32)
        });
        let statistics: Vec<_> = statistics.collect();
        [0, 1].map(|which| statistics.iter().map(|both| both[which]).collect())
    }

    /// The same pictures with the labels of other classes, by name; classes without names count as
    /// they are numbered.
    ///
    /// # Errors
    /// When a class is none of the others.
    pub fn labelled_as(mut self, classes: &[String]) -> Result<Self> {
        let are_numbers = |names: &[String]| names.iter().all(|name| name.parse::<u64>().is_ok());
        let place = |(label, name): (usize, &String)| {
            let found = match are_numbers(&self.classes) || are_numbers(classes) {
                true => (label < classes.len()).then_some(label),
                false => classes.iter().position(|other| other == name),
            };
            found.ok_or_else(|| {
                Error::new("their classes differ", format!("`{name}` is none of those learned"))
            })
        };
        let places: Vec<usize> =
            self.classes.iter().enumerate().map(place).collect::<Result<_>>()?;
        for label in &mut self.labels {
            *label = places[*label];
        }
        self.classes = classes.to_vec();
        Ok(self)
    }

    /// SHA-256 of shape, pixels and labels, in hexadecimal: the same for the same pictures from
    /// any kind of file.
    pub fn sha256(&self) -> String {
        let head = [self.shape.as_slice(), &self.labels].concat();
        let mut bytes: Vec<u8> = head.iter().flat_map(|n| (*n as u64).to_le_bytes()).collect();
        bytes.extend_from_slice(&self.pixels);
        sha256(&bytes)
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// When it is of another size than the first.
    pub(super) fn push(
        &mut self,
        shape: [usize; 3],
        pixels: impl IntoIterator<Item = u8>,
        label: usize,
    ) -> Result<()> {
        if self.is_empty() {
            self.shape = shape;
        }
        if self.shape != shape {
            let why = format!("{shape:?} after {:?}, channels, height and width", self.shape);
            return Err(Error::new("pictures are of several sizes", why)
                .hint("`size` in the recipe's [data] brings them to one"));
        }
        self.pixels.extend(pixels);
        self.labels.push(label);
        Ok(())
    }
}

/// Names of classes that are only numbered.
///
/// # Errors
/// When a number is none of a class.
pub(super) fn numbered(labels: &[usize]) -> Result<Vec<String>> {
    let count = labels.iter().max().map_or(0, |last| last.saturating_add(1));
    match count > MOST_CLASSES {
        true => Err(Error::new("its classes are no classes", format!("one is {}", count - 1))),
        false => Ok((0..count).map(|class| class.to_string()).collect()),
    }
}

/// Sorts names of classes: numbers by their value, all others as text.
pub(super) fn in_order(classes: &mut [String]) {
    classes.sort_by_cached_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), name.clone()));
}
