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
        match sign {
            Sign::Absolute => reduced.mapv(f32::abs),
            _ => reduced,
        }
    }

    /// The one scale of some reduced maps.
    pub fn scale<'a>(
        &self,
        reduced: impl IntoIterator<Item = &'a Array2<f32>>,
        sign: Sign,
    ) -> Scale {
        let values = || {
            let values = reduced.into_iter().flat_map(|map| map.iter().copied());
            values.filter(|value| value.is_finite())
        };
        let share = self.percentile / 100.0;
        let scale = match sign {
            Sign::Signed => {
                let high = quantile(values().map(f32::abs).collect(), share);
                Scale { low: -high, high, centred: true }
            }
            Sign::Positive | Sign::Absolute => {
                let high = quantile(values().map(|value| value.max(0.0)).collect(), share);
                Scale { low: 0.0, high, centred: false }
            }
            Sign::Full => {
                let values: Vec<f32> = values().collect();
                let low = quantile(values.clone(), 1.0 - share);
                Scale { low, high: quantile(values, share), centred: false }
            }
        };
        match scale.high > scale.low {
            true => scale,
            // A constant map still needs two ends.
            false => Scale { high: scale.low + 1.0, ..scale },
        }
    }
}

/// The value that a share of all values does not exceed; 0 for none.
fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
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
        for value in [0.0, 3.0, f32::NAN] {
            for sign in [Sign::Signed, Sign::Positive, Sign::Absolute, Sign::Full] {
                let scale = Norm::default().scale(&[arr2(&[[value, value]])], sign);
                assert!(scale.high > scale.low, "{value} {sign:?}");
            }
        }
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
