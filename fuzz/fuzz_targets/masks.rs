//! Any bytes as a mask: regions or an error, never a panic.
#![no_main]

mod placed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| placed::read("a.png", bytes));
