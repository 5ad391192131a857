//! Attribution methods: one file each, one registry, one way to run them.

mod ablation_cam;
mod applicability;
mod baseline;
mod blur;
mod blur_integrated_gradients;
mod cache;
mod cam;
mod cam_layers;
mod centred_gaussian;
mod circular_mask;
mod coalition;
mod deconvolution;
mod deep_shap;
mod deeplift;
mod eigen_cam;
mod eigen_grad_cam;
mod estimate;
mod expected_gradients;
mod extremal_perturbation;
mod foreign_map;
mod full_grad;
mod grad_cam;
mod grad_cam_plus_plus;
mod gradient;
mod guided_backpropagation;
mod guided_grad_cam;
mod guided_integrated_gradients;
mod hires_cam;
mod input_intensity;
mod input_x_gradient;
mod integrated_gradients;
mod job;
mod kernel_shap;
mod layer_cam;
mod least_squares;
mod lime;
mod lrp;
mod meaningful_perturbation;
mod occlusion;
mod optimiser;
mod preset;
mod principal_component;
mod quadrature;
mod quantity;
mod random_map;
mod rise;
mod score_cam;
mod shapley_kernel;
mod smooth_mask;
mod smoothing;
mod sobel;
mod sobol;
mod upsample;
mod xgrad_cam;
mod xrai;

pub use applicability::{Fitted, Need, fitted};
pub use baseline::is_used;
pub use cache::Cache;
pub use foreign_map::ForeignMap;
pub use job::{
    Attribution, Explained, Job, Passes, Progress, attribute, attribute_once, check_class,
};
pub use preset::{PRESETS, Preset, preset};
pub use quadrature::gauss_legendre;
pub use rise::{grid_mask, rise_over};
pub use smoothing::{SMOOTHGRAD, SMOOTHGRAD_SQUARED, Smoothing, VARGRAD};
pub use upsample::bilinear;

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::model::Pace;
use crate::parameter::{Parameter, Values};
use crate::text::{self, count};
use burn::tensor::Tensor;
use ndarray::Array3;
use std::fmt;

/// Every method, by family, in the order people meet them.
pub static METHODS: &[&dyn Method] = &[
    &gradient::Gradient,
    &input_x_gradient::InputXGradient,
    &integrated_gradients::IntegratedGradients,
    &guided_integrated_gradients::GuidedIntegratedGradients,
    &blur_integrated_gradients::BlurIntegratedGradients,
    &expected_gradients::ExpectedGradients,
    &deeplift::DeepLift,
    &deep_shap::DeepShap,
    &lrp::Lrp,
    &full_grad::FullGrad,
    &guided_backpropagation::GuidedBackpropagation,
    &deconvolution::Deconvolution,
    &SMOOTHGRAD,
    &SMOOTHGRAD_SQUARED,
    &VARGRAD,
    &cam::Cam,
    &grad_cam::GradCam,
    &grad_cam_plus_plus::GradCamPlusPlus,
    &hires_cam::HiResCam,
    &xgrad_cam::XGradCam,
    &layer_cam::LayerCam,
    &eigen_cam::EigenCam,
    &eigen_grad_cam::EigenGradCam,
    &score_cam::ScoreCam,
    &ablation_cam::AblationCam,
    &guided_grad_cam::GuidedGradCam,
    &occlusion::Occlusion,
    &rise::Rise,
    &lime::Lime,
    &kernel_shap::KernelShap,
    &meaningful_perturbation::MeaningfulPerturbation,
    &extremal_perturbation::ExtremalPerturbation,
    &sobol::Sobol,
    &xrai::Xrai,
    &random_map::RandomMap,
    &centred_gaussian::CentredGaussian,
    &sobel::Sobel,
    &input_intensity::InputIntensity,
];

/// Methods shown before anyone chose.
pub const DEFAULT_METHODS: [&str; 3] = ["gradient", "integrated-gradients", "grad-cam"];

/// Which class is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The most probable class of each network.
    Top1,
    Class(usize),
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "top1" => Ok(Target::Top1),
            _ => text
                .parse()
                .map(Target::Class)
                .map_err(|_| "it takes top1 or the index of a class".into()),
        }
    }
}

