//! Methods that order regions of the picture.

pub mod xrai;
