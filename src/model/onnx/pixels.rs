//! Which pixels a network takes, by what it does to them first.

use super::lowering::Inside;
use super::proto::Model;
use crate::model::architecture::input::{CIFAR10, IMAGENET, PLAIN, SIGNED};
use serde::Serialize;
use std::fmt;

/// The values that a file's input has where pixels go from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// 0 to 1.
    Unit,
    /// 0 to 255.
    Byte,
    /// −1 to 1.
    Signed,
    /// Less ImageNet's mean, over its deviation.
    Imagenet,
}

impl Range {
    const ALL: [Self; 4] = [Self::Unit, Self::Byte, Self::Signed, Self::Imagenet];

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Range::Unit => "0 to 1",
            Range::Byte => "0 to 255",
            Range::Signed => "-1 to 1",
            Range::Imagenet => "normalised with ImageNet's mean and deviation",
        }
    }

    /// Mean and deviation that make [0,1] pixels ones of this range; `None` where it has not as
    /// many channels.
    pub fn normalisation(self, channels: usize) -> Option<[Vec<f32>; 2]> {
        let alike = |mean, std| Some([vec![mean; channels], vec![std; channels]]);
        match self {
            Range::Unit => alike(0.0, 1.0),
            Range::Byte => alike(0.0, 1.0 / 255.0),
            Range::Signed => alike(0.5, 0.5),
            Range::Imagenet => {
                (channels == 3).then(|| IMAGENET.map(|statistics| statistics.to_vec()))
            }
        }
    }
}

/// The range of a network's pixels, and whether it follows from the file or is a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Taken {
    pub range: Range,
    pub is_guess: bool,
}

/// How a network takes its pixels: what makes them its input, and what it then does itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pixels {
    /// Mean and deviation that make [0,1] pixels the network's input.
    pub outside: [Vec<f32>; 2],
    /// The range of that input, as far as the network shows it.
    pub taken: Option<Taken>,
    /// The channel of the pixels that each of the network's channels comes from.
    pub sources: Vec<usize>,
    /// Mean and deviation that the network itself normalises its input with.
    pub inside: Option<[Vec<f32>; 2]>,
}

impl Pixels {
    /// None where the network uses its input as it is, and has no metadata on it.
    pub fn of(inside: &Inside, taken: Option<Taken>, outside: [Vec<f32>; 2]) -> Option<Self> {
        let sources = inside.sources.clone();
        let is_plain = sources.iter().copied().eq(0..outside[0].len());
        let inside = inside.normalisation.clone();
        let says = taken.is_some() || inside.is_some() || !is_plain;
        says.then_some(Self { outside, taken, sources, inside })
    }

    /// Warnings to check, given whether a card set what comes before.
    pub fn warning(&self, is_of_card: bool) -> Option<String> {
        let taken = self.taken?;
        let range = taken.range.text();
        if taken.is_guess && !is_of_card {
            return Some(format!(
                "that the network takes pixels {range} is a guess from what it does to them; \
                 mean and std in the network's details or a model card set what comes before"
            ));
        }
        let contradicts = is_of_card && !taken.is_guess && !self.is_of(taken.range);
        contradicts.then(|| {
            format!(
                "the card's mean and std come before what the network does itself, and that is \
                 made for pixels {range}: left out of the card, it gets those"
            )
        })
    }

    fn is_of(&self, range: Range) -> bool {
        let Some(usual) = range.normalisation(self.outside[0].len()) else { return false };
        let pairs = self.outside.iter().flatten().zip(usual.iter().flatten());
        pairs.into_iter().all(|(a, b)| (a - b).abs() <= 0.02 * b.abs().max(0.001))
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.taken {
            Some(Taken { range, is_guess }) if self.is_of(range) => {
                write!(f, "{}{}", range.text(), if is_guess { " (a guess)" } else { "" })?;
            }
            _ => {
                let [mean, std] = self.outside.each_ref().map(|values| short(values));
                write!(f, "mean {mean}, std {std} of [0,1]")?;
            }
        }
        match self.sources[..] {
            [2, 1, 0] => write!(f, "; taken as BGR")?,
            _ if self.sources.is_sorted() => {}
            _ => write!(f, "; channels taken in the order {:?}", self.sources)?,
        }
        match &self.inside {
            Some(inside) => {
                let [mean, std] = inside.each_ref().map(|values| short(values));
                write!(f, "; normalised inside by mean {mean}, std {std}, in the picture's order")
            }
            None => Ok(()),
        }
    }
}

