//! Names of classes.

use crate::error::{Error, Result};
use std::path::Path;

const IMAGENET: &str = include_str!("../../assets/labels/imagenet.tsv");
const CIFAR10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The names of a network's classes, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
}

impl Labels {
    /// The built-in set `imagenet` (ILSVRC 2012), `cifar10` or `mnist`.
    pub fn built_in(name: &str) -> Option<Self> {
        let names = match name {
            "imagenet" => IMAGENET
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .map(|(_, name)| name.to_string())
                .collect(),
            "cifar10" => CIFAR10.map(String::from).to_vec(),
            "mnist" => (0..10).map(|digit| digit.to_string()).collect(),
            _ => return None,
        };
        Some(Self { names })
    }

    /// The name of the built-in set that this is.
    pub fn built_in_name(&self) -> Option<String> {
        const NAMES: [&str; 3] = ["imagenet", "cifar10", "mnist"];
        let same = |name: &&str| Self::built_in(name).as_ref() == Some(self);
        NAMES.into_iter().find(same).map(String::from)
    }

    /// A text file with one name a line, class 0 first.
    pub fn read(path: &Path) -> Result<Self> {
        let what = format!("cannot read labels {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::new(what, e)
                .hint("`labels` is imagenet, cifar10, mnist or a text file with one name a line")
        })?;
        let names = text.lines().map(|line| line.trim().to_string()).collect();
        Ok(Self { names })
    }

    /// Names fit for a number of classes: the set of that size, or plain numbers.
    pub fn for_classes(classes: usize) -> Self {
        match classes {
            1000 => Self::built_in("imagenet").expect("built in"),
            // TensorFlow's networks have a class of their own for the background, the first.
            1001 => {
                let mut labels = Self::built_in("imagenet").expect("built in");
                labels.names.insert(0, "background".into());
                labels
            }
            _ => Self { names: (0..classes).map(|class| format!("class {class}")).collect() },
        }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of a class.
    pub fn name(&self, class: usize) -> &str {
        self.names.get(class).map_or("?", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_sets_have_their_sizes_and_known_names() {
        let imagenet = Labels::built_in("imagenet").unwrap();
        assert_eq!((imagenet.len(), imagenet.name(207)), (1000, "golden retriever"));
        assert_eq!(Labels::built_in("cifar10").unwrap().name(3), "cat");
        assert_eq!(Labels::built_in("mnist").unwrap().len(), 10);
        assert_eq!(Labels::built_in("cifar11"), None);
    }

    #[test]
    fn unknown_classes_are_numbered() {
        assert_eq!(Labels::for_classes(3).name(2), "class 2");
    }
}
