//! How two maps differ.

use super::Scale;
use ndarray::Array2;

/// The second of two maps less the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Difference {
    /// Of values as they are, for both maps are on a scale that reaches so far.
    Raw { reach: f32 },
    /// Of each map divided by the end of its scale.
    Normalised { ends: [f32; 2] },
}

impl Difference {
    /// That of maps on these scales.
    pub fn of_scales(scales: [Scale; 2]) -> Self {
        let [first, second] = scales;
        match first == second {
            true => {
                Self::Raw { reach: if first.centred { first.high } else { first.high - first.low } }
            }
            false => Self::Normalised { ends: scales.map(|of| of.low.abs().max(of.high.abs())) },
        }
    }

    /// The difference of two maps of one size.
    pub fn of(self, [first, second]: [&Array2<f32>; 2]) -> Array2<f32> {
        match self {
            Self::Raw { .. } => second - first,
            Self::Normalised { ends: [a, b] } => second / b - first / a,
        }
    }

    /// Where it is shown.
    pub fn scale(self) -> Scale {
        let end = match self {
            Self::Raw { reach } => reach,
            Self::Normalised { .. } => 1.0,
        };
        Scale { low: -end, high: end, centred: true }
    }

    /// What it is of.
    pub fn words(self) -> &'static str {
        match self {
            Self::Raw { .. } => "raw values",
            Self::Normalised { .. } => "each over its own end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    fn up_to(high: f32) -> Scale {
        Scale { low: 0.0, high, centred: false }
    }

    #[test]
    fn maps_on_one_scale_differ_in_their_values_and_others_in_shares_of_their_ends() {
        let (weak, strong) = (arr2(&[[0.0, 1.0]]), arr2(&[[0.0, 10.0]]));
        let raw = Difference::of_scales([up_to(10.0); 2]);
        assert_eq!(raw, Difference::Raw { reach: 10.0 });
        assert_eq!(raw.of([&strong, &weak]), arr2(&[[0.0, -9.0]]));
        assert_eq!((raw.scale().low, raw.scale().high), (-10.0, 10.0));
        let own = Difference::of_scales([up_to(10.0), up_to(1.0)]);
        assert_eq!(own.of([&strong, &weak]), arr2(&[[0.0, 0.0]]));
        assert_eq!(own.scale().high, 1.0);
        assert_ne!(own.words(), raw.words());
    }

    #[test]
    fn a_difference_reaches_as_far_as_the_whole_of_a_scale_that_does_not_begin_at_zero() {
        let scale = Scale { low: 5.0, high: 6.0, centred: false };
        assert_eq!(Difference::of_scales([scale; 2]), Difference::Raw { reach: 1.0 });
        let signed = Scale { low: -2.0, high: 2.0, centred: true };
        assert_eq!(Difference::of_scales([signed; 2]), Difference::Raw { reach: 2.0 });
    }
}