fn short(values: &[f32]) -> String {
    let values: Vec<f32> = values.iter().map(|value| (value * 1e4).round() / 1e4).collect();
    format!("{values:?}")
}

/// Normalisations of [0,1] pixels that networks are trained with. Of three channels or of any.
const KNOWN: [[[f32; 3]; 2]; 11] = [
    IMAGENET,
    SIGNED,
    CIFAR10,
    [CIFAR10[0], [0.247, 0.2435, 0.2616]],
    // CIFAR-100, CLIP, MNIST.
    [[0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761]],
    [[0.4815, 0.4578, 0.4082], [0.2686, 0.2613, 0.2758]],
    [[0.1307; 3], [0.3081; 3]],
    PLAIN,
    // Caffe's: the mean of bytes, whose deviation is left or scaled by .017.
    [CAFFE_MEAN, [1.0 / 255.0; 3]],
    [CAFFE_MEAN, [1.0 / (255.0 * 0.017); 3]],
    [[0.5; 3], [1.0 / 255.0; 3]],
];
const CAFFE_MEAN: [f32; 3] = [123.68 / 255.0, 116.779 / 255.0, 103.939 / 255.0];

/// A mean of pixels above it is of bytes: those up to 1 have none.
pub const BYTE_MEAN: f64 = 1.5;
/// A deviation above it is rather of bytes, and one above the other surely.
const BYTE_DEVIATIONS: [f64; 2] = [4.0, 25.0];

/// The file's metadata on the picture it takes, by the keys of ONNX's metadata of images: with
/// blue first, the network does what it does behind a turn of the channels.
pub fn told(model: &Model, inside: Inside) -> (Inside, Option<Range>) {
    let range = match model.metadata("Image.NominalPixelRange") {
        Some("NominalRange_0_255") => Some(Range::Byte),
        Some("Normalized_0_1") => Some(Range::Unit),
        Some("Normalized_1_1") => Some(Range::Signed),
        _ => None,
    };
    let format = model.metadata("Image.BitmapPixelFormat").unwrap_or_default();
    match format.starts_with("Bgr") && inside.order.len() == 3 {
        true => (inside.of_reversed_pixels(), range),
        false => (inside, range),
    }
}

/// Which pixels a network takes, as far as what it does to them shows it.
pub fn taken(inside: &Inside) -> Option<Taken> {
    let known = inside
        .normalisation
        .as_ref()
        .and_then(|inner| Range::ALL.into_iter().find(|range| gives_a_known_one(*range, inner)));
    match known {
        Some(range) => Some(Taken { range, is_guess: false }),
        None => by_statistics(&inside.statistics),
    }
}

fn gives_a_known_one(range: Range, inner: &[Vec<f32>; 2]) -> bool {
    let channels = inner[0].len();
    let Some(outer) = range.normalisation(channels) else { return false };
    let [mean, std] = combined(&outer, inner);
    let near = |known: &[[f32; 3]; 2], c: usize| {
        let [wanted, deviation] = known.map(|values| values[c.min(2)]);
        (mean[c] - wanted).abs() < 0.01 && (std[c] / deviation - 1.0).abs() < 0.02
    };
    let fits = |known: &[[f32; 3]; 2]| (0..channels).all(|channel| near(known, channel));
    matches!(channels, 1 | 3) && KNOWN.iter().any(fits)
}

