//! Which pictures of a source, and in which shape.

/// Shape that pictures are resized to; `None` keeps theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetShape {
    pub channels: Option<usize>,
    pub size: Option<[usize; 2]>,
}

/// Which set of a source that holds several, such as CIFAR's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Train,
    Test,
}

impl Part {
    /// What the names of its files or arrays contain.
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}
