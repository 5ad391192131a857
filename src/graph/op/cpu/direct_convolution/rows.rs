//! What the convolution and the gradient at its weights share: rows that tiles go along.

use crate::graph::op::cpu::row_layout::Layout;

/// Result channels of a tile.
pub const OUTS: usize = 8;
/// Values of the widest vectors.
pub const WIDEST: usize = 16;

/// Whether more than a third of a layout's vectors would be padding.
pub fn is_wasteful(layout: &Layout, samples: usize, outs: usize) -> bool {
    let wanted = samples * layout.plane[1] / layout.results.len();
    outs >= 8 * OUTS && 3 * wanted < 2 * layout.longest().next_multiple_of(WIDEST)
}

/// Positions that every channel's taps start from, of channels that lie `row` values apart.
pub fn offsets(channels: usize, row: usize, taps: &[(usize, usize)]) -> Vec<usize> {
    (0..channels).flat_map(|c| taps.iter().map(move |(_, shift)| c * row + shift)).collect()
}
