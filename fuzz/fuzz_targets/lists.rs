//! Any bytes as a list of pictures: what they hold or an error, never a panic.
#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::lists(bytes));
