//! Any header before any bytes as safetensors: a network or an error, never a panic.
#![no_main]

use hyaline::model::Weights;
use libfuzzer_sys::{Corpus, fuzz_target};
use std::io::Write;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    // Without the opening brace it is another format's file, or none's.
    if bytes.get(8) != Some(&b'{') {
        return Corpus::Reject;
    }
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    let _ = Weights::read(file.path());
    Corpus::Keep
});
