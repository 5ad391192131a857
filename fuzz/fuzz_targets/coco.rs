//! Any bytes as JSON of COCO, LVIS or Labelme: regions or an error, never a panic.
#![no_main]

mod placed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| placed::read("a.json", bytes));