/// The method with an identifier.
///
/// # Errors
/// When there is none; the message lists all.
pub fn method(id: &str) -> Result<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.description().id == id).ok_or_else(|| {
        let ids: Vec<_> = METHODS.iter().map(|method| method.description().id).collect();
        Error::new(format!("unknown method `{id}`"), text::unknown(id, &ids))
            .hint("`hyaline methods` lists all")
    })
}

/// An attribution method.
pub trait Method: Sync {
    fn description(&self) -> &'static Description;

    /// Passes through a network that a run with these values costs.
    fn cost(&self, values: &Values, graph: &Graph) -> Cost;

    /// What a run with these values needs of a network.
    fn needs(&self, values: &Values) -> Vec<Need> {
        let _ = values;
        vec![]
    }

    /// Computes the map: C×H×W of the picture, 1×H×W, or 1×h×w of a layer; signed, never
    /// normalised.
    ///
    /// # Errors
    /// When a parameter doesn't fit the network, or the device failed.
    fn run(&self, job: &mut Job) -> Result<Array3<f32>>;

    /// The maps of several pictures of the job's class at once (N×C×H×W from N×C×H×W), for methods
    /// that are one pass back through the network. Averages over noise are built on it.
    fn maps(&self, job: &Job, pixels: Tensor<4>) -> Option<Result<Tensor<4>>> {
        let _ = (job, pixels);
        None
    }
}

/// Kinds of method, as people look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Gradient,
    Cam,
    Perturbation,
    Region,
    /// Maps that know nothing of the network, to compare with.
    Control,
}

impl Family {
    pub const ALL: [Self; 5] =
        [Self::Gradient, Self::Cam, Self::Perturbation, Self::Region, Self::Control];

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Family::Gradient => "Gradients",
            Family::Cam => "Class activation maps",
            Family::Perturbation => "Perturbations",
            Family::Region => "Regions",
            Family::Control => "Controls",
        }
    }
}

/// What a person needs to know of a method.
#[derive(Debug)]
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub family: Family,
    pub paper: &'static str,
    pub formula: &'static str,
    /// Shape of the map.
    pub shape: &'static str,
    /// What a value of the map is counted in; `class score` where a parameter chooses between logit and
    /// probability.
    pub unit: &'static str,
    /// Passes through the network, in words.
    pub passes: &'static str,
    pub ranking: Ranking,
    /// How its maps are shown unless a norm says otherwise.
    pub sign: Sign,
    pub parameters: &'static [Parameter],
}

/// What makes a pixel important, when pixels are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Ranking {
    /// The sum of absolute values over channels: signed influence of either direction.
    Magnitude,
    /// The sum of values over channels: only evidence for the class.
    Signed,
}

/// Which values of a map are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Negative and positive, zero in the middle of the colours.
    Signed,
    /// Positive values; the rest as zero.
    Positive,
    /// Absolute values.
    Absolute,
    /// From the lowest to the highest.
    Full,
}

impl Sign {
    pub const ALL: [Self; 4] = [Self::Signed, Self::Positive, Self::Absolute, Self::Full];

    pub fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Positive => "positive",
            Self::Absolute => "magnitude",
            Self::Full => "lowest to highest",
        }
    }
}

/// Passes through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    pub forwards: usize,
    pub backwards: usize,
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            forwards: self.forwards + other.forwards,
            backwards: self.backwards + other.backwards,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), std::ops::Add::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.forwards, self.backwards) {
            (0, 0) => f.write_str("no passes"),
            (forwards, 0) => f.write_str(&count(forwards, "forward pass", "forward passes")),
            (forwards, backwards) => {
                write!(
                    f,
                    "{forwards} forward and {}",
                    count(backwards, "backward pass", "backward passes")
                )
            }
        }
    }
}

impl Cost {
    /// From how many seconds on a run is called slow.
    pub const SLOW_SECONDS: f64 = 10.0;

    /// Estimated seconds at a network's pace.
    pub fn seconds(self, pace: Pace) -> f64 {
        self.forwards as f64 * pace.forward + self.backwards as f64 * pace.backward
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_kebab_case() {
        let ids: Vec<_> = METHODS.iter().map(|method| method.description().id).collect();
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "{id} twice");
            assert!(
                id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{id}"
            );
        }
    }
}
