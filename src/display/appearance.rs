//! How maps are shown; changing it computes nothing anew.

use crate::attribution::{Description, Method, Sign};
use crate::display::{ColourMap, Convention, Ends, Norm, OPACITY, PairEnds, Scope, Style};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stands in the rows and columns of the grid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    #[default]
    MethodsByNetworks,
    NetworksByMethods,
    /// Of one method.
    PicturesByNetworks,
}

impl Arrangement {
    pub const ALL: [Self; 3] =
        [Self::MethodsByNetworks, Self::NetworksByMethods, Self::PicturesByNetworks];

    pub fn name(self) -> &'static str {
        match self {
            Self::MethodsByNetworks => "methods × networks",
            Self::NetworksByMethods => "networks × methods",
            Self::PicturesByNetworks => "pictures × networks",
        }
    }

    /// The one after it, and after the last the first.
    pub fn next(self) -> Self {
        match self {
            Self::MethodsByNetworks => Self::NetworksByMethods,
            Self::NetworksByMethods => Self::PicturesByNetworks,
            Self::PicturesByNetworks => Self::MethodsByNetworks,
        }
    }
}

/// How maps are shown, as sessions keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Appearance {
    pub arrangement: Arrangement,
    pub style: Style,
    /// `None` takes the usual map for each method's kind of values.
    // Sessions and figure records spell it so.
    #[serde(rename = "color-map")]
    pub colour_map: Option<ColourMap>,
    /// Of the map over the picture, in [0,1].
    pub opacity: f32,
    /// Places weaker than this share of the scale are left out, in [0,1].
    pub threshold: f32,
    /// Percent of the places of a map that are shown, the strongest; 100 for all.
    pub top: f32,
    /// Weak places are more transparent.
    pub fade: bool,
    /// Enlarge pixels bilinearly.
    pub smooth: bool,
    /// The picture has no colours.
    pub grey: bool,
    /// What people drew around is shown.
    pub boxes: bool,
    /// Whether the maps of a pair share the ends of their scales.
    pub pair_ends: PairEnds,
    pub norms: Norms,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            arrangement: Arrangement::default(),
            style: Style::default(),
            colour_map: None,
            opacity: OPACITY,
            threshold: 0.0,
            top: 100.0,
            fade: true,
            smooth: true,
            grey: false,
            boxes: true,
            pair_ends: PairEnds::default(),
            norms: Norms::default(),
        }
    }
}

impl Appearance {
    /// That of the example: all of it in one view, each cell scaled alone, for the robust network's
    /// gradients are many times smaller.
    pub fn of_example() -> Self {
        let all = Norm { scope: Scope::Panel, ..Norm::default() };
        Self {
            arrangement: Arrangement::NetworksByMethods,
            norms: Norms { all, ..Norms::default() },
            ..Self::default()
        }
    }

    /// The same with numbers that can be used.
    pub fn checked(mut self) -> Self {
        let share = |value: f32| if value.is_nan() { 1.0 } else { value.clamp(0.0, 1.0) };
        (self.opacity, self.threshold) = (share(self.opacity), share(self.threshold));
        self.top = (100.0 * share(self.top / 100.0)).max(*TOP.start());
        for norm in self.norms.own.values_mut().chain([&mut self.norms.all]) {
            norm.ends = norm.ends.checked();
        }
        self
    }

    /// Shows maps as a library or paper does; of one method, which keeps the colours of all, or of all.
    pub fn take(&mut self, convention: &Convention, method: Option<&str>) {
        self.norms.set(method, convention.norm);
        if method.is_none() {
            self.colour_map = convention.colour_map;
        }
    }
}

/// Percent of a map's places that can be asked for.
pub const TOP: std::ops::RangeInclusive<f32> = 1.0..=100.0;

/// Norms: one for all methods, and some methods' own, by their identifiers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Norms {
    pub all: Norm,
    pub own: BTreeMap<String, Norm>,
}

impl Norms {
    /// The norm as it shows the maps of a method.
    pub fn of(&self, method: &dyn Method) -> MethodNorm {
        let description = method.description();
        MethodNorm::new(self.get(Some(description.id)), description)
    }

    /// The norm of one method, or of all.
    pub fn get(&self, method: Option<&str>) -> Norm {
        method.and_then(|id| self.own.get(id)).copied().unwrap_or(self.all)
    }

    pub fn set(&mut self, method: Option<&str>, norm: Norm) {
        match method {
            Some(id) => drop(self.own.insert(id.to_string(), norm)),
            None => self.all = norm,
        }
    }

    /// Whether there are colour bars beside rows.
    pub fn have_bars(&self) -> bool {
        std::iter::once(&self.all).chain(self.own.values()).any(Norm::has_bar_a_row)
    }
}

/// A norm as it shows the maps of one method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MethodNorm {
    pub norm: Norm,
    pub sign: Sign,
}

impl MethodNorm {
    fn new(norm: Norm, description: &Description) -> Self {
        Self { norm, sign: norm.sign(description) }
    }

    /// Whether zero is a place that the scale counts from.
    pub fn has_zero(&self) -> bool {
        self.sign != Sign::Full && !matches!(self.norm.ends, Ends::Fixed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::conventions;

    #[test]
    fn a_method_may_have_a_norm_of_its_own() {
        let (mut norms, whole) = (Norms::default(), Ends::Percentile(100.0));
        norms.set(Some("gradient"), Norm { ends: whole, ..Norm::default() });
        assert_eq!(norms.get(Some("gradient")).ends, whole);
        assert_eq!(norms.get(Some("rise")), norms.all);
    }

    #[test]
    fn every_appearance_is_read_as_it_was_written_and_mended() {
        for convention in conventions() {
            let mut written = Appearance::default();
            written.take(&convention, Some("gradient"));
            let text = toml::to_string(&written).unwrap();
            assert_eq!(toml::from_str::<Appearance>(&text).unwrap().checked(), written, "{text}");
        }
        let wrong: Appearance =
            toml::from_str("opacity = 7.0\ntop = nan\nthreshold = -1.0").unwrap();
        let mended = wrong.checked();
        assert_eq!((mended.opacity, mended.top, mended.threshold), (1.0, 100.0, 0.0));
    }
}
