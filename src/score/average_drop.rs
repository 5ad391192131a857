//! What is left of the score when only the map's places are left of the picture.

use super::description::{Better, Description, Measure, OverPictures};
use super::measured::Measured;
use super::trial::ScoreTrial;
use crate::error::Result;
use crate::progress::Flow;
use ndarray::{Array2, Array3};
use serde::Serialize;

const COMMON: Description = Description {
    id: "",
    name: "",
    better: Better::Higher,
    range: "",
    over_pictures: OverPictures::Mean,
    paper: "Chattopadhay, Sarkar, Howlader, Balasubramanian 2018, Grad-CAM++; the map's positive part from 0 at its minimum to 1 at its maximum multiplies what differs from the colour that the network normalises to zero",
    formula: "",
    passes: "2 forwards",
    parameters: &[],
    measure: Measure::Scores(|trial, _, _| Ok(confidence(trial)?.map(|found| found.drop))),
};

pub(super) static AVERAGE_DROP: Description = Description {
    id: "average-drop",
    name: "Drop in confidence",
    better: Better::Lower,
    range: "0 to 1 for probabilities; its mean over pictures is the average drop",
    formula: "max(0, f(x) − f(x ⊙ m)) / f(x)",
    ..COMMON
};

pub(super) static INCREASE: Description = Description {
    id: "increase-in-confidence",
    name: "Increase in confidence",
    range: "0 or 1; its mean over pictures is their share",
    formula: "1 where f(x ⊙ m) > f(x), else 0",
    measure: Measure::Scores(|trial, _, _| Ok(confidence(trial)?.map(|found| found.increase))),
    ..COMMON
};

pub(super) static CHANGE: Description = Description {
    id: "confidence-change",
    name: "Change in confidence",
    range: "−1 to 1 for probabilities",
    over_pictures: OverPictures::Mean,
    paper: "pytorch-grad-cam 1.5 (CamMultImageConfidenceChange), where it is not divided by the score as in Grad-CAM++",
    formula: "f(x ⊙ m) − f(x)",
    measure: Measure::Scores(|trial, _, _| Ok(confidence(trial)?.map(|found| found.change))),
    ..COMMON
};

/// The score before and after all but the map's places were masked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Confidence {
    pub drop: Measured,
    pub increase: Measured,
    pub change: Measured,
}

/// Masks the picture by its map and scores it. `None` where the watch cancelled. A map without a
/// place that is more positive than others masks nothing in particular: then nothing is defined.
///
/// # Errors
/// When map and picture don't fit, or a picture can't be scored.
pub fn confidence(trial: &mut ScoreTrial) -> Result<Option<Confidence>> {
    let Some(mask) = mask(&trial.importance()?) else {
        let none = Measured::Undefined("the map's positive part is constant");
        return Ok(Some(Confidence { drop: none, increase: none, change: none }));
    };
    let pictures = [trial.pixels.clone(), masked(trial, &mask)];
    let mut scores = [0.0; 2];
    let mut draw = |index: usize| Ok((pictures[index].clone(), index));
    let flow = trial.score_each(2, &mut draw, &mut |index, score| scores[index] = score)?;
    Ok((flow == Flow::Continue).then(|| Confidence::of(scores)))
}

impl Confidence {
    fn of([before, after]: [f64; 2]) -> Self {
        let drop = match before > 0.0 {
            true => Ok((before - after).max(0.0) / before),
            false => Err("the picture's own score is not above zero"),
        };
        Self {
            drop: drop.into(),
            increase: Measured::Value(f64::from(u8::from(after > before))),
            change: Measured::Value(after - before),
        }
    }
}

/// The positive part from 0 at its minimum to 1 at its maximum; `None` where it is constant.
fn mask(importance: &Array2<f32>) -> Option<Array2<f32>> {
    let positive = importance.mapv(|value| value.max(0.0));
    let low = positive.iter().copied().fold(f32::INFINITY, f32::min);
    let high = positive.iter().copied().fold(0.0, f32::max);
    (high > low).then(|| positive.mapv(|value| (value - low) / (high - low)))
}

/// What differs from the mean colour, times the mask.
fn masked(trial: &ScoreTrial, mask: &Array2<f32>) -> Array3<f32> {
    Array3::from_shape_fn(trial.pixels.dim(), |(channel, y, x)| {
        let zero = trial.mean_colour[channel];
        zero + (trial.pixels[[channel, y, x]] - zero) * mask[[y, x]]
    })
}
