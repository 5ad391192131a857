//! Insertion and Deletion by the protocol of RISE (Petsiuk, Das, Saenko 2018, section 4.1, and
//! its published evaluation code) and its variants.
//!
//! Deletion takes the most important pixels away first, Insertion brings them back into a picture
//! without any. Both follow the network's confidence, so their areas compare methods on one
//! network, not networks: Insertion favours the more confident ones, Deletion the less (Nourelahi,
//! Kotthoff, Chen, Nguyen 2022). [`Curve::normalised`] takes the confidence out.

use super::description::{Better, Description, Measure, OverPictures};
use super::function::{Quantity, Watch};
use super::imputation::{Imputer, Substrate, substrate};
use super::measured::Measured;
use super::of_class;
use super::ranking::order_with_ties;
use super::trial::ScoreTrial;
use super::trial::importance;
use crate::attribution::{Attribution, Ranking};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use crate::random::RandomStream;
use ndarray::{Array2, Array3};
use rand::Rng;
use serde::Serialize;

pub(super) static DESCRIPTION: Description = Description {
    id: "insertion-deletion",
    name: "Insertion and Deletion",
    better: Better::Neither,
    range: "0 to 1 for probabilities; Insertion is better high, Deletion low, both normalised high",
    over_pictures: OverPictures::Mean,
    paper: "Petsiuk, Das, Saenko 2018, RISE, section 4.1, and its published evaluation code; normalised areas as proposed here against the bias that Nourelahi et al. 2022 found",
    formula: "area under f(x with the q most important pixels changed) over q; normalised: (area − f₀) / (f₁ − f₀)",
    passes: "two forwards a step",
    parameters: &[
        Parameter {
            id: "step",
            help: "pixels changed from point to point; 0 for whole rows, 28 or so steps",
            unit: "px",
            kind: Kind::Integer { default: 0, min: 0, max: 1 << 24 },
            source: "RISE's batch setting: 8 rows at 224 px",
        },
        Parameter { id: "deleted", ..substrate("mean", "RISE: zero to the network") },
        Parameter { id: "inserted", ..substrate("blur", "RISE: 11×11, σ 5") },
        Parameter {
            id: "score",
            help: "what of the class is scored",
            unit: "",
            kind: Kind::Choice { default: "probability", options: &["probability", "logit"] },
            source: "RISE",
        },
        Parameter {
            id: "ties",
            help: "which of equally important pixels goes first",
            unit: "",
            kind: Kind::Choice { default: "random", options: &["random", "reading-order"] },
            source: "maps of superpixels are nearly all ties; RISE's code sorts in reading order",
        },
    ],
    measure: Measure::Curves,
};

/// How curves are taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Protocol {
    /// Pixels changed from point to point.
    pub step: usize,
    /// What deleted pixels become.
    pub deletion: Substrate,
    /// What pixels are before they are inserted.
    pub insertion: Substrate,
    pub ties: Ties,
}

/// Which of equally important pixels goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// The first in reading order, as in RISE's code.
    ReadingOrder,
    /// By the seed. Maps of superpixels are nearly all ties, and in reading order their curves
    /// would tell of the upper left.
    Random,
}

impl Protocol {
    /// As the score's parameters say, for pictures of a height and width.
    pub fn of(values: &Values, size: [usize; 2]) -> Self {
        let step = match values.integer("step") {
            0 => default_step(size),
            step => step.min(size[0] * size[1]),
        };
        let ties = match values.choice("ties") {
            "random" => Ties::Random,
            _ => Ties::ReadingOrder,
        };
        let [deletion, insertion] =
            ["deleted", "inserted"].map(|id| Substrate::named(values.choice(id)));
        Self { step, deletion, insertion, ties }
    }

    /// RISE's, for pictures of a height and width.
    pub fn rise(size: [usize; 2]) -> Self {
        Self {
            step: default_step(size),
            deletion: Substrate::Mean,
            insertion: Substrate::Blur,
            ties: Ties::ReadingOrder,
        }
    }
}

/// Both curves of one map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// Share of the pixels changed at each point, from 0 to 1.
    pub fractions: Vec<f32>,
    pub deletion: Curve,
    pub insertion: Curve,
    pub protocol: Protocol,
}

/// Scores while pixels change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// The class's score at each point.
    pub scores: Vec<f32>,
    /// Area under the curve, by trapezoids: in [0,1] for probabilities.
    pub auc: f64,
}

impl Curve {
    fn new(fractions: &[f32], scores: Vec<f32>) -> Self {
        Self { auc: area(fractions, &scores), scores }
    }

