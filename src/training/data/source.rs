//! What is taken of a source of pictures.

/// What sources of other sizes are brought to; `None` takes pictures as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetShape {
    pub channels: Option<usize>,
    pub size: Option<[usize; 2]>,
}

/// Which pictures are taken of a source that holds several sets, such as CIFAR's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Train,
    Test,
}

impl Part {
    /// What names of its files or arrays hold.
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}
