//! Methods that perturb the picture and read the network's output.

pub mod circular_mask;
pub mod coalition;
pub mod extremal_perturbation;
pub mod kernel_shap;
pub mod least_squares;
pub mod lime;
pub mod meaningful_perturbation;
pub mod occlusion;
pub mod optimiser;
pub mod quantity;
pub mod rise;
pub mod shapley_kernel;
pub mod smooth_mask;
pub mod sobol;