    /// The area over the highest score (as in SAM's code).
    pub fn over_maximum(&self) -> Measured {
        let most = self.scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Measured::from(match most > 0.0 {
            true => Ok(self.auc / f64::from(most)),
            false => Err("no score of the curve is above zero"),
        })
    }

    /// (area − first score) / (last score − first score): how early the score goes its way,
    /// whatever its height. 0 is at the end, ½ a straight line, 1 at once; higher is better for
    /// both curves. Not defined where the score moves by less than 0.1.
    pub fn normalised(&self) -> Measured {
        let ends = [self.scores.first(), self.scores.last()];
        let [first, last] = ends.map(|end| end.copied().map_or(0.0, f64::from));
        Measured::from(match (last - first).abs() >= LEAST_CHANGE {
            true => Ok((self.auc - first) / (last - first)),
            false => Err("the score moves by less than 0.1 from end to end of the curve"),
        })
    }
}

/// Change of the score below which no share of it is given: on 37 ImageNet pictures, those that
/// moved a network's probability by a hundredth gave normalised areas of ten and more.
const LEAST_CHANGE: f64 = 0.1;

/// Whole rows of pixels, 28 or so steps for the whole picture: RISE's batch setting (8 rows at
/// 224 px), and one row for pictures of digits.
pub fn default_step([height, width]: [usize; 2]) -> usize {
    (height / 28).max(1) * width
}

/// Pixels from most to least important: by [`Ranking`] over channels, enlarged bilinearly to the
/// picture.
///
/// # Errors
/// When the map holds values that can't be ordered.
fn order(
    map: &Array3<f32>,
    ranking: Ranking,
    size: [usize; 2],
    ties: Ties,
    generator: &mut impl Rng,
) -> Result<Vec<usize>> {
    if ties == Ties::Random {
        return order_with_ties(map, ranking, size, generator);
    }
    let importance: Vec<f32> = importance(map, ranking, size).into_iter().collect();
    if importance.iter().any(|value| !value.is_finite()) {
        return Err(Error::new(
            "cannot put the pixels in order",
            "the map holds NaN or infinite values",
        ));
    }
    let mut pixels: Vec<usize> = (0..importance.len()).collect();
    pixels.sort_by(|a, b| importance[*b].total_cmp(&importance[*a]));
    Ok(pixels)
}

/// Insertion and Deletion curves of a trial's map. `None` where the watch cancelled.
///
/// # Errors
/// When the step is none, or the map or a score is not finite.
pub fn insertion_deletion(
    trial: &mut ScoreTrial,
    protocol: &Protocol,
    generator: &mut impl Rng,
) -> Result<Option<Curves>> {
    trial.check()?;
    Sequence::of(trial, protocol, generator)?.curves(trial)
}

/// The curves for pixels in a given order, by their places in reading order.
///
/// # Errors
/// As for [`insertion_deletion`].
pub fn curves_in(
    trial: &mut ScoreTrial,
    order: &[usize],
    protocol: &Protocol,
    generator: &mut impl Rng,
) -> Result<Option<Curves>> {
    Sequence::in_order(trial, order, protocol, generator)?.curves(trial)
}

/// RISE's curves of a map, of its class's probability or else value, with the pictures that they
/// are of. `None` where the watch cancelled.
///
/// # Errors
/// As for [`insertion_deletion`], and when the device failed.
pub fn rise_curves(
    model: &Model,
    pixels: &Array3<f32>,
    attribution: &Attribution,
    watch: &mut Watch,
) -> Result<Option<(Curves, Sequence)>> {
    let mut trial = ScoreTrial {
        pixels,
        map: &attribution.map,
        mean_colour: &model.preprocessing.mean,
        ranking: attribution.method.ranking,
        score: &mut of_class(model, attribution.target, Quantity::Probability),
        batch: model.batch,
        watch,
    };
    // This protocol uses no randomness.
    let generator = &mut RandomStream::new(0, "curves", "", "").generator();
    let sequence = Sequence::of(&trial, &Protocol::rise(model.preprocessing.size), generator)?;
    Ok(sequence.curves(&mut trial)?.map(|curves| (curves, sequence)))
}

/// The pictures that a network sees along the curves of a map.
#[derive(Debug, Clone)]
pub struct Sequence {
    deletion: Imputer,
    insertion: Imputer,
    /// Place of every pixel in the order, 0 for the most important.
    ranks: Array2<usize>,
    protocol: Protocol,
}

