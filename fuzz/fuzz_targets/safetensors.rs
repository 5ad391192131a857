//! Any bytes as safetensors, any header before any bytes: a network or an error, never a panic.
#![no_main]

#[path = "../readers.rs"]
mod readers;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !readers::are_safetensors(bytes) {
        return Corpus::Reject;
    }
    readers::weights(bytes);
    Corpus::Keep
});
