//! The coalitions that determine Shapley values, and their weights: the Shapley kernel
//! 1 / (C(M,|z|) |z| (M−|z|)), which the factor M − 1 would not change.

use crate::attribution::perturbation::coalition::Coalition;
use rand::seq::index;
use rand::{Rng, RngExt};
use std::iter;

/// Which coalitions are scored: the smallest and largest all, as far as there are samples for them,
/// the others at random.
pub struct Plan {
    count: usize,
    /// Sizes 1 to this, and their complements', are taken as a whole.
    whole_sizes: usize,
    /// The kernel's mass on the other sizes.
    pub drawn_mass: f64,
    /// Coalitions to score.
    pub total: usize,
}

impl Plan {
    pub fn new(count: usize, samples: usize) -> Self {
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
    pub fn coalitions(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::perturbation::coalition::frozen_fit;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

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
    fn choices_are_all_and_in_order() {
        let all: Vec<_> = choices(4, 2).collect();
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(choices(5, 5).count(), 1);
        assert_eq!((choose(5, 2), choose(50, 25)), (10.0, 126_410_606_437_752.0));
    }
}
