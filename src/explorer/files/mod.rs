//! Files and the clipboard: what comes in, and what goes out.

pub mod completion;
pub mod dropped;
pub mod export;
pub mod file_kind;
pub mod open;
pub mod paste;
pub mod report;
