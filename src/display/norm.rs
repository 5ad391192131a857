//! From attribution to what is shown: channel reduction, sign, ends, scope. A map itself is
//! never normalised; a norm is data that travels beside it.

use crate::attribution::{Description, Sign};
use crate::text::number;
use ndarray::{Array2, Array3, Axis};
use serde::{Deserialize, Serialize};

/// How channels become one value a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    Sum,
    /// The sum of magnitudes, as PAIR's saliency shows maps in grey.
    SumOfMagnitudes,
    /// The value of the largest magnitude, with its sign.
    MaxAbsolute,
}

impl Reduction {
    pub const ALL: [Self; 3] = [Self::Sum, Self::SumOfMagnitudes, Self::MaxAbsolute];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::SumOfMagnitudes => "sum of magnitudes",
            Self::MaxAbsolute => "strongest",
        }
    }
}

/// Which maps share one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each map alone: colours can't be compared between maps.
    Panel,
    /// All maps of one method.
    Row,
    /// All maps of one network.
    Column,
    /// All maps that are shown.
    Figure,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Row, Self::Column, Self::Figure, Self::Panel];

    /// Whether maps of several methods share a scale.
    pub fn is_wide(self) -> bool {
        matches!(self, Self::Column | Self::Figure)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Row => "Per method",
            Self::Column => "Per network",
            Self::Figure => "One for all",
            Self::Panel => "Per cell",
        }
    }
}

/// Where scales end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The percentile of the shown magnitudes, in (0, 100].
    Percentile(f32),
    /// The magnitude below which, taken from the smallest on, magnitudes sum to so many percent of
    /// the whole, in (0, 100] (Captum's `outlier_perc` is what is missing to 100).
    Mass(f32),
    /// Values that a person chose.
    Fixed { low: f32, high: f32 },
}

impl Ends {
    pub fn name(self) -> &'static str {
        match self {
            Self::Percentile(_) => "percentile",
            Self::Mass(_) => "mass",
            Self::Fixed { .. } => "fixed",
        }
    }

    /// The same with numbers that can be used.
    pub fn checked(self) -> Self {
        let percent = |value: f32| if value.is_nan() { 100.0 } else { value.clamp(0.1, 100.0) };
        match self {
            Self::Percentile(value) => Self::Percentile(percent(value)),
            Self::Mass(value) => Self::Mass(percent(value)),
            Self::Fixed { low, high } if low < high && (high - low).is_finite() => self,
            Self::Fixed { .. } => Norm::default().ends,
        }
    }
}

/// How attributions become colours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Norm {
    pub reduction: Reduction,
    /// `None` shows each method as its description says.
    pub sign: Option<Sign>,
    pub ends: Ends,
    pub scope: Scope,
}

impl Default for Norm {
    /// One scale a method, ending at the 99th percentile as in the SmoothGrad paper, section 3.
    fn default() -> Self {
        Self {
            reduction: Reduction::Sum,
            sign: None,
            ends: Ends::Percentile(99.0),
            scope: Scope::Row,
        }
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

    /// The strength that the strongest values of a map have at least, these being a share of all in
    /// (0, 1].
    pub fn strength_of_top(&self, reduced: &Array2<f32>, share: f32) -> f32 {
        let mut strengths: Vec<f32> = reduced.iter().map(|value| self.strength(*value)).collect();
        let weaker = ((1.0 - share) * strengths.len() as f32).round() as usize;
        match weaker.min(strengths.len().saturating_sub(1)) {
            0 => 0.0,
            index => *strengths.select_nth_unstable_by(index, f32::total_cmp).1,
        }
    }
}

impl Norm {
    /// The sign used for a method.
    pub fn sign(&self, method: &Description) -> Sign {
        self.sign.unwrap_or(method.sign)
    }

    /// Whether all maps of a method have one scale.
    pub fn has_bar_a_row(&self) -> bool {
        matches!(self.scope, Scope::Row | Scope::Figure)
    }

    /// How the maps of a method are scaled, for people.
    pub fn words(&self) -> String {
        let scope = match self.scope {
            Scope::Panel => "each cell scaled alone",
            Scope::Row => "one scale for this method on all networks",
            Scope::Column => "one scale for all methods on a network",
            Scope::Figure => "one scale for all methods and networks",
        };
        format!("{}; {scope}", self.words_of_values())
    }

