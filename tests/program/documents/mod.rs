//! Documents that are held to the code.

mod folders;
mod imports;
mod registries;
