//! Where numbers lie on a line, and which of them are written beside it.

/// An axis from a round number to a round number.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// The axis that holds all the numbers between about `ticks` round ones. Numbers that are not
    /// finite don't count.
    pub fn over(values: impl Iterator<Item = f64>, ticks: usize) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = match (low <= high, low == high) {
            (false, _) => (0.0, 1.0),
            // One number alone: some room on both sides.
            (_, true) => (low - 0.5 * room(low), high + 0.5 * room(high)),
            _ => (low, high),
        };
        let step = round_step((high - low) / ticks.max(1) as f64);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    /// A number's place on the axis, from 0 to 1.
    pub fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The round numbers with their texts, as many decimals as their distance needs.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        let exponent = self.step.log10().floor();
        let (scale, suffix) = match exponent.abs() > 4.0 {
            true => (10f64.powf(exponent), format!("e{exponent:.0}")),
            false => (1.0, String::new()),
        };
        let decimals = (-(self.step / scale).log10().floor()).max(0.0) as usize;
        let tick = |place: usize| {
            // Rounding leaves no −0.
            let value = self.low + place as f64 * self.step;
            let shown = if value.abs() < 1e-9 * self.step { 0.0 } else { value / scale };
            let suffix = if shown == 0.0 { "" } else { &suffix };
            (value, format!("{shown:.decimals$}{suffix}").replace('-', "−"))
        };
        (0..=count).map(tick).collect()
    }
}

fn room(value: f64) -> f64 {
    if value == 0.0 { 1.0 } else { value.abs() }
}

/// The least of 1, 2 and 5 times a power of ten that is not below a length.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    // Rounding must not turn 2.0000001 into 5.
    let wanted = least / power * (1.0 - 1e-9);
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| *factor >= wanted);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64]) -> Vec<String> {
        let axis = Axis::over(values.iter().copied(), 5);
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers_around_all_values() {
        assert_eq!(texts(&[0.13, 0.87]), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&[-3.0, 7.0]), ["−4", "−2", "0", "2", "4", "6", "8"]);
        assert_eq!(texts(&[0.0, 2e6]), ["0", "5e5", "10e5", "15e5", "20e5"]);
        assert_eq!(texts(&[f64::NAN]).first().unwrap(), "0.0");
        assert_eq!(texts(&[2.0, 2.0]), ["1.0", "1.5", "2.0", "2.5", "3.0"]);
    }

    #[test]
    fn every_value_has_its_place() {
        let axis = Axis::over([-1.0, 3.0].into_iter(), 4);
        assert_eq!([-1.0, 1.0, 3.0].map(|value| axis.place(value)), [0.0, 0.5, 1.0]);
    }
}
