//! Any bytes as a file of labels: names or an error, never a panic.
#![no_main]

use hyaline::model::Labels;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(labels) = Labels::from_bytes(bytes.to_vec()) else { return };
    assert!(!labels.is_empty());
    let class_of = labels.lookup();
    let last = labels.len() - 1;
    let _ = [0, last, last + 1].map(|class| class_of(labels.name(class)));
});
