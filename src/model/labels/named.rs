//! A class by the names that one network has for it, and the same class of other networks.

use super::{Labels, numbered, synonyms};
use crate::model::Model;
use serde::{Deserialize, Serialize};

/// A class as one network knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedClass {
    /// Its index among so many classes of that network.
    pub index: usize,
    pub classes: usize,
    pub name: String,
    /// Its WordNet id, where the network's labels have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wnid: Option<String>,
}

/// How another network has a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// By its name or WordNet id.
    ByName(usize),
    /// By its index among as many classes, for one of the two networks has no names: a guess.
    ByIndex(usize),
}

impl NamedClass {
    /// Whether it has a name of its own, and not only a number.
    fn is_named(&self) -> bool {
        is_named(self.index, &self.name)
    }

    /// Whether two networks' classes are one: by WordNet ids where both have them, else by names, else by
    /// their index among as many classes.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.wnid, &other.wnid) {
            (Some(own), Some(others)) => own == others,
            _ if self.is_named() && other.is_named() => {
                synonyms(&self.name).any(|name| synonyms(&other.name).any(|one| one == name))
            }
            _ => (self.index, self.classes) == (other.index, other.classes),
        }
    }
}

impl Labels {
    /// The class of these names that another network's class is, of so many that a network has.
    fn follow(&self, class: &NamedClass, classes: usize) -> Option<Followed> {
        let NamedClass { index, name, wnid, .. } = class;
        let own_name = self.name(*index);
        let is_at_home = match (wnid, self.wnid(*index)) {
            (Some(wnid), Some(own)) => wnid == own,
            _ => class.is_named() && own_name == name,
        };
        let found = || self.class_of_names(wnid.as_deref(), name).filter(|_| class.is_named());
        let by_name = if is_at_home { Some(*index) } else { found() };
        let is_unnamed = !class.is_named() || !is_named(*index, own_name);
        let by_index = (is_unnamed && class.classes == classes).then_some(*index);
        by_name
            .map(Followed::ByName)
            .or(by_index.map(Followed::ByIndex))
            .filter(|followed| followed.index() < classes)
    }

    /// The class of a WordNet id, or of a name where ids do not tell.
    fn class_of_names(&self, wnid: Option<&str>, name: &str) -> Option<usize> {
        match wnid {
            // Two ids tell classes apart that share a name.
            Some(wnid) if !self.wnids.is_empty() => self.class_of(wnid),
            Some(wnid) => self.class_of(wnid).or_else(|| self.class_of(name)),
            None => self.class_of(name),
        }
    }

    fn wnid(&self, class: usize) -> Option<&str> {
        self.wnids.get(class).map(String::as_str).filter(|wnid| !wnid.is_empty())
    }
}

impl Followed {
    pub fn index(self) -> usize {
        match self {
            Self::ByName(index) | Self::ByIndex(index) => index,
        }
    }
}

impl Model {
    /// One of its classes, with its names.
    pub fn named_class(&self, index: usize) -> NamedClass {
        NamedClass {
            index,
            classes: self.graph.classes(),
            name: self.labels.name(index).to_string(),
            wnid: self.labels.wnid(index).map(String::from),
        }
    }

    /// Its class that another network's class is; none where it has no such class.
    pub fn follow(&self, class: &NamedClass) -> Option<Followed> {
        self.labels.follow(class, self.graph.classes())
    }
}

/// Whether a class's name says more than its number.
fn is_named(index: usize, name: &str) -> bool {
    !name.is_empty() && name != "?" && name != numbered(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(labels: &Labels, index: usize, classes: usize) -> NamedClass {
        let wnid = labels.wnid(index).map(String::from);
        NamedClass { index, classes, name: labels.name(index).into(), wnid }
    }

    #[test]
    fn a_class_is_followed_by_its_name_and_never_by_its_number_alone() {
        let cifar = Labels::built_in("cifar10").unwrap();
        let imagenet = Labels::built_in("imagenet").unwrap();
        let cat = class(&cifar, 3, 10);
        assert_eq!(cifar.follow(&cat, 10), Some(Followed::ByName(3)));
        assert_eq!(imagenet.follow(&cat, 1000), None, "class 3 of ImageNet is a shark");
        let animals = Labels::of(["Dog", "CAT"].map(String::from).to_vec());
        assert_eq!(animals.follow(&cat, 2), Some(Followed::ByName(1)));
        let retriever = class(&imagenet, 207, 1000);
        assert_eq!(Labels::for_classes(1001).follow(&retriever, 1001), Some(Followed::ByName(208)));
        assert_eq!(cifar.follow(&retriever, 10), None);
    }

    #[test]
    fn ids_tell_classes_apart_that_share_a_name() {
        let cranes = Labels {
            names: vec!["crane".into(); 2],
            wnids: ["n02012849", "n03126707"].map(String::from).to_vec(),
            ..Labels::default()
        };
        let [bird, machine] = [0, 1].map(|of| class(&cranes, of, 2));
        assert!(!bird.is_same(&machine) && bird.is_same(&bird));
        for crane in [&bird, &machine] {
            assert_eq!(cranes.follow(crane, 2), Some(Followed::ByName(crane.index)));
        }
    }

    #[test]
    fn without_names_a_number_is_followed_among_as_many_classes_and_said_to_be_a_guess() {
        let (cifar, bare) = (Labels::built_in("cifar10").unwrap(), Labels::for_classes(10));
        let third = class(&bare, 3, 10);
        assert_eq!(bare.follow(&third, 10), Some(Followed::ByIndex(3)));
        assert_eq!(cifar.follow(&third, 10), Some(Followed::ByIndex(3)));
        assert_eq!(bare.follow(&class(&cifar, 3, 10), 10), Some(Followed::ByIndex(3)));
        assert_eq!(Labels::for_classes(12).follow(&third, 12), None);
        assert!(third.is_same(&class(&cifar, 3, 10)));
        assert!(!third.is_same(&class(&Labels::for_classes(12), 3, 12)));
    }
}
