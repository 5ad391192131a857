//! Flow control of long work by whoever watches it.

/// Whether work continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Cancel,
}
