//! What a figure looks like on paper, whatever the window's theme is.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A width that venues ask for, and the size of text that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    #[default]
    NeuripsPage,
    IcmlColumn,
    IcmlPage,
    CvprColumn,
    CvprPage,
    AcmColumn,
    AcmPage,
    Thesis,
    Slide,
}

impl Size {
    pub const ALL: [Self; 9] = [
        Self::NeuripsPage,
        Self::IcmlColumn,
        Self::IcmlPage,
        Self::CvprColumn,
        Self::CvprPage,
        Self::AcmColumn,
        Self::AcmPage,
        Self::Thesis,
        Self::Slide,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::NeuripsPage => "NeurIPS page",
            Self::IcmlColumn => "ICML column",
            Self::IcmlPage => "ICML page",
            Self::CvprColumn => "CVPR column",
            Self::CvprPage => "CVPR page",
            Self::AcmColumn => "ACM column",
            Self::AcmPage => "ACM page",
            Self::Thesis => "thesis",
            Self::Slide => "slide",
        }
    }

    /// Inches: of text in the venues' styles, of A4 with margins of 3 cm, of a slide of 16:9 with a rim.
    pub fn width(self) -> f64 {
        match self {
            Self::NeuripsPage => 5.5,
            Self::IcmlColumn | Self::CvprColumn => 3.25,
            Self::IcmlPage => 6.75,
            Self::CvprPage => 6.875,
            Self::AcmColumn => 3.33,
            Self::AcmPage => 7.0,
            Self::Thesis => 5.9,
            Self::Slide => 12.3,
        }
    }

    /// Whether it is as wide as a page of two columns.
    pub fn is_of_both_columns(self) -> bool {
        matches!(self, Self::IcmlPage | Self::CvprPage | Self::AcmPage)
    }

    /// Inches that a figure may be high.
    fn height(self) -> f64 {
        if self == Self::Slide { 6.5 } else { 8.6 }
    }

    /// Points.
    fn font_size(self) -> f64 {
        match self {
            Self::IcmlColumn | Self::CvprColumn | Self::AcmColumn => 7.0,
            Self::Slide => 16.0,
            _ => 8.0,
        }
    }
}

/// The letters of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Typeface {
    /// Liberation Sans, which comes along and is as wide as Arial and Helvetica.
    #[default]
    Sans,
    /// Liberation Serif, which comes along and is as wide as Times New Roman.
    Serif,
    /// A family of this system.
    Named(String),
}

impl From<String> for Typeface {
    fn from(name: String) -> Self {
        match name.as_str() {
            "sans" => Self::Sans,
            "serif" => Self::Serif,
            _ => Self::Named(name),
        }
    }
}

impl From<Typeface> for String {
    fn from(typeface: Typeface) -> Self {
        typeface.to_string()
    }
}

impl fmt::Display for Typeface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sans => "sans",
            Self::Serif => "serif",
            Self::Named(name) => name,
        })
    }
}

/// Which Insertion and Deletion curves stand beside maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurvesShown {
    #[default]
    None,
    /// Of the picture.
    Picture,
    /// Means over all pictures with bands of a standard error.
    Mean,
    /// Means alone, without maps.
    MeanAlone,
}

impl CurvesShown {
    pub const ALL: [Self; 4] = [Self::None, Self::Picture, Self::Mean, Self::MeanAlone];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Picture => "of the picture",
            Self::Mean => "means over pictures",
            Self::MeanAlone => "means, without maps",
        }
    }

    /// Whether curves of all pictures are asked for.
    pub fn is_of_all(self) -> bool {
        matches!(self, Self::Mean | Self::MeanAlone)
    }
}

/// How two joined networks are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    #[default]
    None,
    /// The second map less the first, each divided by the end of its own scale.
    Difference,
    /// The first map left of a line, the second right of it.
    Wipe,
}

impl Comparison {
    pub const ALL: [Self; 3] = [Self::None, Self::Difference, Self::Wipe];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Difference => "difference",
            Self::Wipe => "wipe",
        }
    }
}

