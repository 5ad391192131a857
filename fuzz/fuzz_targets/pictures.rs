//! Any bytes as a picture: pixels or an error, never a panic.
#![no_main]

use hyaline::picture::Picture;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let name = if bytes.starts_with(b"\x93NUMPY") { "a.npy" } else { "a.png" };
    let _ = Picture::from_bytes(Path::new(name), bytes);
});
