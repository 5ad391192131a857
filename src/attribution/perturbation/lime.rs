//! LIME: a linear model of the class's probability over random coalitions of superpixels.

use crate::attribution::estimate::STANDARD_ERROR;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::perturbation::coalition::{
    COMPACTNESS, Coalition, HIDE, KERNEL, MAX_DISTANCE, RATIO, SEGMENTS, SIGMA, Superpixels,
    segmentation,
};
use crate::attribution::perturbation::least_squares::{Halves, Sums};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;
use rand::{Rng, RngExt};

pub struct Lime;

static DESCRIPTION: Description = Description {
    id: "lime",
    name: "LIME",
    family: Family::Perturbation,
    paper: "Ribeiro, Singh, Guestrin 2016, \"Why Should I Trust You?\", section 3, with the lime package's kernel and ridge and all superpixels kept",
    formula: "β of p_c(x_z) ≈ b + z·β that minimise Σ_z √exp(−d²/w²) (p_c(x_z) − b − z·β)² + α‖β‖², z random superpixels, d = 1 − cos(z, 1)",
    shape: MapShape::Plane,
    unit: "class score",
    passes: "1 forward for every sample",
    ranking: Ranking::Signed,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "samples",
            help: "coalitions of superpixels; the first is the whole picture",
            unit: "forward passes",
            kind: Kind::Integer { default: 1000, min: 1, max: 100_000 },
            source: "the lime package, 0.2",
        },
        segmentation(
            "quickshift",
            "the lime package, 0.2; Bansal, Agarwal, Nguyen 2020, SAM: slic as by default here, hide mean",
        ),
        SEGMENTS,
        COMPACTNESS,
        SIGMA,
        KERNEL,
        MAX_DISTANCE,
        RATIO,
        HIDE,
        Parameter {
            id: "kernel-width",
            help: "w: how fast coalitions count for less as they differ from the whole picture",
            unit: "cosine distance",
            kind: Kind::Real { default: 0.25, min: 0.01, max: 100.0 },
            source: "the lime package, 0.2",
        },
        Parameter {
            id: "alpha",
            help: "α: how much large coefficients cost",
            unit: "",
            kind: Kind::Real { default: 1.0, min: 0.0, max: 1e6 },
            source: "the lime package, 0.2",
        },
    ],
};

impl Method for Lime {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        Cost { forwards: values.integer("samples"), backwards: 0 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Probabilities]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let mut generator = job.stream.generator();
        let superpixels = Superpixels::new(job, &mut generator)?;
        let samples = job.values.integer("samples");
        let [width, alpha] = ["kernel-width", "alpha"].map(|id| f64::from(job.values.real(id)));
        let mut halves = Halves::new(superpixels.count);
        let fit = |sums: &Sums| sums.ridge(alpha);
        let mut done = 0;
        while done < samples {
            let batch = done..samples.min(done + job.batch);
            let coalitions: Vec<_> =
                batch.map(|sample| coalition(sample, superpixels.count, &mut generator)).collect();
            let probabilities = job.probabilities(superpixels.pictures(&coalitions))?;
            for (coalition, probability) in coalitions.iter().zip(probabilities) {
                halves.add(done, coalition, f64::from(probability), weight(coalition, width));
                done += 1;
            }
            let error = halves.relative_standard_error(|sums| {
                let fit = fit(sums);
                (fit.coefficients, fit.is_determined)
            });
            job.convergence = Some((STANDARD_ERROR, error));
            let partial = || Ok(superpixels.map(&fit(&halves.whole()).coefficients));
            if job.advance(done, samples, &partial) == Flow::Cancel {
                break;
            }
        }
        let fit = fit(&halves.whole());
        job.diagnostics.insert("R²", fit.r_squared);
        job.diagnostics.insert("intercept", fit.intercept);
        if !fit.is_determined {
            let why = "the samples are too few to distinguish its superpixels";
            job.warnings.push(format!("the smallest coefficients that fit are shown: {why}"));
        }
        Ok(superpixels.map(&fit.coefficients))
    }
}

/// The whole picture first, then every superpixel visible or not with equal probability.
fn coalition(sample: usize, count: usize, generator: &mut impl Rng) -> Coalition {
    let drawn: Vec<bool> = (0..count).map(|_| generator.random()).collect();
    drawn.into_iter().map(|visible| f64::from(sample == 0 || visible)).collect()
}

/// √exp(−d²/w²) of the cosine distance d to the whole picture, which is 1 where nothing is visible.
fn weight(coalition: &Coalition, width: f64) -> f64 {
    let visible: f64 = coalition.iter().sum();
    let distance = 1.0 - (visible / coalition.len() as f64).sqrt();
    (-(distance / width).powi(2)).exp().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::perturbation::coalition::frozen_fit;

    #[test]
    fn the_fit_is_the_lime_packages() {
        let case = frozen_fit("lime");
        let mut sums = Sums::new(case.coefficients.len());
        for (coalition, score) in case.coalitions.iter().zip(&case.scores) {
            sums.add(coalition, *score, weight(coalition, 0.25));
        }
        let fit = sums.ridge(1.0);
        for (found, expected) in fit.coefficients.iter().zip(&case.coefficients) {
            assert!((found - expected).abs() < 1e-10, "{found} for {expected}");
        }
        assert!((fit.intercept - case.intercept).abs() < 1e-10);
        assert!((fit.r_squared - case.r_squared).abs() < 1e-10);
    }

    #[test]
    fn weights_fall_from_the_whole_picture_to_the_empty_one() {
        assert_eq!(weight(&vec![1.0; 5], 0.25), 1.0);
        let one_hidden = weight(&vec![0.0, 1.0, 1.0, 1.0], 0.25);
        let distance = 1.0 - 0.75f64.sqrt();
        assert!((one_hidden - (-distance * distance / 0.125).exp()).abs() < 1e-12);
        assert!((weight(&vec![0.0; 5], 0.25) - (-8f64).exp()).abs() < 1e-12);
    }
}
