//! Documents that are held to the code.

mod registries;