    /// The same for maps of one method on several pictures.
    pub fn words_of_pictures(&self) -> String {
        let scope = match self.scope {
            Scope::Panel => "each cell scaled alone",
            Scope::Column => "one scale for all pictures on a network",
            Scope::Row | Scope::Figure => "one scale for all pictures and networks",
        };
        format!("{}; {scope}", self.words_of_values())
    }

    fn words_of_values(&self) -> String {
        let ends = match self.ends {
            Ends::Percentile(100.0) | Ends::Mass(100.0) => "the largest magnitude".into(),
            Ends::Percentile(percentile) => format!("percentile {percentile} of magnitudes"),
            Ends::Mass(percent) => {
                format!("where smaller magnitudes sum to {percent} % of the whole")
            }
            Ends::Fixed { low, high } => format!("{} and {}", number(low), number(high)),
        };
        let sign = self.sign.map_or(String::new(), |sign| format!(", {} values", sign.name()));
        format!("Channels: {}{sign}; ends at {ends}", self.reduction.name())
    }

    /// One value a pixel: channels reduced, and absolute where the sign is [`Sign::Absolute`].
    pub fn reduce(&self, map: &Array3<f32>, sign: Sign) -> Array2<f32> {
        let reduced = match self.reduction {
            Reduction::Sum => map.sum_axis(Axis(0)),
            Reduction::SumOfMagnitudes => map.mapv(f32::abs).sum_axis(Axis(0)),
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
        if let Ends::Fixed { low, high } = self.ends {
            return Scale { low, high, centred: sign == Sign::Signed && low == -high };
        }
        let values: Vec<f32> = reduced.into_iter().flat_map(|map| map.iter().copied()).collect();
        if sign == Sign::Full {
            let low = values.iter().copied().reduce(f32::min).unwrap_or(0.0);
            let above = self.end(values.into_iter().map(|value| value - low).collect());
            // A constant map still needs two ends, and one of large values a distance that counts.
            return Scale { low, high: low + above.max(low.abs() * f32::EPSILON), centred: false };
        }
        Self::up_to(self.end(magnitudes(values, sign)), sign)
    }

    /// The end that maps of several kinds share.
    pub fn shared_end<'a>(
        &self,
        reduced: impl IntoIterator<Item = (&'a Array2<f32>, Sign)>,
    ) -> f32 {
        let of =
            |(map, sign): (&Array2<f32>, Sign)| magnitudes(map.iter().copied().collect(), sign);
        self.end(reduced.into_iter().flat_map(of).collect())
    }

    /// A scale that reaches as far from zero.
    pub fn up_to(end: f32, sign: Sign) -> Scale {
        match sign {
            Sign::Signed => Scale { low: -end, high: end, centred: true },
            _ => Scale { low: 0.0, high: end, centred: false },
        }
    }

    /// The end of a scale that starts at zero: where the norm says, the maximum where that is zero,
    /// because most values are, or 1 where all are.
    fn end(&self, mut magnitudes: Vec<f32>) -> f32 {
        let end = match self.ends {
            Ends::Percentile(percentile) => quantile(&mut magnitudes, percentile / 100.0),
            Ends::Mass(percent) => mass_quantile(&mut magnitudes, percent / 100.0),
            Ends::Fixed { high, .. } => high,
        };
        let end = if end > 0.0 { end } else { quantile(&mut magnitudes, 1.0) };
        if end > 0.0 { end } else { 1.0 }
    }
}

/// How far values are from zero, as far as a kind of scale shows them.
fn magnitudes(values: Vec<f32>, sign: Sign) -> Vec<f32> {
    match sign {
        Sign::Signed => values.into_iter().map(f32::abs).collect(),
        _ => values.into_iter().map(|value| value.max(0.0)).collect(),
    }
}

/// The value that a share of all values does not exceed; 0 for none.
fn quantile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let index = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}

/// The first of ascending values up to which they sum to a share of the whole; 0 for none.
fn mass_quantile(values: &mut [f32], share: f32) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let whole: f64 = values.iter().map(|value| f64::from(*value)).sum();
    let mut sum = 0.0;
    let reached = values.iter().find(|value| {
        sum += f64::from(**value);
        sum >= whole * f64::from(share)
    });
    reached.or(values.last()).copied().unwrap_or(0.0)
}