impl Sequence {
    /// That of a trial's map.
    ///
    /// # Errors
    /// When the map's values can't be ordered, or the step is none.
    pub fn of(trial: &ScoreTrial, protocol: &Protocol, generator: &mut impl Rng) -> Result<Self> {
        let order = order(trial.map, trial.ranking, trial.size(), protocol.ties, generator)?;
        Self::in_order(trial, &order, protocol, generator)
    }

    fn in_order(
        trial: &ScoreTrial,
        order: &[usize],
        protocol: &Protocol,
        generator: &mut impl Rng,
    ) -> Result<Self> {
        let step = protocol.step;
        if step == 0 || step > order.len() {
            let why = format!("a step of {step} px; it must be 1 to {}", order.len());
            return Err(Error::new("cannot compute curves", why));
        }
        let mut imputer =
            |substrate| Imputer::new(substrate, trial.pixels, trial.mean_colour, generator);
        let (deletion, insertion) = (imputer(protocol.deletion)?, imputer(protocol.insertion)?);
        let [height, width] = trial.size();
        let mut ranks = Array2::zeros((height, width));
        for (rank, pixel) in order.iter().enumerate() {
            ranks[[pixel / width, pixel % width]] = rank;
        }
        Ok(Self { deletion, insertion, ranks, protocol: *protocol })
    }

    /// Points of each curve, the first of no changed pixel and the last of all.
    pub fn points(&self) -> usize {
        self.ranks.len().div_ceil(self.protocol.step) + 1
    }

    /// Height and width of the pictures.
    pub fn size(&self) -> [usize; 2] {
        self.ranks.dim().into()
    }

    /// Memory that it takes, about.
    pub fn bytes(&self) -> usize {
        size_of::<usize>() * self.ranks.len() + self.deletion.bytes() + self.insertion.bytes()
    }

    /// The picture at a point of the Deletion curve, C×H×W in [0,1].
    ///
    /// # Errors
    /// When what stands in for pixels can't be computed.
    pub fn deleted(&self, point: usize) -> Result<Array3<f32>> {
        let changed = point * self.protocol.step;
        self.deletion.impute(&self.ranks.mapv(|rank| rank < changed))
    }

    /// The picture at a point of the Insertion curve, C×H×W in [0,1].
    ///
    /// # Errors
    /// When what stands in for pixels can't be computed.
    pub fn inserted(&self, point: usize) -> Result<Array3<f32>> {
        let changed = point * self.protocol.step;
        self.insertion.impute(&self.ranks.mapv(|rank| rank >= changed))
    }

    /// The scores of all its pictures. `None` where the trial's watch cancelled.
    ///
    /// # Errors
    /// When a score is not finite.
    pub fn curves(&self, trial: &mut ScoreTrial) -> Result<Option<Curves>> {
        let (points, pixels) = (self.points(), self.ranks.len());
        let mut draw = |index: usize| {
            let picture = match index < points {
                true => self.deleted(index),
                false => self.inserted(index - points),
            };
            Ok((picture?, ()))
        };
        let mut scores = Vec::with_capacity(2 * points);
        let mut hear = |(), score| scores.push(score as f32);
        if trial.score_each(2 * points, &mut draw, &mut hear)? == Flow::Cancel {
            return Ok(None);
        }
        let share = |i: usize| (i * self.protocol.step).min(pixels) as f32 / pixels as f32;
        let fractions: Vec<f32> = (0..points).map(share).collect();
        let inserted = scores.split_off(points);
        Ok(Some(Curves {
            deletion: Curve::new(&fractions, scores),
            insertion: Curve::new(&fractions, inserted),
            fractions,
            protocol: self.protocol,
        }))
    }
}

