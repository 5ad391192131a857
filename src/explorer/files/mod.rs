//! Files and the clipboard: what comes in, and what goes out.

pub mod dropped;
pub mod export;
pub mod open;
pub mod paste;
