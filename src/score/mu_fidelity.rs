//! MuFidelity: whether the map's sums over parts of the picture go with what the score loses.

use super::description::{Better, Description, Measure, OverPictures};
use super::imputation::{Imputer, Substrate, substrate};
use super::measured::Measured;
use super::similarity::{pearson_of, spearman_of};
use super::trial::ScoreTrial;
use crate::error::Result;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::{Array2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;

pub(super) static DESCRIPTION: Description = Description {
    id: "mu-fidelity",
    name: "MuFidelity",
    better: Better::Higher,
    range: "−1 to 1",
    over_pictures: OverPictures::Mean,
    paper: "Bhatt, Weller, Moura 2020, Evaluating and Aggregating Feature-based Model Explanations, faithfulness; cells of a grid instead of single pixels, as in Xplique, and exactly the asked share of them",
    formula: "correlation over random sets S of Σ Φ over S and f(x) − f(x without S)",
    passes: "samples + 1 forwards",
    parameters: PARAMETERS,
    measure: Measure::Scores(|trial, values, generator| {
        mu_fidelity(trial, &MuFidelityParameters::from(values), generator)
    }),
};

static PARAMETERS: &[Parameter] = &[
    Parameter {
        id: "grid",
        help: "cells on a side of the grid; as many as pixels at most",
        unit: "cells",
        kind: Kind::Integer { default: 9, min: 2, max: 1024 },
        source: "Xplique (grid_size)",
    },
    Parameter {
        id: "share",
        help: "share of the cells that each set removes, at least one and not all",
        unit: "of all cells",
        kind: Kind::Real { default: 0.2, min: 0.0001, max: 0.9999 },
        source: "Xplique (subset_percent)",
    },
    Parameter {
        id: "samples",
        help: "sets drawn",
        unit: "pictures",
        kind: Kind::Integer { default: 200, min: 2, max: 1_000_000 },
        source: "Xplique (nb_samples)",
    },
    Parameter {
        id: "correlation",
        help: "Pearson's correlation, or that of ranks (spearman)",
        unit: "",
        kind: Kind::Choice { default: "pearson", options: &["pearson", "spearman"] },
        source: "Bhatt et al. 2020; Xplique takes ranks",
    },
    substrate("mean", "Xplique (baseline_mode): zero to the network"),
];

/// How two lists are correlated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correlation {
    Pearson,
    Spearman,
}

/// Parameters of [`mu_fidelity`]; their defaults and sources are in its description.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MuFidelityParameters {
    /// Cells on a side.
    pub grid: usize,
    /// Share of the cells that is removed, in (0,1).
    pub share: f32,
    /// Sets drawn.
    pub samples: usize,
    pub correlation: Correlation,
    pub substrate: Substrate,
}

impl From<&Values> for MuFidelityParameters {
    fn from(values: &Values) -> Self {
        Self {
            grid: values.integer("grid"),
            share: values.real("share"),
            samples: values.integer("samples"),
            correlation: match values.choice("correlation") {
                "spearman" => Correlation::Spearman,
                _ => Correlation::Pearson,
            },
            substrate: Substrate::named(values.choice("substrate")),
        }
    }
}

impl Default for MuFidelityParameters {
    fn default() -> Self {
        Self::from(&Values::defaults(PARAMETERS))
    }
}

/// MuFidelity over random sets of cells. `None` where the watch cancelled.
///
/// # Errors
/// When map and picture don't fit, or a picture can't be scored.
pub fn mu_fidelity(
    trial: &mut ScoreTrial,
    parameters: &MuFidelityParameters,
    generator: &mut impl Rng,
) -> Result<Option<Measured>> {
    let imputer = Imputer::new(parameters.substrate, trial.pixels, trial.mean_colour, generator)?;
    let [height, width] = trial.size();
    let grid = [height, width].map(|side| parameters.grid.clamp(1, side));
    let cells = grid[0] * grid[1];
    let removed = (f64::from(parameters.share) * cells as f64).round() as usize;
    let removed = removed.clamp(1, (cells - 1).max(1));
    let mut order: Vec<usize> = (0..cells).collect();
    let mut draw = || {
        let mut is_removed = vec![false; cells];
        let (chosen, _) = order.partial_shuffle(generator, removed);
        for cell in chosen {
            is_removed[*cell] = true;
        }
        Array2::from_shape_fn((height, width), |(y, x)| {
            is_removed[y * grid[0] / height * grid[1] + x * grid[1] / width]
        })
    };
    mu_fidelity_over(trial, &imputer, parameters.samples, parameters.correlation, &mut draw)
}

/// MuFidelity over given sets of pixels (H×W), `samples` of them.
///
/// # Errors
/// As for [`mu_fidelity`], and when a set is not of the picture's size.
pub fn mu_fidelity_over(
    trial: &mut ScoreTrial,
    imputer: &Imputer,
    samples: usize,
    correlation: Correlation,
    draw: &mut dyn FnMut() -> Array2<bool>,
) -> Result<Option<Measured>> {
    let attribution = trial.attribution()?.mapv(f64::from).sum_axis(Axis(0));
    let mut next = || {
        let removed = draw();
        let picture = imputer.impute(&removed)?;
        let inside = attribution.iter().zip(&removed).filter(|(_, removed)| **removed);
        Ok((picture, inside.map(|(value, _)| value).sum::<f64>()))
    };
    let (mut sums, mut losses) = (vec![], vec![]);
    let flow = trial.loss_each(samples, &mut next, &mut |sum, loss| {
        sums.push(sum);
        losses.push(loss);
    })?;
    let found = || match correlation {
        Correlation::Pearson => pearson_of(&sums, &losses).into(),
        Correlation::Spearman => spearman_of(&sums, &losses).into(),
    };
    Ok((flow == Flow::Continue).then(found))
}
