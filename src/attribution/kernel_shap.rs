//! KernelSHAP: Shapley values of superpixels, by least squares over coalitions.

use super::coalition::{
    COMPACTNESS, Coalition, HIDE, KERNEL, MAX_DISTANCE, RATIO, SEGMENTS, SIGMA, Superpixels,
    segmentation,
};
use super::least_squares::Sums;
use super::quantity::{SCORE, scores};
use super::{Cost, Description, Family, Flow, Job, Kind, Method, Parameter, Ranking, Sign, Values};
use crate::error::Result;
use crate::graph::Graph;
use ndarray::Array3;
use rand::seq::index;
use rand::{Rng, RngExt};
use std::iter;

pub struct KernelShap;

static DESCRIPTION: Description = Description {
    id: "kernel-shap",
    name: "KernelSHAP",
    family: Family::Perturbation,
    paper: "Lundberg, Lee 2017, A Unified Approach to Interpreting Model Predictions, section 4.1; coalitions as shap 0.51 takes them, all values kept; the end points hold exactly (Captum 0.9 weighs them by 10⁶)",
    formula: "φ that minimise Σ_z π(z) (S_c(x_z) − S_c(x_∅) − z·φ)² with Σφ = S_c(x) − S_c(x_∅), π(z) = (M−1) / (C(M,|z|) |z| (M−|z|))",
    shape: "1×H×W",
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
            let partial = || Ok(superpixels.map(&regression.values().0));
            if job.advance(done, plan.total, &partial) == Flow::Cancel {
                break;
            }
        }
        let (values, is_determined) = regression.values();
        job.facts.insert("score change", everything - nothing);
        if !is_determined && count > 1 {
            let why = "the coalitions are too few to tell its superpixels apart";
            job.warnings.push(format!("the smallest values that fit are shown: {why}"));
        }
        Ok(superpixels.map(&values))
    }
}

/// Which coalitions are scored: the smallest and largest all, as far as there are samples for them,
/// the others at random.
struct Plan {
    count: usize,
    /// Sizes 1 to this, and their complements', are taken as a whole.
    whole_sizes: usize,
    /// The kernel's mass on the other sizes.
    drawn_mass: f64,
    /// Coalitions to score.
    total: usize,
}

impl Plan {
    fn new(count: usize, samples: usize) -> Self {
        let mut plan = Self { count, whole_sizes: 0, drawn_mass: 0.0, total: samples };
        let pairs: Vec<f64> = (1..=count / 2).map(|size| plan.mass_of_pair(size)).collect();
        plan.drawn_mass = pairs.iter().sum();
        let mut left = samples as f64;
        for (size, mass) in (1..).zip(&pairs) {
            let subsets = choose(count, size) * plan.sizes_of_pair(size);
            // Rounding must not keep the last size out.
            if left * mass < subsets * plan.drawn_mass * (1.0 - 1e-8) {
                return plan;
            }
            left -= subsets;
            plan.whole_sizes = size;
            plan.drawn_mass = pairs[size..].iter().sum();
        }
        plan.total = samples - left as usize;
        plan
    }

    /// A size and its complement's, which are one in the middle.
    fn sizes_of_pair(&self, size: usize) -> f64 {
        if 2 * size == self.count { 1.0 } else { 2.0 }
    }

    /// The kernel's mass on all coalitions of a size and of its complement's.
    fn mass_of_pair(&self, size: usize) -> f64 {
        self.sizes_of_pair(size) / (size * (self.count - size)) as f64
    }

    /// The coalitions: those of whole sizes with their weights, then drawn ones, each followed by
    /// its complement.
    fn coalitions(
        &self,
        generator: &mut impl Rng,
    ) -> impl Iterator<Item = (Coalition, Option<f64>)> {
        let count = self.count;
        let whole = (1..=self.whole_sizes).flat_map(move |size| {
            let weight = 1.0 / (size * (count - size)) as f64 / choose(count, size);
            let both = if 2 * size == count { 1 } else { 2 };
            choices(count, size).flat_map(move |chosen| {
                pair(count, chosen).into_iter().take(both).map(move |c| (c, Some(weight)))
            })
        });
        let drawn = iter::repeat_with(move || pair(count, self.draw(generator))).flatten();
        whole.chain(drawn.map(|coalition| (coalition, None))).take(self.total)
    }

