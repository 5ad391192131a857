//! The learning rate over a training.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Shape of the learning rate over the epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    Constant,
    /// Half a cosine down to 0 (Loshchilov and Hutter 2017, "SGDR", without restarts).
    Cosine,
    /// Times `factor` after each of some epochs.
    Step {
        after: Vec<f64>,
        #[serde(default = "tenth")]
        factor: f64,
    },
    /// Up in a straight line over a share of the training, then down to 0, as fast adversarial
    /// training has it (Wong et al. 2020, "Fast is better than free", section 4).
    OneCycle {
        #[serde(default = "two_fifths")]
        rise: f64,
    },
}

fn tenth() -> f64 {
    0.1
}

fn two_fifths() -> f64 {
    0.4
}

impl Schedule {
    /// Whether its values can be used.
    ///
    /// # Errors
    /// With the one that can't.
    pub fn check(&self) -> Result<()> {
        let wrong = |name: &str, why: &str| {
            Err(Error::new(format!("`{name}` can't be used"), why.to_string()))
        };
        match self {
            Schedule::Step { factor, .. } if !(*factor > 0.0 && factor.is_finite()) => {
                wrong("factor", "it must be above 0")
            }
            Schedule::OneCycle { rise } if !(*rise > 0.0 && *rise < 1.0) => {
                wrong("rise", "it must be above 0 and below 1")
            }
            _ => Ok(()),
        }
    }

    /// The rate relative to the highest one, at an epoch (with its fraction done) of `epochs`.
    pub fn at(&self, epoch: f64, epochs: f64) -> f64 {
        let part = (epoch / epochs).clamp(0.0, 1.0);
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 + 0.5 * (std::f64::consts::PI * part).cos(),
            Schedule::Step { after, factor } => {
                after.iter().filter(|end| epoch >= **end).fold(1.0, |rate, _| rate * factor)
            }
            Schedule::OneCycle { rise } if part < *rise => part / rise,
            Schedule::OneCycle { rise } => (1.0 - part) / (1.0 - rise),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_what_their_names_say() {
        let step = Schedule::Step { after: vec![2.0, 3.0], factor: 0.1 };
        let cycle = Schedule::OneCycle { rise: 0.25 };
        for (schedule, epoch, expected) in [
            (&Schedule::Constant, 3.0, 1.0),
            (&Schedule::Cosine, 0.0, 1.0),
            (&Schedule::Cosine, 2.0, 0.5),
            (&Schedule::Cosine, 4.0, 0.0),
            (&step, 1.9, 1.0),
            (&step, 2.0, 0.1),
            (&step, 3.5, 0.01),
            (&cycle, 0.5, 0.5),
            (&cycle, 1.0, 1.0),
            (&cycle, 2.5, 0.5),
        ] {
            let found = schedule.at(epoch, 4.0);
            assert!((found - expected).abs() < 1e-12, "{schedule:?} at {epoch}: {found}");
        }
    }
}
