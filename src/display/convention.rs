//! How libraries and papers show maps, so that a figure can be matched.

use crate::attribution::Sign;
use crate::display::{ColourMap, Ends, Norm, Reduction, Scope};

/// A norm and colours by the name of who shows maps so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convention {
    pub name: &'static str,
    /// What it is taken from, and how it differs from there.
    pub about: &'static str,
    pub norm: Norm,
    /// `None` takes the usual colours for each method's kind of values.
    pub colour_map: Option<ColourMap>,
}

const ALONE: Norm = Norm {
    reduction: Reduction::Sum,
    sign: Some(Sign::Signed),
    ends: Ends::Percentile(100.0),
    scope: Scope::Panel,
};

/// The conventions, Hyaline's first.
pub fn conventions() -> [Convention; 6] {
    [
        Convention {
            name: "Hyaline",
            about: "One scale a method on all networks, to the 99th percentile of magnitudes",
            norm: Norm::default(),
            colour_map: None,
        },
        Convention {
            name: "Captum",
            about: "visualize_image_attr with sign \"all\": channels summed, ends where smaller magnitudes \
                    sum to 98 % (outlier_perc 2), each map alone",
            norm: Norm { ends: Ends::Mass(98.0), ..ALONE },
            colour_map: Some(ColourMap::RedGreen),
        },
        Convention {
            name: "PAIR saliency",
            about: "VisualizeImageGrayscale: magnitudes summed over channels, from the least value to the \
                    99th percentile, each map alone",
            norm: Norm {
                reduction: Reduction::SumOfMagnitudes,
                sign: Some(Sign::Full),
                ends: Ends::Percentile(99.0),
                ..ALONE
            },
            colour_map: Some(ColourMap::Grey),
        },
        Convention {
            name: "pytorch-grad-cam",
            about: "scale_cam_image: from the least to the largest value, each map alone; turbo stands for \
                    OpenCV's jet",
            norm: Norm { sign: Some(Sign::Full), ..ALONE },
            colour_map: Some(ColourMap::Turbo),
        },
        Convention {
            name: "zennit",
            about: "imgify with symmetric=True and its command line's colours: zero in the middle, the \
                    largest magnitude at both ends, each map alone",
            norm: ALONE,
            colour_map: Some(ColourMap::ColdHot),
        },
        Convention {
            name: "matplotlib CenteredNorm",
            about: "Zero in the middle, the largest magnitude at both ends, each map alone",
            norm: ALONE,
            colour_map: Some(ColourMap::BlueRed),
        },
    ]
}