    /// Segments of a coalition whose size follows the kernel among the sizes that are drawn.
    fn draw(&self, generator: &mut impl Rng) -> Vec<usize> {
        let mut place = generator.random::<f64>() * self.drawn_mass;
        let mut size = self.whole_sizes + 1;
        while size < self.count / 2 && place >= self.mass_of_pair(size) {
            place -= self.mass_of_pair(size);
            size += 1;
        }
        index::sample(generator, self.count, size).into_vec()
    }
}

/// The coalition of the chosen segments, and its complement.
fn pair(count: usize, chosen: Vec<usize>) -> [Coalition; 2] {
    let mut visible = vec![0.0; count];
    for segment in chosen {
        visible[segment] = 1.0;
    }
    let others = visible.iter().map(|value| 1.0 - value).collect();
    [visible, others]
}

/// Every choice of `size` out of `count`, in order.
fn choices(count: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    iter::successors(Some((0..size).collect::<Vec<_>>()), move |choice| {
        let mut next = choice.clone();
        let place = (0..size).rev().find(|place| next[*place] < count - size + place)?;
        next[place] += 1;
        for later in place + 1..size {
            next[later] = next[later - 1] + 1;
        }
        Some(next)
    })
}

/// The number of such choices.
fn choose(count: usize, size: usize) -> f64 {
    (1..=size).map(|i| (count - size + i) as f64 / i as f64).product::<f64>().round()
}

/// The regression whose solution are the Shapley values.
struct Regression {
    whole: Sums,
    drawn: Sums,
    /// What the drawn coalitions weigh together, however many they are.
    drawn_mass: f64,
    /// What the values sum to.
    total: f64,
}

impl Regression {
    fn new(count: usize, drawn_mass: f64, total: f64) -> Self {
        Self { whole: Sums::new(count), drawn: Sums::new(count), drawn_mass, total }
    }

    /// Adds what a coalition gains over the empty one; drawn ones have no weight of their own.
    fn add(&mut self, coalition: &Coalition, gain: f64, weight: Option<f64>) {
        match weight {
            Some(weight) => self.whole.add(coalition, gain, weight),
            None => self.drawn.add(coalition, gain, 1.0),
        }
    }

    /// The values, and whether the coalitions determine them.
    fn values(&self) -> (Vec<f64>, bool) {
        let scale = match self.drawn.weight() {
            0.0 => 0.0,
            weight => self.drawn_mass / weight,
        };
        self.whole.clone().with(&self.drawn, scale).with_total(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::coalition::frozen_fit;
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
    fn the_weights_of_what_is_enumerated_are_shaps() {
        let case = frozen_fit("shap_all");
        let plan = Plan::new(4, 2048);
        assert_eq!((plan.total, plan.drawn_mass), (14, 0.0));
        let mut all: Vec<_> = plan.coalitions(&mut ChaCha8Rng::seed_from_u64(0)).collect();
        let mass: f64 = all.iter().map(|(_, weight)| weight.unwrap()).sum();
        let mut expected: Vec<_> = case.coalitions.iter().cloned().zip(case.weights).collect();
        all.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
        expected.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
        for (found, expected) in all.iter().zip(&expected) {
            assert_eq!(found.0, expected.0);
            assert!((found.1.unwrap() / mass - expected.1).abs() < 1e-12);
        }
    }

    #[test]
    fn plans_spend_their_samples_and_no_more() {
        for count in 1..14 {
            for samples in [2, 7, 60, 500, 100_000] {
                let plan = Plan::new(count, samples);
                let all = (1usize << count) - 2;
                assert_eq!(plan.total, samples.min(all), "{count} segments, {samples} samples");
                let found: Vec<_> = plan.coalitions(&mut ChaCha8Rng::seed_from_u64(1)).collect();
                assert_eq!(found.len(), plan.total);
                let is_proper = |z: &Coalition| z.contains(&0.0) && z.contains(&1.0);
                assert!(found.iter().all(|(coalition, _)| is_proper(coalition)));
            }
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

    #[test]
    fn choices_are_all_and_in_order() {
        let all: Vec<_> = choices(4, 2).collect();
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(choices(5, 5).count(), 1);
        assert_eq!((choose(5, 2), choose(50, 25)), (10.0, 126_410_606_437_752.0));
    }
}
