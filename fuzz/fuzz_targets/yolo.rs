//! Any bytes as text of YOLO or DOTA: regions or an error, never a panic.
#![no_main]

mod placed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| placed::read("a.txt", bytes));