fn by_statistics(statistics: &[[f64; 2]]) -> Option<Taken> {
    let is_any = |test: &dyn Fn(f64) -> bool| statistics.iter().any(|[mean, _]| test(*mean));
    let above = |least: f64| statistics.iter().all(|[_, std]| *std > least);
    if statistics.is_empty() {
        return None;
    }
    // Data that had been normalised; a deviation of 1 is one that is not divided by.
    let is_standardised = |[mean, std]: &[f64; 2]| {
        mean.abs() < 0.5 && (0.6..1.5).contains(std) && (*std - 1.0).abs() > 1e-9
    };
    let (range, is_guess) = if statistics.iter().all(is_standardised) {
        (Range::Imagenet, true)
    } else if is_any(&|mean| mean > BYTE_MEAN) {
        (Range::Byte, is_any(&|mean| mean > 256.0))
    } else if is_any(&|mean| mean < -0.02) {
        (Range::Signed, true)
    } else if above(BYTE_DEVIATIONS[0]) {
        (Range::Byte, !above(BYTE_DEVIATIONS[1]))
    } else {
        // A mean, or a deviation below 1, is of pixels up to 1.
        (Range::Unit, !is_any(&|mean| mean > 0.05) && above(0.99))
    };
    Some(Taken { range, is_guess })
}

/// Mean and deviation of one normalisation after the other.
pub fn combined(outer: &[Vec<f32>; 2], inner: &[Vec<f32>; 2]) -> [Vec<f32>; 2] {
    let channels = 0..outer[0].len();
    [
        channels.clone().map(|c| outer[0][c] + inner[0][c] * outer[1][c]).collect(),
        channels.map(|c| outer[1][c] * inner[1][c]).collect(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(mean: [f32; 3], std: [f32; 3]) -> Taken {
        let normalisation = [mean.to_vec(), std.to_vec()];
        let statistics = (0..3).map(|c| [f64::from(mean[c]), f64::from(std[c])]).collect();
        let order = vec![0, 1, 2];
        let normalisation = Some(normalisation);
        let inside = Inside { sources: order.clone(), order, normalisation, statistics };
        taken(&inside).unwrap()
    }

    #[test]
    fn ranges_follow_from_what_is_taken_off() {
        let is = |range, is_guess| Taken { range, is_guess };
        let known = |range| is(range, false);
        assert_eq!(range(IMAGENET[0], IMAGENET[1]), known(Range::Unit));
        assert_eq!(range([123.68, 116.779, 103.939], [1.0; 3]), known(Range::Byte));
        assert_eq!(range([123.68, 116.779, 103.939], [58.8; 3]), known(Range::Byte));
        assert_eq!(range([127.5; 3], [127.5; 3]), known(Range::Byte));
        assert_eq!(range([0.0; 3], [255.0; 3]), known(Range::Byte));
        assert_eq!(range([0.5; 3], [0.5; 3]), known(Range::Unit));
        // (x + 1) / 2, then ImageNet's: a generator's pictures.
        let signed = [0, 1, 2].map(|c| 2.0 * IMAGENET[0][c] - 1.0);
        assert_eq!(range(signed, IMAGENET[1].map(|std| 2.0 * std)), known(Range::Signed));
        // torchvision's `transform_input`: from ImageNet's to -1 … 1.
        let mean = [0, 1, 2].map(|c| (0.5 - IMAGENET[0][c]) / IMAGENET[1][c]);
        assert_eq!(range(mean, IMAGENET[1].map(|std| 0.5 / std)), known(Range::Imagenet));
        // Statistics of other data.
        assert_eq!(range([90.0, 80.0, 70.0], [1.0; 3]), known(Range::Byte));
        assert_eq!(range([0.3, 0.4, 0.2], [0.1, 0.2, 0.1]), known(Range::Unit));
        assert_eq!(range([0.48, 0.46, 0.41], [1.0; 3]), known(Range::Unit));
        assert_eq!(range([0.01, -0.02, 0.1], [1.1, 0.9, 1.2]), is(Range::Imagenet, true));
        assert_eq!(range([0.0; 3], [10.0; 3]), is(Range::Byte, true));
        assert_eq!(range([0.0; 3], [2.0; 3]), is(Range::Unit, true));
        assert_eq!(range([-0.4; 3], [2.0; 3]), is(Range::Signed, true));
    }
}