/// What a figure looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FigureOptions {
    pub size: Size,
    /// Inches, instead of the size's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    pub font: Typeface,
    /// Points, instead of the size's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub font_size: Option<f64>,
    /// Dots an inch of PNG.
    pub dpi: u32,
    /// Between panels, points.
    pub gap: f64,
    /// Width of the line around panels, points; 0 for none.
    pub border: f64,
    /// (a), (b), (c) … under panels.
    pub letters: bool,
    /// Networks are shown with every picture, not with the selected one alone.
    pub all_pictures: bool,
    /// The picture as networks see it, beside its maps.
    pub input: bool,
    /// Areas under the curves, under maps that have some.
    pub scores: bool,
    /// Colour bars: beside rows, below columns, beside all or below panels, as scales are shared.
    pub bars: bool,
    pub curves: CurvesShown,
    /// Of the joined networks.
    pub comparison: Comparison,
    pub transparent: bool,
    /// Panels have at least so many pixels a side: small pictures are enlarged by whole factors.
    pub panel_pixels: u32,
    /// Nothing in the files says where on this machine things lie.
    pub anonymous: bool,
    /// Other names for networks, methods and pictures, by their own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

impl Default for FigureOptions {
    fn default() -> Self {
        Self {
            size: Size::default(),
            width: None,
            font: Typeface::default(),
            font_size: None,
            dpi: 300,
            gap: 4.0,
            border: 0.4,
            letters: false,
            all_pictures: false,
            input: true,
            scores: true,
            bars: true,
            curves: CurvesShown::default(),
            comparison: Comparison::default(),
            transparent: false,
            panel_pixels: 224,
            anonymous: false,
            names: BTreeMap::new(),
        }
    }
}

/// Points in an inch.
pub const POINTS: f64 = 72.0;

impl FigureOptions {
    /// Points.
    pub fn width_points(&self) -> f64 {
        POINTS * self.width.unwrap_or(self.size.width())
    }

    /// The most, in points.
    pub fn height_points(&self) -> f64 {
        POINTS * self.size.height()
    }

    /// Points.
    pub fn font_points(&self) -> f64 {
        self.font_size.unwrap_or(self.size.font_size())
    }

    /// Whether curves or areas are shown.
    pub fn needs_curves(&self) -> bool {
        self.scores || self.curves != CurvesShown::None
    }

    /// The name that people see.
    pub fn name<'a>(&'a self, own: &'a str) -> &'a str {
        self.names.get(own).map_or(own, String::as_str)
    }

    /// # Errors
    /// With the first number that no figure can have.
    pub fn check(&self) -> Result<()> {
        let numbers = [
            ("width", self.width.unwrap_or(1.0), 0.5, 60.0, "inches"),
            ("font-size", self.font_points(), 3.0, 72.0, "points"),
            ("dpi", f64::from(self.dpi), 36.0, 2400.0, "dots an inch"),
            ("gap", self.gap, 0.0, 72.0, "points"),
            ("border", self.border, 0.0, 10.0, "points"),
            ("panel-pixels", f64::from(self.panel_pixels), 1.0, 4096.0, "pixels"),
        ];
        let wrong = |(_, value, low, high, _): &(&str, f64, f64, f64, &str)| {
            !(*low..=*high).contains(value)
        };
        match numbers.into_iter().find(wrong) {
            Some((name, value, low, high, unit)) => Err(Error::new(
                format!("cannot make a figure with {name} = {value}"),
                format!("it must be {low} to {high} {unit}"),
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_they_were_written() {
        for size in Size::ALL {
            let names = BTreeMap::from([("ResNet-20".to_string(), "Vanilla".to_string())]);
            let font = Typeface::from("DejaVu Sans".to_string());
            let written =
                FigureOptions { size, font, names, width: Some(4.0), ..FigureOptions::default() };
            let text = toml::to_string(&written).unwrap();
            assert_eq!(toml::from_str::<FigureOptions>(&text).unwrap(), written, "{text}");
            assert_eq!((written.name("ResNet-20"), written.name("LIME")), ("Vanilla", "LIME"));
        }
    }

    #[test]
    fn numbers_that_no_figure_can_have_are_told() {
        assert!(FigureOptions::default().check().is_ok());
        for text in ["width = nan", "dpi = 5", "font-size = 900.0", "gap = -1.0"] {
            let options: FigureOptions = toml::from_str(text).unwrap();
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains(text.split(' ').next().unwrap()), "{error}");
        }
    }
}
