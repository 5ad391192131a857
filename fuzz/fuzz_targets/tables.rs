//! Any bytes as a table of boxes: regions or an error, never a panic.
#![no_main]

mod placed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| placed::read("a.csv", bytes));
