//! What the targets of annotations share.

use hyaline::picture::Placement;
use hyaline::picture::annotation::{Annotations, Frame};
use std::path::Path;

/// Pictures whose regions are placed, and regions of one at most: the rest only repeats them.
const PICTURES: usize = 3;
const REGIONS: usize = 64;

/// Reads a file's content by its name and places what it holds.
pub fn read(name: &str, bytes: &[u8]) {
    let Ok(found) = Annotations::from_bytes(Path::new(name), bytes.to_vec()) else { return };
    assert!(found.warnings().len() < 16, "what is said is summed up");
    let few = found.iter().filter(|(_, annotation)| annotation.regions.len() <= REGIONS);
    for (_, annotation) in few.take(PICTURES) {
        let size = match annotation.frame {
            Frame::Size(size) if size[0] * size[1] < 1 << 16 => size,
            _ => [24, 32],
        };
        let _ = annotation.on_input(&Placement::exact(size));
    }
}
