//! Controls: maps that do not depend on the network, to compare with.

pub mod centred_gaussian;
pub mod input_intensity;
pub mod random_map;
pub mod sobel;
