//! KernelSHAP: Shapley values of superpixels, by least squares over coalitions.

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
use crate::attribution::perturbation::quantity::{self, SCORE, scores};
use crate::attribution::perturbation::shapley_kernel::Plan;
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use ndarray::Array3;

pub struct KernelShap;

static DESCRIPTION: Description = Description {
    id: "kernel-shap",
    name: "KernelSHAP",
    family: Family::Perturbation,
    paper: "Lundberg, Lee 2017, A Unified Approach to Interpreting Model Predictions, section 4.1; coalitions as shap 0.51 takes them, all values kept; the end points hold exactly (Captum 0.9 weighs them by 10⁶)",
    formula: "φ that minimise Σ_z π(z) (S_c(x_z) − S_c(x_∅) − z·φ)² with Σφ = S_c(x) − S_c(x_∅), π(z) = (M−1) / (C(M,|z|) |z| (M−|z|))",
    shape: MapShape::Plane,
    unit: "class score",
    passes: "1 forward for every coalition, and 2",
    ranking: Ranking::Signed,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "samples",
            help: "coalitions of superpixels; the values are exact where all fit in",
            unit: "forward passes",
            kind: Kind::Integer { default: 2048, min: 2, max: 1_000_000 },
            source: "shap 0.51: 2048, and twice the superpixels; Captum 0.9: 25",
        },
        segmentation("slic", "shap's example of explaining an image"),
        SEGMENTS,
        COMPACTNESS,
        SIGMA,
        KERNEL,
        MAX_DISTANCE,
        RATIO,
        HIDE,
        SCORE,
    ],
};

impl Method for KernelShap {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        Cost { forwards: values.integer("samples") + 2, backwards: 0 }
    }

    fn needs(&self, values: &Values) -> Vec<Need> {
        quantity::needs(values)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let mut generator = job.stream.generator();
        let superpixels = Superpixels::new(job, &mut generator)?;
        let count = superpixels.count;
        let ends = scores(job, superpixels.pictures(&[vec![0.0; count], vec![1.0; count]]))?;
        let [nothing, everything] = [ends[0], ends[1]].map(f64::from);
        let plan = Plan::new(count, job.values.integer("samples"));
        let mut regression = Regression::new(count, plan.drawn_mass, everything - nothing);
        let mut coalitions = plan.coalitions(&mut generator);
        let mut done = 0;
        while done < plan.total {
            let batch: Vec<_> = coalitions.by_ref().take(job.batch).collect();
            let pictures: Vec<_> = batch.iter().map(|(coalition, _)| coalition.clone()).collect();
            let scores = scores(job, superpixels.pictures(&pictures))?;
            for ((coalition, weight), score) in batch.iter().zip(scores) {
                regression.add(coalition, f64::from(score) - nothing, *weight);
            }
            done += batch.len();
            job.convergence = regression.standard_error().map(|error| (STANDARD_ERROR, error));
            let partial = || Ok(superpixels.map(&regression.values().0));
            if job.advance(done, plan.total, &partial) == Flow::Cancel {
                break;
            }
        }
        let (values, is_determined) = regression.values();
        job.diagnostics.insert("score change", everything - nothing);
        if !is_determined && count > 1 {
            let why = "the coalitions are too few to distinguish its superpixels";
            job.warnings.push(format!("the smallest values that fit are shown: {why}"));
        }
        Ok(superpixels.map(&values))
    }
}

/// The regression whose solution are the Shapley values.
struct Regression {
    whole: Sums,
    drawn: Halves,
    draws: usize,
    /// The total weight of the sampled coalitions, however many they are.
    drawn_mass: f64,
    /// What the values sum to.
    total: f64,
}

impl Regression {
    fn new(count: usize, drawn_mass: f64, total: f64) -> Self {
        let (whole, drawn) = (Sums::new(count), Halves::new(count));
        Self { whole, drawn, draws: 0, drawn_mass, total }
    }

