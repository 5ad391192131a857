//! Names of classes.

mod file;
mod named;

pub use named::{Followed, NamedClass};

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

const IMAGENET: &str = include_str!("../../assets/labels/imagenet.tsv");
const CIFAR10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The names of a network's classes, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    /// WordNet ids by class; empty where there are none.
    wnids: Vec<String>,
    index: Index,
}

/// Classes by plain names and WordNet ids; none for names of several classes.
type ByName = HashMap<String, Option<usize>>;

/// Made when a class is first looked up; no part of what labels are.
#[derive(Debug, Clone, Default)]
struct Index(OnceLock<Arc<ByName>>);

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Index {}

static IMAGENET_LABELS: LazyLock<Labels> = LazyLock::new(|| {
    let lines = IMAGENET.lines().filter_map(|line| line.split_once('\t'));
    let (wnids, names) = lines.map(|(id, name)| (id.into(), name.into())).unzip();
    Labels { names, wnids, ..Labels::default() }
});

impl Labels {
    /// The built-in set `imagenet` (ILSVRC 2012), `cifar10` or `mnist`.
    pub fn built_in(name: &str) -> Option<Self> {
        let names = match name {
            "imagenet" => return Some(IMAGENET_LABELS.clone()),
            "cifar10" => CIFAR10.map(String::from).to_vec(),
            "mnist" => (0..10).map(|digit| digit.to_string()).collect(),
            _ => return None,
        };
        Some(Self { names, ..Self::default() })
    }

    /// Names that are known already, class 0 first.
    pub fn of(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }

    /// The name of the built-in set that this is.
    pub fn built_in_name(&self) -> Option<String> {
        const NAMES: [&str; 3] = ["imagenet", "cifar10", "mnist"];
        let same = |name: &&str| Self::built_in(name).as_ref() == Some(self);
        NAMES.into_iter().find(same).map(String::from)
    }

    /// Names fit for a number of classes: the set of that size, or plain numbers.
    pub fn for_classes(classes: usize) -> Self {
        match classes {
            1000 => Self::built_in("imagenet").expect("built in"),
            // TensorFlow's networks have a class of their own for the background, the first.
            1001 => {
                let mut labels = Self::built_in("imagenet").expect("built in");
                labels.names.insert(0, "background".into());
                labels.wnids.insert(0, String::new());
                labels.index = Index::default();
                labels
            }
            _ => Self { names: (0..classes).map(numbered).collect(), ..Self::default() },
        }
    }

    /// Names of the two classes of one logit, negative and positive, from those that were given:
    /// one name is the positive class's.
    pub fn for_one_logit(self) -> Self {
        match &self.names[..] {
            [name] => Self { names: vec![format!("not {name}"), name.clone()], ..Self::default() },
            _ => self,
        }
    }

