//! Sizes of values.

use std::fmt;

/// Channels, height and width of one sample's value at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Number of values of one sample.
    pub const fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// True for a shape without values; no node of a graph has one.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// True for a value that is not empty and fits in memory.
    pub(super) fn is_reasonable(self) -> bool {
        const MOST_VALUES: usize = 1 << 28;
        let rows = self.channels.checked_mul(self.height);
        let count = rows.and_then(|count| count.checked_mul(self.width));
        count.is_some_and(|count| (1..=MOST_VALUES).contains(&count))
    }

    /// True where the value has more than one row or column.
    pub const fn is_spatial(self) -> bool {
        self.height * self.width > 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}
