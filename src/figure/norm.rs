//! From attribution to what is shown: channel reduction, sign, clipping, scope. A map itself is
//! never normalised; a norm is data that travels beside it.

use crate::attribution::{Description, Sign};
use ndarray::{Array2, Array3, Axis};
use serde::Serialize;

/// How channels become one value a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    Sum,
    MaxAbsolute,
}

/// Which maps share one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each map alone: colours can't be compared between maps.
    Panel,
    /// All maps of one method.
    Row,
}

/// How attributions become colours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Norm {
    pub reduction: Reduction,
    /// `None` shows each method as its description says.
    pub sign: Option<Sign>,
    /// Percentile of the shown values that the scale ends at, in (0, 100].
    pub percentile: f32,
    pub scope: Scope,
}

impl Default for Norm {
    /// One scale a method, ending at the 99th percentile as in the SmoothGrad paper, section 3.
    fn default() -> Self {
        Self { reduction: Reduction::Sum, sign: None, percentile: 99.0, scope: Scope::Row }
    }
}

/// The values at the two ends of a colour map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale {
    pub low: f32,
    pub high: f32,
    /// True when the middle is zero, so that magnitude counts from there.
    pub centred: bool,
}

impl Scale {
    /// Place of a value between the ends, in [0,1].
    pub fn place(&self, value: f32) -> f32 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Strength of a value, in [0,1]: what thresholds and transparency go by.
    pub fn strength(&self, value: f32) -> f32 {
        match self.centred {
            true => (2.0 * self.place(value) - 1.0).abs(),
            false => self.place(value),
        }
    }
}

impl Norm {
    /// The sign used for a method.
    pub fn sign(&self, method: &Description) -> Sign {
        self.sign.unwrap_or(method.sign)
    }

    /// One value a pixel: channels reduced, and absolute where the sign is [`Sign::Absolute`].
    pub fn reduce(&self, map: &Array3<f32>, sign: Sign) -> Array2<f32> {
        let reduced = match self.reduction {
            Reduction::Sum => map.sum_axis(Axis(0)),
            Reduction::MaxAbsolute => map.fold_axis(Axis(0), 0.0f32, |strongest, value| {
                if value.abs() > strongest.abs() { *value } else { *strongest }
            }),
        };
        // Colours can't show what is no number; the map's warnings say that it was there.
        let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
        match sign {
            Sign::Absolute => reduced.mapv(|value| finite(value).abs()),
            _ => reduced.mapv(finite),
        }
    }

    /// The one scale of some reduced maps.
    pub fn scale<'a>(
        &self,
        reduced: impl IntoIterator<Item = &'a Array2<f32>>,
        sign: Sign,
    ) -> Scale {
        let mut values: Vec<f32> =
            reduced.into_iter().flat_map(|map| map.iter().copied()).collect();
        let share = self.percentile / 100.0;
        match sign {
            Sign::Signed => {
                let high = positive_end(values.into_iter().map(f32::abs).collect(), share);
                Scale { low: -high, high, centred: true }
            }
            Sign::Positive | Sign::Absolute => {
                let positive = values.into_iter().map(|value| value.max(0.0)).collect();
                Scale { low: 0.0, high: positive_end(positive, share), centred: false }
            }
            Sign::Full => {
                let low = quantile(&mut values, 1.0 - share);
                let high = quantile(&mut values, share);
                // A constant map still needs two ends.
                let high = if high > low { high } else { low + low.abs().max(1.0) };
                Scale { low, high, centred: false }
            }
        }
    }
}

/// The end of a scale that starts at zero: the percentile, the maximum where most values are
/// zero, or 1 where all are.
fn positive_end(mut values: Vec<f32>, share: f32) -> f32 {
    let end = quantile(&mut values, share);
    let end = if end > 0.0 { end } else { quantile(&mut values, 1.0) };
    if end > 0.0 { end } else { 1.0 }
}

/// The value that a share of all values does not exceed; 0 for none.
fn quantile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let index = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr2, arr3};

    #[test]
    fn zero_stays_in_the_middle_of_a_signed_scale() {
        let norm = Norm { percentile: 100.0, ..Norm::default() };
        let scale = norm.scale(&[arr2(&[[-1.0, 4.0]])], Sign::Signed);
        assert_eq!((scale.low, scale.high), (-4.0, 4.0));
        assert_eq!(scale.place(0.0), 0.5);
        assert_eq!((scale.strength(0.0), scale.strength(-4.0)), (0.0, 1.0));
    }

    #[test]
    fn maps_share_one_scale() {
        let norm = Norm { percentile: 100.0, ..Norm::default() };
        let (weak, strong) = (arr2(&[[0.0, 1.0]]), arr2(&[[0.0, 10.0]]));
        let scale = norm.scale([&weak, &strong], Sign::Positive);
        assert_eq!((scale.place(1.0), scale.place(10.0)), (0.1, 1.0));
    }

    #[test]
    fn constant_and_broken_maps_still_have_a_scale() {
        for value in [0.0, 3.0, -1e9, f32::NAN, f32::INFINITY] {
            for sign in [Sign::Signed, Sign::Positive, Sign::Absolute, Sign::Full] {
                let reduced = Norm::default().reduce(&arr3(&[[[value, value]]]), sign);
                let scale = Norm::default().scale([&reduced], sign);
                assert!(scale.high > scale.low && scale.high.is_finite(), "{value} {sign:?}");
                assert!(scale.strength(reduced[[0, 0]]).is_finite(), "{value} {sign:?}");
            }
        }
    }

    #[test]
    fn a_zero_map_shows_nothing_and_a_sparse_one_shows_what_it_has() {
        let zero = Norm::default().scale(&[Array2::zeros((9, 9))], Sign::Signed);
        assert_eq!(zero.strength(0.0), 0.0);
        let mut sparse = Array2::zeros((30, 30));
        sparse[[3, 3]] = -2.0;
        let scale = Norm::default().scale(&[sparse], Sign::Signed);
        assert_eq!((scale.low, scale.high), (-2.0, 2.0));
    }

    #[test]
    fn reductions_keep_the_sign_they_should() {
        let map = arr3(&[[[1.0f32]], [[-3.0]]]);
        let norm = Norm::default();
        assert_eq!(norm.reduce(&map, Sign::Signed), arr2(&[[-2.0]]));
        assert_eq!(norm.reduce(&map, Sign::Absolute), arr2(&[[2.0]]));
        let strongest = Norm { reduction: Reduction::MaxAbsolute, ..norm };
        assert_eq!(strongest.reduce(&map, Sign::Signed), arr2(&[[-3.0]]));
    }
}
