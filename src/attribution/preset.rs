//! Methods with settings that papers and their code share, under one name.

use super::method::Method;
use super::registry::method;
use crate::error::{Error, Result};
use crate::parameter::Values;
use crate::text;

/// Several methods, each with the values of a paper.
#[derive(Debug)]
pub struct Preset {
    pub id: &'static str,
    pub name: &'static str,
    /// Where the choice comes from.
    pub source: &'static str,
    /// Methods with the parameters that differ from their defaults.
    pub methods: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

/// LIME as Bansal, Agarwal and Nguyen 2020 (SAM) ran it; hidden superpixels are zero to the
/// network.
const LIME_OF_SAM: (&str, &[(&str, &str)]) = (
    "lime",
    &[
        ("segmentation", "slic"),
        ("segments", "50"),
        ("compactness", "30"),
        ("sigma", "3"),
        ("samples", "1000"),
        ("hide", "mean"),
    ],
);

/// Every preset, in the order of the library.
pub static PRESETS: &[Preset] = &[
    Preset {
        id: "nourelahi-nine",
        name: "Nine of Nourelahi et al.",
        source: "Nourelahi, Kotthoff, Chen, Nguyen 2022, How explainable are adversarially-robust CNNs?; LIME and Meaningful Perturbation as in the same laboratory's SAM, SHAP as expected gradients",
        methods: &[
            ("gradient", &[]),
            ("integrated-gradients", &[]),
            ("expected-gradients", &[]),
            ("cam", &[]),
            ("grad-cam", &[]),
            ("extremal-perturbation", &[]),
            ("meaningful-perturbation", &[]),
            ("rise", &[]),
            LIME_OF_SAM,
        ],
    },
    Preset {
        id: "sam",
        name: "SAM's five",
        source: "Bansal, Agarwal, Nguyen 2020, SAM: The Sensitivity of Attribution Methods to Hyperparameters",
        methods: &[
            ("gradient", &[]),
            ("smoothgrad", &[("samples", "50"), ("sigma", "0.15")]),
            (
                "occlusion",
                &[
                    ("window", "50"),
                    ("stride", "3"),
                    ("baseline", "mean"),
                    ("score", "probability"),
                ],
            ),
            LIME_OF_SAM,
            ("meaningful-perturbation", &[]),
        ],
    },
    Preset {
        id: "torchray",
        name: "TorchRay's benchmark",
        source: "Fong, Patrick, Vedaldi 2019, Understanding Deep Networks via Extremal Perturbations and Smooth Masks, section 4; areas as on VOC",
        methods: &[
            ("gradient", &[]),
            ("deconvolution", &[]),
            ("guided-backpropagation", &[]),
            ("grad-cam", &[]),
            ("rise", &[("masks", "8000")]),
            ("extremal-perturbation", &[("areas", "0.025,0.05,0.1,0.2")]),
        ],
    },
    Preset {
        id: "sanity-checks",
        name: "Methods of the sanity checks",
        source: "Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018, Sanity Checks for Saliency Maps, section 2, with the edges they are compared with",
        methods: &[
            ("gradient", &[]),
            ("smoothgrad", &[]),
            ("input-x-gradient", &[]),
            ("guided-backpropagation", &[]),
            ("integrated-gradients", &[]),
            ("grad-cam", &[]),
            ("guided-grad-cam", &[]),
            ("sobel", &[]),
        ],
    },
    Preset {
        id: "quick",
        name: "One pass each",
        source: "methods that cost a forward and a backward pass or less",
        methods: &[
            ("gradient", &[]),
            ("input-x-gradient", &[]),
            ("guided-backpropagation", &[]),
            ("lrp", &[]),
            ("fullgrad", &[]),
            ("grad-cam", &[]),
            ("grad-cam-plus-plus", &[]),
            ("hires-cam", &[]),
            ("layer-cam", &[]),
        ],
    },
    Preset {
        id: "controls",
        name: "Controls alone",
        source: "maps that know nothing of the network: what a method must beat",
        methods: &[
            ("random-map", &[]),
            ("centred-gaussian", &[]),
            ("sobel", &[]),
            ("input-intensity", &[]),
        ],
    },
];

impl Preset {
    /// The methods with all their values.
    pub fn choices(&self) -> Vec<(&'static dyn Method, Values)> {
        let choice = |(id, settings): &(&'static str, &[(&str, &str)])| {
            let method = method(id).expect("presets name methods of the registry");
            let parameters = method.description().parameters;
            let mut values = Values::defaults(parameters);
            for (parameter, value) in *settings {
                values.set(parameters, parameter, value).expect("presets set what is allowed");
            }
            (method, values)
        };
        self.methods.iter().map(choice).collect()
    }
}

/// The preset with an identifier.
///
/// # Errors
/// When there is none; the message lists all.
pub fn preset(id: &str) -> Result<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id).ok_or_else(|| {
        let ids: Vec<_> = PRESETS.iter().map(|preset| preset.id).collect();
        Error::new(format!("unknown preset `{id}`"), text::unknown(id, &ids))
            .hint("`hyaline methods` lists all")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_name_methods_and_values_that_exist() {
        for (index, preset) in PRESETS.iter().enumerate() {
            assert!(PRESETS[..index].iter().all(|other| other.id != preset.id), "{}", preset.id);
            assert_eq!(preset.choices().len(), preset.methods.len());
        }
    }
}
