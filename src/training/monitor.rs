//! What is measured after each epoch, and whether the training collapsed.

use super::data::Pictures;
use super::evaluation::{accuracy, robust_accuracy, watching};
use super::objective::Collapse;
use super::recipe::Recipe;
use crate::error::Result;
use crate::graph::Graph;
use crate::random::RandomStream;
use serde::{Deserialize, Serialize};

/// Accuracies on held-out pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    pub clean: f64,
    /// Under 10 steps of attack.
    pub robust: f64,
    /// Pictures that both are of.
    pub pictures: [usize; 2],
}

/// Held-out pictures to watch a training with.
pub struct Monitor {
    all: Pictures,
    attacked: Pictures,
}

impl Monitor {
    pub fn new(recipe: &Recipe, held_out: &Pictures) -> Self {
        let plan = &recipe.evaluation;
        let random = || RandomStream::new(recipe.seed, "watched pictures", "", "").generator();
        Self {
            all: held_out.some(plan.watched.max(1), &mut random()),
            attacked: held_out.some(plan.attacked.max(1), &mut random()),
        }
    }

    /// # Errors
    /// When the device failed.
    pub fn measure(&self, recipe: &Recipe, graph: &Graph) -> Result<Watched> {
        let (norm, epsilon) = recipe.adversary();
        let pgd = watching(norm, epsilon.value());
        Ok(Watched {
            clean: accuracy(graph, &self.all)?,
            robust: robust_accuracy(graph, &self.attacked, pgd, 1, recipe.seed)?,
            pictures: [self.all.len(), self.attacked.len()],
        })
    }
}

/// The best value so far of the accuracy that may collapse, in millionths, so that a checkpoint
/// keeps it exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Best(u32);

/// What an epoch was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Worth going back to.
    Good,
    /// Worse than before, as happens.
    Fair,
    /// Broken down.
    Broken,
}

impl Best {
    /// Judges an epoch. A collapse is less than half of the best under attack, or seven tenths of
    /// it without, if chance can't have done that and the best was well above guessing among
    /// `classes`; more than nine tenths is good.
    pub fn judge(&mut self, collapse: Collapse, watched: Watched, classes: usize) -> Verdict {
        let [all, attacked] = watched.pictures;
        let (value, least, pictures) = match collapse {
            Collapse::Clean => (watched.clean, 0.7, all),
            Collapse::Robust => (watched.robust, 0.5, attacked),
        };
        let best = f64::from(self.0) / 1e6;
        let deviation = (best * (1.0 - best) / pictures.max(1) as f64).sqrt();
        self.0 = self.0.max((value * 1e6) as u32);
        match () {
            () if best > 1.5 / classes as f64
                && value < least * best
                && best - value > 3.0 * deviation =>
            {
                Verdict::Broken
            }
            () if value >= 0.9 * best => Verdict::Good,
            () => Verdict::Fair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_to_less_than_half_is_a_breakdown() {
        let mut best = Best::default();
        let mut judge = |robust| {
            let watched = Watched { clean: 0.9, robust, pictures: [1000, 256] };
            best.judge(Collapse::Robust, watched, 10)
        };
        assert_eq!(judge(0.1), Verdict::Good);
        // Nothing was learned yet that could be lost.
        assert_eq!(judge(0.02), Verdict::Fair);
        assert_eq!(judge(0.3), Verdict::Good);
        assert_eq!(judge(0.28), Verdict::Good);
        assert_eq!(judge(0.2), Verdict::Fair);
        assert_eq!(judge(0.1), Verdict::Broken);
    }

    #[test]
    fn chance_is_no_breakdown() {
        let mut best = Best::default();
        let mut judge = |clean, pictures| {
            let watched = Watched { clean, robust: 0.0, pictures: [pictures, 1] };
            best.judge(Collapse::Clean, watched, 10)
        };
        assert_eq!(judge(0.2, 20), Verdict::Good);
        assert_eq!(judge(0.05, 20), Verdict::Fair);
        // What the third paper saw of sharpened explanations.
        assert_eq!(judge(0.67, 1000), Verdict::Good);
        assert_eq!(judge(0.39, 1000), Verdict::Broken);
    }
}
