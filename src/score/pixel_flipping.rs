//! Perturbation curves: the score while pixels are removed in the order of a map.

use super::description::{Better, Description, Measure, OverPictures};
use super::imputation::{Imputer, Substrate, substrate};
use super::measured::Measured;
use super::ranking::order_with_ties;
use super::trial::ScoreTrial;
use crate::error::{Error, Result};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array2;
use rand::Rng;
use serde::Serialize;

const COMMON: Description = Description {
    id: "",
    name: "",
    better: Better::Higher,
    range: "that of the score",
    over_pictures: OverPictures::Mean,
    paper: "Rong, Leemann, Borisov, Kasneci, Kasneci 2022, A Consistent and Efficient Evaluation Strategy for Attribution Methods (ROAD); ties are broken at random, as in its published code",
    formula: "",
    passes: "one forward a fraction",
    parameters: PARAMETERS,
    measure: Measure::Scores(|trial, values, generator| {
        let curves = pixel_flipping(trial, &PixelFlippingParameters::from(values), generator)?;
        Ok(curves.map(|curves| curves.road()))
    }),
};

pub(super) static MORF: Description = Description {
    id: "morf",
    name: "Most relevant first",
    better: Better::Lower,
    formula: "mean over q of f(x without the q most important pixels)",
    measure: Measure::Scores(|trial, values, generator| {
        let parameters = PixelFlippingParameters::from(values);
        let scores = flip(trial, &parameters, generator, |order, count| &order[..count])?;
        Ok(scores.map(|scores| mean(&scores)))
    }),
    ..COMMON
};

pub(super) static LERF: Description = Description {
    id: "lerf",
    name: "Least relevant first",
    formula: "mean over q of f(x without the q least important pixels)",
    measure: Measure::Scores(|trial, values, generator| {
        let parameters = PixelFlippingParameters::from(values);
        let scores =
            flip(trial, &parameters, generator, |order, count| &order[order.len() - count..])?;
        Ok(scores.map(|scores| mean(&scores)))
    }),
    ..COMMON
};

pub(super) static ROAD: Description = Description {
    id: "road",
    name: "ROAD",
    range: "−½ to ½ for probabilities, 0 for an order that knows nothing",
    formula: "(mean of LeRF − mean of MoRF) / 2",
    passes: "two forwards a fraction",
    ..COMMON
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        id: "fractions",
        help: "shares of the pixels that are removed, q",
        unit: "of all pixels",
        kind: Kind::Reals {
            default: &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
            min: 0.0,
            max: 1.0,
        },
        source: "Rong et al. 2022; pytorch-grad-cam 1.5 (ROADCombined)",
    },
    substrate("linear", "Rong et al. 2022"),
];

/// Parameters of [`pixel_flipping`]; their defaults and sources are in its descriptions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PixelFlippingParameters {
    /// Shares of the pixels that are removed, in [0,1].
    pub fractions: Vec<f64>,
    pub substrate: Substrate,
}

impl From<&Values> for PixelFlippingParameters {
    fn from(values: &Values) -> Self {
        let substrate = Substrate::named(values.choice("substrate"));
        Self { fractions: values.reals("fractions").to_vec(), substrate }
    }
}

impl Default for PixelFlippingParameters {
    fn default() -> Self {
        Self::from(&Values::defaults(PARAMETERS))
    }
}

/// The class's score at every fraction, in both orders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerturbationCurves {
    pub fractions: Vec<f64>,
    pub most_relevant_first: Vec<f64>,
    pub least_relevant_first: Vec<f64>,
}

impl PerturbationCurves {
    /// Half the mean gap between the curves (pytorch-grad-cam's `ROADCombined`).
    pub fn road(&self) -> Measured {
        let gaps = self.least_relevant_first.iter().zip(&self.most_relevant_first);
        mean(&gaps.map(|(least, most)| (least - most) / 2.0).collect::<Vec<_>>())
    }
}

/// Both curves of a map. `None` where the watch cancelled.
///
/// # Errors
/// When map and picture don't fit, a fraction is not in [0,1], or a picture can't be scored.
pub fn pixel_flipping(
    trial: &mut ScoreTrial,
    parameters: &PixelFlippingParameters,
    generator: &mut impl Rng,
) -> Result<Option<PerturbationCurves>> {
    let (imputer, order) = prepare(trial, parameters.substrate, generator)?;
    let counts = counts(&parameters.fractions, order.len())?;
    let most = counts.iter().map(|count| &order[..*count]);
    let least = counts.iter().map(|count| &order[order.len() - count..]);
    let removals: Vec<&[usize]> = most.chain(least).collect();
    let scores = scores_without(trial, &imputer, &removals)?;
    Ok(scores.map(|mut scores| PerturbationCurves {
        fractions: parameters.fractions.clone(),
        least_relevant_first: scores.split_off(counts.len()),
        most_relevant_first: scores,
    }))
}

