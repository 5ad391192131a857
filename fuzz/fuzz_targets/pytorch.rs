//! Any bytes as a PyTorch checkpoint: a network or an error, never a panic.
#![no_main]

use hyaline::model::Weights;
use libfuzzer_sys::{Corpus, fuzz_target};
use std::io::Write;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    // Safetensors have a target of their own.
    if bytes.get(8) == Some(&b'{') {
        return Corpus::Reject;
    }
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    let _ = Weights::read(file.path());
    Corpus::Keep
});
