//! Class activation maps: layers of the network, weighted.

pub mod ablation_cam;
pub mod cam;
pub mod cam_layers;
pub mod eigen_cam;
pub mod eigen_grad_cam;
pub mod grad_cam;
pub mod grad_cam_plus_plus;
pub mod guided_grad_cam;
pub mod hires_cam;
pub mod layer_cam;
pub mod principal_component;
pub mod score_cam;
pub mod xgrad_cam;
