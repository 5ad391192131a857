//! Any bytes as a map made elsewhere, an array or an archive: a map or an error, never a panic.
#![no_main]

use hyaline::attribution::ForeignMap;
use hyaline::picture::{Filter, Placement, Preprocessing};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let name = if bytes.starts_with(b"PK") { "a.npz" } else { "a.npy" };
    let Ok(map) = ForeignMap::from_bytes(Path::new(name), bytes, None) else { return };
    let (mean, std) = (vec![0.5; 3], vec![0.5; 3]);
    let input =
        Preprocessing { channels: 3, size: [6, 8], mean, std, resize: Filter::Bilinear, crop: 0.8 };
    let Ok((map, _)) = map.on_input(&input, &Placement::new([12, 18], &input)) else { return };
    assert!(map.dim().1 <= 6 && map.dim().2 <= 8 && map.iter().all(|value| value.is_finite()));
});