/// The class's score of the picture without some pixels, for any number of such removals; pixels
/// are given by their indices in reading order. `None` where the watch cancelled.
///
/// # Errors
/// When map and picture don't fit, a place lies outside the picture, or a picture can't be scored.
pub fn scores_without(
    trial: &mut ScoreTrial,
    imputer: &Imputer,
    removals: &[&[usize]],
) -> Result<Option<Vec<f64>>> {
    trial.check()?;
    let [height, width] = trial.size();
    let mut next = |index: usize| {
        let mut removed = Array2::from_elem((height, width), false);
        for &pixel in removals[index] {
            *removed.get_mut((pixel / width, pixel % width)).ok_or_else(|| {
                let why = format!("there is no pixel {pixel} in {height}×{width}");
                Error::new("cannot remove pixels", why)
            })? = true;
        }
        Ok((imputer.impute(&removed)?, ()))
    };
    let mut scores = Vec::with_capacity(removals.len());
    let flow = trial.score_each(removals.len(), &mut next, &mut |(), score| scores.push(score))?;
    Ok((flow == Flow::Continue).then_some(scores))
}

/// One curve: `removal` takes the pixels to remove from their order, by their number.
fn flip(
    trial: &mut ScoreTrial,
    parameters: &PixelFlippingParameters,
    generator: &mut impl Rng,
    removal: impl Fn(&[usize], usize) -> &[usize],
) -> Result<Option<Vec<f64>>> {
    let (imputer, order) = prepare(trial, parameters.substrate, generator)?;
    let counts = counts(&parameters.fractions, order.len())?;
    let removals: Vec<&[usize]> = counts.iter().map(|count| removal(&order, *count)).collect();
    scores_without(trial, &imputer, &removals)
}

fn prepare(
    trial: &ScoreTrial,
    substrate: Substrate,
    generator: &mut impl Rng,
) -> Result<(Imputer, Vec<usize>)> {
    trial.check()?;
    let imputer = Imputer::new(substrate, trial.pixels, trial.mean_colour, generator)?;
    let order = order_with_ties(trial.map, trial.ranking, trial.size(), generator)?;
    Ok((imputer, order))
}

/// Numbers of pixels that fractions come to.
fn counts(fractions: &[f64], pixels: usize) -> Result<Vec<usize>> {
    let count = |fraction: &f64| {
        if (0.0..=1.0).contains(fraction) {
            return Ok((fraction * pixels as f64).round() as usize);
        }
        let why = format!("a fraction of {fraction}; it must be 0 to 1");
        Err(Error::new("cannot remove pixels", why))
    };
    fractions.iter().map(count).collect()
}

fn mean(scores: &[f64]) -> Measured {
    match scores.is_empty() {
        true => Measured::Undefined("no fractions of pixels to remove"),
        false => Ok(scores.iter().sum::<f64>() / scores.len() as f64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::Ranking;
    use ndarray::Array3;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    fn order(map: &Array3<f32>, ranking: Ranking, seed: u64) -> Vec<usize> {
        let (_, height, width) = map.dim();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        order_with_ties(map, ranking, [height, width], &mut generator).unwrap()
    }

    #[test]
    fn order_is_by_importance_and_then_by_chance() {
        let map = Array3::from_shape_vec((1, 2, 3), vec![-3.0, 1.0, 2.0, 0.0, -0.0, 0.0]).unwrap();
        let mut seen = [false; 6];
        for seed in 0..50 {
            let signed = order(&map, Ranking::Signed, seed);
            assert_eq!((&signed[..2], signed[5]), (&[2, 1][..], 0));
            seen[signed[2]] = true;
            assert_eq!(order(&map, Ranking::Magnitude, seed)[..3], [0, 2, 1]);
        }
        assert_eq!(seen, [false, false, false, true, true, true]);
        assert_eq!(order(&map, Ranking::Signed, 7), order(&map, Ranking::Signed, 7));
    }

    #[test]
    fn maps_without_an_order_are_refused() {
        let mut generator = ChaCha8Rng::seed_from_u64(0);
        for (map, size) in [
            (Array3::from_elem((1, 2, 2), f32::NAN), [2, 2]),
            (Array3::zeros((0, 2, 2)), [2, 2]),
            (Array3::zeros((1, 2, 2)), [0, 2]),
        ] {
            assert!(order_with_ties(&map, Ranking::Signed, size, &mut generator).is_err());
        }
    }
}