/// Area under a curve by trapezoids. With equal steps it is RISE's; a shorter last step counts
/// as short as it is.
pub fn area(fractions: &[f32], scores: &[f32]) -> f64 {
    let trapezoid =
        |(x, y): (&[f32], &[f32])| f64::from(x[1] - x[0]) * f64::from(y[0] + y[1]) / 2.0;
    fractions.windows(2).zip(scores.windows(2)).map(trapezoid).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array4, Axis};
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    #[test]
    fn the_area_under_a_straight_line_is_its_mean_whatever_the_steps() {
        for places in [&[0.0, 0.5, 1.0][..], &[0.0, 0.4, 0.8, 1.0]] {
            let line: Vec<f32> = places.iter().map(|x| 1.0 - x).collect();
            assert!((area(places, &line) - 0.5).abs() < 1e-6);
        }
    }

    fn ordered(map: &Array3<f32>, ranking: Ranking, ties: Ties) -> Result<Vec<usize>> {
        order(map, ranking, [2, 2], ties, &mut ChaCha8Rng::seed_from_u64(3))
    }

    #[test]
    fn order_is_by_importance_and_then_by_place() {
        let map = Array3::from_shape_vec((1, 2, 2), vec![-3.0, 1.0, 2.0, 1.0]).unwrap();
        assert_eq!(ordered(&map, Ranking::Signed, Ties::ReadingOrder).unwrap(), [2, 1, 3, 0]);
        assert_eq!(ordered(&map, Ranking::Magnitude, Ties::ReadingOrder).unwrap(), [0, 2, 1, 3]);
        let broken = Array3::from_elem((1, 2, 2), f32::NAN);
        for ties in [Ties::ReadingOrder, Ties::Random] {
            assert!(ordered(&broken, Ranking::Signed, ties).is_err());
        }
    }

    #[test]
    fn default_steps_are_those_of_rise() {
        assert_eq!(default_step([224, 224]), 224 * 8);
        assert_eq!(default_step([32, 32]), 32);
        assert_eq!(default_step([28, 28]), 28);
    }

    /// Curves of a map for a score that is the mean over the left half of an 8×8 picture of ones,
    /// deleted and inserted from black.
    fn of_left_half(map: &Array3<f32>, step: usize, batch: usize) -> Curves {
        let pixels = Array3::ones((1, 8, 8));
        let mut score = |pictures: Array4<f32>| {
            let (left, _) = pictures.view().split_at(Axis(3), 4);
            Ok(left.outer_iter().map(|picture| picture.sum() / 32.0).collect())
        };
        let mut trial = ScoreTrial {
            pixels: &pixels,
            map,
            mean_colour: &[0.0],
            ranking: Ranking::Signed,
            score: &mut score,
            batch,
            watch: &mut |_, _| Flow::Continue,
        };
        let protocol = Protocol { step, insertion: Substrate::Black, ..Protocol::rise([8, 8]) };
        let generator = &mut ChaCha8Rng::seed_from_u64(0);
        insertion_deletion(&mut trial, &protocol, generator).unwrap().unwrap()
    }

    #[test]
    fn maps_that_know_everything_or_the_contrary_have_the_areas_of_triangles() {
        let left = Array3::from_shape_fn((1, 8, 8), |(_, _, x)| if x < 4 { 1.0 } else { 0.0 });
        for (map, deletion, insertion) in [(left.clone(), 0.25, 0.75), (-left, 0.75, 0.25)] {
            let curves = of_left_half(&map, 4, 5);
            assert!((curves.deletion.auc - deletion).abs() < 1e-6, "{}", curves.deletion.auc);
            assert!((curves.insertion.auc - insertion).abs() < 1e-6);
            let normalised = [&curves.deletion, &curves.insertion].map(Curve::normalised);
            assert!(normalised.iter().all(|n| (n.value().unwrap() - insertion).abs() < 1e-6));
            assert!((curves.insertion.over_maximum().value().unwrap() - insertion).abs() < 1e-6);
        }
    }

    #[test]
    fn batches_and_uneven_steps_change_nothing() {
        let map = Array3::from_shape_fn((1, 8, 8), |(_, y, x)| ((7 * y + 3 * x) % 11) as f32);
        let one = of_left_half(&map, 5, 1);
        assert_eq!(one, of_left_half(&map, 5, 64));
        assert_eq!((one.fractions.len(), one.fractions[13]), (14, 1.0));
        assert_eq!((one.deletion.scores[13], one.insertion.scores[13]), (0.0, 1.0));
    }

    #[test]
    fn confidence_goes_out_of_normalised_areas_and_flat_curves_have_none() {
        let fractions = [0.0, 0.5, 1.0];
        let curve = |scores: [f32; 3]| Curve::new(&fractions, scores.to_vec());
        let (sure, doubtful) = (curve([0.9, 0.3, 0.1]), curve([0.35, 0.2, 0.15]));
        let values = [sure.normalised(), doubtful.normalised()].map(|n| n.value().unwrap());
        assert!((values[0] - values[1]).abs() < 1e-6, "{values:?}");
        assert!(curve([0.5, 0.1, 0.5]).normalised().reason().is_some());
        assert!(curve([0.0, 0.0, 0.0]).over_maximum().reason().is_some());
    }

    #[test]
    fn ties_go_by_the_seed_where_asked() {
        let constant = Array3::zeros((1, 16, 16));
        let order = |seed| {
            let generator = &mut ChaCha8Rng::seed_from_u64(seed);
            order(&constant, Ranking::Signed, [16, 16], Ties::Random, generator).unwrap()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..256).collect::<Vec<_>>());
    }
}
