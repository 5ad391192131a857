//! One epoch of a training: a line of its log.

use std::fmt;
use std::str::FromStr;

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub number: usize,
    /// The learning rate at its end.
    pub rate: f64,
    /// Mean loss of the pictures it learned from, and the part of them that was right.
    pub loss: f64,
    pub accuracy: f64,
    /// Accuracy on held-out pictures, and under 10 steps of attack.
    pub clean: f64,
    pub robust: f64,
    /// Time of training since the beginning.
    pub seconds: f64,
}

impl Epoch {
    /// Over the lines of `log.csv`.
    pub const HEADING: &str = "epoch,rate,loss,accuracy,clean,pgd10,seconds";
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { number, rate, loss, accuracy, clean, robust, seconds } = self;
        write!(f, "{number},{rate:.5},{loss:.5},{accuracy:.4},{clean:.4},{robust:.4},{seconds:.1}")
    }
}

impl FromStr for Epoch {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut numbers = line.split(',').map(|number| number.parse::<f64>().ok());
        let mut next = || numbers.next().flatten().ok_or("it is no line of a log");
        Ok(Self {
            number: next()? as usize,
            rate: next()?,
            loss: next()?,
            accuracy: next()?,
            clean: next()?,
            robust: next()?,
            seconds: next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_everything() {
        let line = "3,0.04000,1.25000,0.5000,0.6125,0.2500,12.3";
        let epoch: Epoch = line.parse().unwrap();
        assert_eq!((epoch.number, epoch.clean, epoch.seconds), (3, 0.6125, 12.3));
        assert_eq!(epoch.to_string(), line);
        assert!("3,0.04".parse::<Epoch>().is_err());
    }
}
