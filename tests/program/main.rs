//! The program as a whole: its commands, its studies and figures, and the documents that describe it.

#[path = "../support/mod.rs"]
mod support;

mod command_line;
mod documents;
mod figures;
mod study;
