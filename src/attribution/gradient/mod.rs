//! Methods of gradients, and of rules that stand in for them.

pub mod blur_integrated_gradients;
pub mod deconvolution;
pub mod deep_shap;
pub mod deeplift;
pub mod expected_gradients;
pub mod full_grad;
pub mod gradient;
pub mod guided_backpropagation;
pub mod guided_integrated_gradients;
pub mod input_x_gradient;
pub mod integrated_gradients;
pub mod lrp;
pub mod quadrature;
pub mod smoothing;
