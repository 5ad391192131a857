//! Which class an explanation is of.

/// Which class is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The most probable class of each network.
    Top1,
    Class(usize),
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "top1" => Ok(Target::Top1),
            _ => text
                .parse()
                .map(Target::Class)
                .map_err(|_| "it takes top1 or the index of a class".into()),
        }
    }
}