/// Where the scales of a pair's maps end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairEnds {
    /// Both at one value, so that colours compare, and the difference is of values as they are.
    #[default]
    Shared,
    /// Each where its own map says.
    Own,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr2, arr3};

    const WHOLE: Norm = Norm {
        reduction: Reduction::Sum,
        sign: None,
        ends: Ends::Percentile(100.0),
        scope: Scope::Row,
    };

    #[test]
    fn zero_stays_in_the_middle_of_a_signed_scale() {
        let scale = WHOLE.scale(&[arr2(&[[-1.0, 4.0]])], Sign::Signed);
        assert_eq!((scale.low, scale.high), (-4.0, 4.0));
        assert_eq!(scale.place(0.0), 0.5);
        assert_eq!((scale.strength(0.0), scale.strength(-4.0)), (0.0, 1.0));
    }

    #[test]
    fn maps_share_one_scale() {
        let (weak, strong) = (arr2(&[[0.0, 1.0]]), arr2(&[[0.0, 10.0]]));
        let scale = WHOLE.scale([&weak, &strong], Sign::Positive);
        assert_eq!((scale.place(1.0), scale.place(10.0)), (0.1, 1.0));
        let end = WHOLE.shared_end([(&weak, Sign::Positive), (&arr2(&[[-20.0]]), Sign::Signed)]);
        assert_eq!(end, 20.0, "a negative value counts where it is shown");
        assert_eq!(WHOLE.shared_end([(&arr2(&[[-20.0, 3.0]]), Sign::Positive)]), 3.0);
        assert_eq!(Norm::up_to(20.0, Sign::Signed).low, -20.0);
    }

    #[test]
    fn ends_follow_ranks_mass_or_a_person() {
        // 1 to 9, and one of 55: half of the whole lies below the last.
        let map = arr2(&[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, -55.0f32]]);
        let high = |ends| Norm { ends, ..WHOLE }.scale([&map], Sign::Signed).high;
        assert_eq!(high(Ends::Percentile(90.0)), 9.0, "rank 8.1 of 0 to 9");
        assert_eq!(high(Ends::Mass(45.0)), 9.0);
        assert_eq!(high(Ends::Mass(46.0)), 55.0);
        let fixed = Norm { ends: Ends::Fixed { low: -2.0, high: 3.0 }, ..WHOLE };
        let scale = fixed.scale([&map], Sign::Signed);
        assert_eq!((scale.low, scale.high, scale.centred), (-2.0, 3.0, false));
        let wrong = Ends::Fixed { low: 1.0, high: f32::NAN };
        assert_eq!(wrong.checked(), Ends::Percentile(99.0));
    }

    #[test]
    fn the_strongest_share_is_what_its_strength_leaves() {
        let map = arr2(&[[0.1, -0.9, 0.5, 0.3]]);
        let scale = WHOLE.scale([&map], Sign::Signed);
        for (share, count) in [(0.25, 1), (0.5, 2), (1.0, 4)] {
            let least = scale.strength_of_top(&map, share);
            let left = map.iter().filter(|value| scale.strength(**value) >= least).count();
            assert_eq!(left, count);
        }
    }

    #[test]
    fn constant_and_broken_maps_still_have_a_scale() {
        for value in [0.0, 3.0, -1e9, f32::NAN, f32::INFINITY] {
            for sign in [Sign::Signed, Sign::Positive, Sign::Absolute, Sign::Full] {
                for ends in [Ends::Percentile(99.0), Ends::Mass(98.0)] {
                    let norm = Norm { ends, ..Norm::default() };
                    let reduced = norm.reduce(&arr3(&[[[value, value]]]), sign);
                    let scale = norm.scale([&reduced], sign);
                    assert!(scale.high > scale.low && scale.high.is_finite(), "{value} {sign:?}");
                    assert!(scale.strength(reduced[[0, 0]]).is_finite(), "{value} {sign:?}");
                }
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
        let with = |reduction| Norm { reduction, ..WHOLE };
        assert_eq!(with(Reduction::Sum).reduce(&map, Sign::Signed), arr2(&[[-2.0]]));
        assert_eq!(with(Reduction::Sum).reduce(&map, Sign::Absolute), arr2(&[[2.0]]));
        assert_eq!(with(Reduction::MaxAbsolute).reduce(&map, Sign::Signed), arr2(&[[-3.0]]));
        assert_eq!(with(Reduction::SumOfMagnitudes).reduce(&map, Sign::Signed), arr2(&[[4.0]]));
    }
}