    /// `negative` and `positive`.
    pub fn negative_and_positive() -> Self {
        Self { names: ["negative", "positive"].map(String::from).to_vec(), ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The class that a WordNet id, a name or one of several names in a row (`tench, Tinca tinca`)
    /// stands for; none where it is no class, or several have that name.
    pub fn class_of(&self, name: &str) -> Option<usize> {
        self.lookup()(name)
    }

    /// [`Labels::class_of`] for many names.
    pub fn lookup(&self) -> impl Fn(&str) -> Option<usize> + use<> {
        let found = self.by_name().clone();
        // Names that come without ids may be ImageNet's.
        let are_bare = self.wnids.is_empty();
        let of_id = move |id: &str| {
            let class = IMAGENET_LABELS.by_name().get(id).copied().flatten();
            class.filter(|_| are_bare && is_wnid(id)).map(|class| IMAGENET_LABELS.name(class))
        };
        move |name: &str| {
            synonyms(of_id(name).unwrap_or(name)).find_map(|one| found.get(&one).copied().flatten())
        }
    }

    fn by_name(&self) -> &Arc<ByName> {
        self.index.0.get_or_init(|| {
            let mut found = ByName::new();
            for (class, names) in self.names.iter().enumerate() {
                for name in synonyms(names) {
                    let known = found.entry(name).or_insert(Some(class));
                    *known = known.filter(|of| *of == class);
                }
            }
            let ids = self.wnids.iter().cloned().zip(0..).filter(|(id, _)| is_wnid(id));
            found.extend(ids.map(|(id, class)| (id, Some(class))));
            Arc::new(found)
        })
    }

    /// How well a text names a class, by number, WordNet id or a part of the name: 0 is exactly, 1 by the
    /// beginning, 2 by the beginning of a later word, 3 by any part. No text names every class.
    pub fn fit(&self, class: usize, text: &str) -> Option<usize> {
        let text = synonyms(text).next().unwrap_or_default();
        let (number, name) = (class.to_string(), self.name(class));
        let id = self.wnids.get(class).map_or("", String::as_str);
        let names = || synonyms(name);
        match () {
            () if text.is_empty() || number == text || id == text => Some(0),
            () if names().any(|one| one == text) => Some(0),
            () if names().any(|one| one.starts_with(&text)) => Some(1),
            () if names().any(|one| one.contains(&format!(" {text}"))) => Some(2),
            () if names().any(|one| one.contains(&text)) => Some(3),
            () if number.starts_with(&text) || id.starts_with(&text) => Some(3),
            () => None,
        }
    }

    /// The name of a class.
    pub fn name(&self, class: usize) -> &str {
        self.names.get(class).map_or("?", String::as_str)
    }
}

/// The name of a class that has none.
fn numbered(class: usize) -> String {
    format!("class {class}")
}

/// Whether a text is an id of a synset, such as `n01440764`.
fn is_wnid(text: &str) -> bool {
    let digits = text.strip_prefix('n').unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The whole and each of several names between commas, compared without case, `_` and `-`.
fn synonyms(names: &str) -> impl Iterator<Item = String> {
    let plain = |name: &str| {
        let words = name.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-'));
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        words.join(" ").to_lowercase()
    };
    let whole = std::iter::once(names);
    whole.chain(names.split(',')).map(plain).filter(|name| !name.is_empty())
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
    fn classes_are_found_by_name_and_wordnet_id() {
        let imagenet = Labels::built_in("imagenet").unwrap();
        for (name, class) in [
            ("n02099601", Some(207)),
            ("Golden_Retriever", Some(207)),
            ("tench, Tinca tinca", Some(0)),
            ("person", None),
            ("n00000001", None),
            ("", None),
        ] {
            assert_eq!(imagenet.class_of(name), class, "{name}");
        }
        assert_eq!(Labels::for_classes(1001).class_of("n01440764"), Some(1));
        assert_eq!(Labels::built_in("cifar10").unwrap().class_of("Dog"), Some(5));
        let twice = Labels::from_bytes(b"crane, bird\ncrane, machine\ncat".to_vec()).unwrap();
        let classes = ["crane", "bird", "crane, machine"].map(|name| twice.class_of(name));
        assert_eq!(classes, [None, Some(0), Some(1)]);
        let bare = Labels::from_bytes(b"Goldfish\nTench\n".to_vec()).unwrap();
        assert_eq!(["n01440764", "n02099601"].map(|id| bare.class_of(id)), [Some(1), None]);
    }

    #[test]
    fn a_text_finds_classes_by_name_number_and_wordnet_id_and_the_exact_one_first() {
        let imagenet = Labels::built_in("imagenet").unwrap();
        let found = |text: &str| {
            let fits = |class| Some((imagenet.fit(class, text)?, class));
            let mut found: Vec<_> = (0..1000).filter_map(fits).collect();
            found.sort_unstable();
            found
        };
        let first = |text: &str| found(text).first().map(|(_, class)| *class);
        assert_eq!(first("207"), Some(207));
        assert_eq!(first("n02099601"), Some(207));
        assert_eq!(first("golden ret"), Some(207));
        assert_eq!(first("Golden_Retriever"), Some(207));
        assert!(imagenet.name(first("tabby").unwrap()).starts_with("tabby"));
        assert!(found("retriever").len() > 3, "all that hold the word");
        assert_eq!(found("").len(), 1000);
        assert!(found("xyzzy").is_empty());
    }

    #[test]
    fn unknown_classes_are_numbered() {
        assert_eq!(Labels::for_classes(3).name(2), "class 2");
    }
}
