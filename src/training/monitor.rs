//! What is measured after each epoch, and whether the training broke down.

use super::data::Pictures;
use super::evaluation::{accuracy, robust_accuracy, watching};
use super::objective::Weakness;
use super::recipe::Recipe;
use crate::attribution::Stream;
use crate::error::Result;
use crate::graph::Graph;
use serde::{Deserialize, Serialize};

/// Accuracies on held-out pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    pub clean: f64,
    /// Under 10 steps of attack.
    pub robust: f64,
}

/// Held-out pictures to watch a training with.
pub struct Monitor {
    all: Pictures,
    attacked: Pictures,
}

impl Monitor {
    pub fn new(recipe: &Recipe, held_out: &Pictures) -> Self {
        let plan = &recipe.evaluation;
        let random = || Stream::new(recipe.seed, "watched pictures", "", "").generator();
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
        })
    }
}

/// The best that was seen of what may break down, in millionths, so that a checkpoint keeps it
/// exactly.
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
    /// Judges an epoch: less than half of the best is broken down, once the best was well above
    /// guessing among `classes`; more than nine tenths is good.
    pub fn judge(&mut self, weakness: Weakness, watched: Watched, classes: usize) -> Verdict {
        let value = match weakness {
            Weakness::Clean => watched.clean,
            Weakness::Robust => watched.robust,
        };
        let best = f64::from(self.0) / 1e6;
        self.0 = self.0.max((value * 1e6) as u32);
        match () {
            () if best > 1.5 / classes as f64 && value < 0.5 * best => Verdict::Broken,
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
        let mut judge = |robust| best.judge(Weakness::Robust, Watched { clean: 0.9, robust }, 10);
        assert_eq!(judge(0.1), Verdict::Good);
        // Nothing was learned yet that could be lost.
        assert_eq!(judge(0.02), Verdict::Fair);
        assert_eq!(judge(0.3), Verdict::Good);
        assert_eq!(judge(0.28), Verdict::Good);
        assert_eq!(judge(0.2), Verdict::Fair);
        assert_eq!(judge(0.1), Verdict::Broken);
    }
}