    /// Adds what a coalition gains over the empty one; drawn ones have no weight of their own.
    fn add(&mut self, coalition: &Coalition, gain: f64, weight: Option<f64>) {
        if let Some(weight) = weight {
            return self.whole.add(coalition, gain, weight);
        }
        // A coalition and its complement stay together.
        self.drawn.add(self.draws / 2, coalition, gain, 1.0);
        self.draws += 1;
    }

    /// The values, and whether the coalitions determine them.
    fn values(&self) -> (Vec<f64>, bool) {
        self.values_with(&self.drawn.whole())
    }

    /// The same from other draws.
    fn values_with(&self, drawn: &Sums) -> (Vec<f64>, bool) {
        let scale = match drawn.weight() {
            0.0 => 0.0,
            weight => self.drawn_mass / weight,
        };
        self.whole.clone().with(drawn, scale).with_total(self.total)
    }

    /// Standard error of the values, relative to their size, where coalitions were sampled.
    fn standard_error(&self) -> Option<f64> {
        let error = || self.drawn.relative_standard_error(|drawn| self.values_with(drawn));
        (self.draws > 0).then(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::perturbation::coalition::frozen_fit;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    /// The values of a game over its plan's coalitions.
    fn values(count: usize, samples: usize, game: &dyn Fn(&Coalition) -> f64) -> Vec<f64> {
        let plan = Plan::new(count, samples);
        let nothing = game(&vec![0.0; count]);
        let change = game(&vec![1.0; count]) - nothing;
        let mut regression = Regression::new(count, plan.drawn_mass, change);
        for (coalition, weight) in plan.coalitions(&mut ChaCha8Rng::seed_from_u64(3)) {
            regression.add(&coalition, game(&coalition) - nothing, weight);
        }
        let (values, is_determined) = regression.values();
        assert!(is_determined);
        assert!((values.iter().sum::<f64>() - change).abs() < 1e-10, "efficiency");
        values
    }

    fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn three_players_get_their_mean_marginal_gains() {
        let game = |z: &Coalition| 1.0 + 2.0 * z[0] - z[1] + 3.0 * z[0] * z[1] + z[0] * z[1] * z[2];
        // By hand: a pair's gain is halved between the two, a triple's goes to three.
        let third = 1.0 / 3.0;
        let expected = [2.0 + 1.5 + third, -1.0 + 1.5 + third, third];
        assert!(largest_difference(&values(3, 6, &game), &expected) < 1e-12);
        assert!(largest_difference(&values(3, 2048, &game), &expected) < 1e-12);
    }

    #[test]
    fn an_additive_game_is_found_from_few_coalitions() {
        let shares: Vec<f64> = (0..20).map(|i| f64::from(i % 7) - 2.5).collect();
        let game = |z: &Coalition| 4.0 + z.iter().zip(&shares).map(|(z, s)| z * s).sum::<f64>();
        assert!(largest_difference(&values(20, 60, &game), &shares) < 1e-10);
    }

    #[test]
    fn the_values_are_shaps() {
        for case in ["shap_all", "shap_drawn"] {
            let case = frozen_fit(case);
            let count = case.values.len();
            let mut regression = Regression::new(count, 0.0, case.everything - case.nothing);
            for ((coalition, score), weight) in
                case.coalitions.iter().zip(&case.scores).zip(&case.weights)
            {
                regression.add(coalition, score - case.nothing, Some(*weight));
            }
            assert!(largest_difference(&regression.values().0, &case.values) < 1e-10);
        }
    }

    #[test]
    fn drawn_coalitions_come_near_to_the_exact_values() {
        let game = |z: &Coalition| {
            let sum: f64 = z.iter().enumerate().map(|(i, z)| z * (i as f64).sin()).sum();
            sum.tanh() + z[0] * z[5] - 0.5 * z[2] * z[3] * z[9]
        };
        let exact = values(11, 2048, &game);
        let error = |samples| largest_difference(&values(11, samples, &game), &exact);
        assert!(error(200) < 0.1 && error(1500) < 0.02, "{}, {}", error(200), error(1500));
    }
}
