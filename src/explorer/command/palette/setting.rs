//! Settings of how maps are shown, as the palette finds them.

use crate::explorer::state::document::Document;
use hyaline::attribution::PRESETS;
use hyaline::display::{Arrangement, ColourMap, Scope, Style};

/// A setting and the value that it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    Style(Style),
    Colours(Option<ColourMap>),
    Arrangement(Arrangement),
    Scale(Scope),
    Opacity(f32),
    Threshold(f32),
    Toggle(Toggle),
    Preset(usize),
    HideMethods,
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggle {
    Smooth,
    Fade,
    Grey,
    Boxes,
}

impl Setting {
    /// All of them, in the order of the window.
    pub fn all() -> Vec<Self> {
        let styles = Style::ALL.into_iter().map(Self::Style);
        let colours = ColourMap::ALL.into_iter().map(Some);
        let colours = std::iter::once(None).chain(colours).map(Self::Colours);
        let arrangements = Arrangement::ALL.into_iter().map(Self::Arrangement);
        let shares = [0.25, 0.5, 0.75, 1.0].into_iter().map(Self::Opacity);
        let thresholds = [0.0, 0.25, 0.5].into_iter().map(Self::Threshold);
        let toggles = [Toggle::Smooth, Toggle::Fade, Toggle::Grey, Toggle::Boxes];
        styles
            .chain(shares)
            .chain(thresholds)
            .chain(toggles.into_iter().map(Self::Toggle))
            .chain(colours)
            .chain(arrangements)
            .chain(Scope::ALL.into_iter().map(Self::Scale))
            .chain((0..PRESETS.len()).map(Self::Preset))
            .chain([Self::HideMethods])
            .collect()
    }

    pub fn name(self) -> String {
        let percent = |share: f32| format!("{:.0} %", 100.0 * share);
        match self {
            Self::Style(style) => format!("Show as {}", style.name()),
            Self::Colours(map) => format!("Colours: {}", map.map_or("by method", ColourMap::name)),
            Self::Arrangement(arrangement) => format!("Grid: {}", arrangement.name()),
            Self::Scale(scope) => format!("Scale: {}", scope.name().to_lowercase()),
            Self::Opacity(share) => format!("Opacity: {}", percent(share)),
            Self::Threshold(share) => format!("Threshold: {}", percent(share)),
            Self::Toggle(Toggle::Smooth) => "Smooth maps on or off".into(),
            Self::Toggle(Toggle::Fade) => "Fade weak pixels on or off".into(),
            Self::Toggle(Toggle::Grey) => "Grey picture on or off".into(),
            Self::Toggle(Toggle::Boxes) => "Boxes on or off".into(),
            Self::Preset(index) => format!("Preset: {}", PRESETS[index].name),
            Self::HideMethods => "Hide all methods".into(),
        }
    }

    /// Words that people look for it by.
    pub fn words(self) -> &'static str {
        match self {
            Self::Style(_) => "style display draw overlay",
            Self::Colours(_) => "color colormap palette map",
            Self::Arrangement(_) => "layout rows columns arrange",
            Self::Scale(_) => "range normalise normalize scope shared",
            Self::Opacity(_) => "transparency alpha overlay blend strength",
            Self::Threshold(_) => "cut weak filter minimum",
            Self::Toggle(Toggle::Smooth) => "interpolate bilinear blur pixels",
            Self::Toggle(Toggle::Fade) => "transparent alpha",
            Self::Toggle(Toggle::Grey) => "gray black white colourless",
            Self::Toggle(Toggle::Boxes) => "annotations ground truth masks rectangles",
            Self::Preset(_) => "methods paper",
            Self::HideMethods => "none clear no",
        }
    }

    /// Makes it so.
    pub fn apply(self, document: &mut Document) {
        let appearance = &mut document.appearance;
        match self {
            Self::Style(style) => appearance.style = style,
            Self::Colours(map) => appearance.colour_map = map,
            Self::Arrangement(arrangement) => appearance.arrangement = arrangement,
            Self::Scale(scope) => appearance.norms.all.scope = scope,
            Self::Opacity(share) => appearance.opacity = share,
            Self::Threshold(share) => appearance.threshold = share,
            Self::Toggle(Toggle::Smooth) => appearance.smooth ^= true,
            Self::Toggle(Toggle::Fade) => appearance.fade ^= true,
            Self::Toggle(Toggle::Grey) => appearance.grey ^= true,
            Self::Toggle(Toggle::Boxes) => appearance.boxes ^= true,
            Self::Preset(index) => document.take(&PRESETS[index]),
            Self::HideMethods => {
                document.methods.iter_mut().for_each(|choice| choice.shown = false);
            }
        }
    }
}
