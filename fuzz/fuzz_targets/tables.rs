//! Any bytes as a table of boxes: what they hold or an error, never a panic.
#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::tables(bytes));
