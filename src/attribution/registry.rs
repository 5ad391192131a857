//! The list of all methods.

use super::method::Method;
use super::{cam, control, gradient, perturbation, region};
use crate::error::{Error, Result};
use crate::text;

/// Every method, by family, in the order of the library.
pub static METHODS: &[&dyn Method] = &[
    &gradient::gradient::Gradient,
    &gradient::input_x_gradient::InputXGradient,
    &gradient::integrated_gradients::IntegratedGradients,
    &gradient::guided_integrated_gradients::GuidedIntegratedGradients,
    &gradient::blur_integrated_gradients::BlurIntegratedGradients,
    &gradient::expected_gradients::ExpectedGradients,
    &gradient::deeplift::DeepLift,
    &gradient::deep_shap::DeepShap,
    &gradient::lrp::Lrp,
    &gradient::full_grad::FullGrad,
    &gradient::guided_backpropagation::GuidedBackpropagation,
    &gradient::deconvolution::Deconvolution,
    &gradient::smoothing::SMOOTHGRAD,
    &gradient::smoothing::SMOOTHGRAD_SQUARED,
    &gradient::smoothing::VARGRAD,
    &cam::cam::Cam,
    &cam::grad_cam::GradCam,
    &cam::grad_cam_plus_plus::GradCamPlusPlus,
    &cam::hires_cam::HiResCam,
    &cam::xgrad_cam::XGradCam,
    &cam::layer_cam::LayerCam,
    &cam::eigen_cam::EigenCam,
    &cam::eigen_grad_cam::EigenGradCam,
    &cam::score_cam::ScoreCam,
    &cam::ablation_cam::AblationCam,
    &cam::guided_grad_cam::GuidedGradCam,
    &perturbation::occlusion::Occlusion,
    &perturbation::rise::Rise,
    &perturbation::lime::Lime,
    &perturbation::kernel_shap::KernelShap,
    &perturbation::meaningful_perturbation::MeaningfulPerturbation,
    &perturbation::extremal_perturbation::ExtremalPerturbation,
    &perturbation::sobol::Sobol,
    &region::xrai::Xrai,
    &control::random_map::RandomMap,
    &control::centred_gaussian::CentredGaussian,
    &control::sobel::Sobel,
    &control::input_intensity::InputIntensity,
];

/// Methods shown before anyone chose.
pub const DEFAULT_METHODS: [&str; 3] = ["gradient", "integrated-gradients", "grad-cam"];

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
