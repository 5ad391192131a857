//! Any bytes as XML of VOC, ImageNet or CVAT: regions or an error, never a panic.
#![no_main]

mod placed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| placed::read("a.xml", bytes));
