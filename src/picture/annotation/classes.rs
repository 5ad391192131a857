//! Which classes of a network the classes of annotations are.

use super::{Annotation, Annotations, Region};
use crate::text::count;
use std::collections::BTreeMap;

/// Examples of classes that are named.
const EXAMPLES: usize = 4;

/// The classes of annotations among those of a network, matched by WordNet id or name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassMatch {
    /// Every name in the annotations, and the network's class that has it.
    named: BTreeMap<String, Option<usize>>,
    /// Whether there are regions of a class that has a number and no name.
    has_numbers: bool,
}

impl Annotations {
    /// Looks for the regions' names among those of a network's classes; `class_of` knows them.
    pub fn classes_of(&self, class_of: impl Fn(&str) -> Option<usize>) -> ClassMatch {
        let mut found = ClassMatch::default();
        for region in self.iter().flat_map(|(_, annotation)| &annotation.regions) {
            match &region.label {
                Some(name) if found.named.contains_key(name) => {}
                Some(name) => {
                    found.named.insert(name.clone(), class_of(name));
                }
                None => found.has_numbers |= region.class.is_some(),
            }
        }
        found
    }
}

impl ClassMatch {
    /// The network's class of a region, where its name says it.
    pub fn class_of(&self, region: &Region) -> Option<usize> {
        self.named.get(region.label.as_ref()?).copied().flatten()
    }

    /// Whether any name is one of the network's.
    pub fn is_known(&self) -> bool {
        self.named.values().any(Option::is_some)
    }

    /// The regions of one of the network's classes. `by_number` says that the annotations' numbers
    /// of classes are the network's, where no name is.
    ///
    /// Where neither names nor numbers say which class a region is of, all regions count.
    pub fn regions_of(&self, annotation: &Annotation, class: usize, by_number: bool) -> Annotation {
        match (self.is_known(), by_number) {
            (true, _) => annotation.only(|region| self.class_of(region) == Some(class)),
            (false, true) => annotation.only(|region| region.class.is_none_or(|of| of == class)),
            (false, false) => annotation.clone(),
        }
    }

    /// What matched and what did not, in one line; none where the annotations have no classes.
    pub fn summary(&self, network: &str) -> Option<String> {
        let (all, with_class) =
            (self.named.len(), self.named.values().filter(|class| class.is_some()).count());
        if all == 0 {
            return self.has_numbers.then(|| {
                format!("the annotations' classes are numbers without names, so that none is known to be one of {network}'s")
            });
        }
        let examples = |matched: bool| {
            let names = self.named.iter().filter(|(_, class)| class.is_some() == matched);
            names.take(EXAMPLES).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let classes = count(all, "class", "classes");
        Some(match (with_class, all - with_class) {
            (0, _) => format!(
                "none of the annotations' {classes} ({}) has the name of one of {network}'s",
                examples(false)
            ),
            (_, 0) => format!("the annotations' {classes} are {network}'s by name"),
            (some, _) => format!(
                "{some} of the annotations' {classes} are {network}'s by name ({}, …), the others are none ({}, …)",
                examples(true),
                examples(false)
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Labels;
    use crate::picture::annotation::Annotations;
    use std::path::Path;

    fn table(rows: &str) -> Annotations {
        let text = format!("image,x1,y1,x2,y2,class\n{rows}");
        Annotations::from_bytes(Path::new("a.csv"), text.into_bytes()).unwrap()
    }

    #[test]
    fn names_and_wordnet_ids_are_classes_and_numbers_are_not() {
        let found = table("a,0,0,9,9,n01440764\na,0,0,8,8,Golden_Retriever\na,0,0,7,7,person\n");
        let imagenet = Labels::built_in("imagenet").unwrap();
        let classes = found.classes_of(|name| imagenet.class_of(name));
        let annotation = found.of("a").unwrap();
        let of = |class| classes.regions_of(annotation, class, false).regions.len();
        assert_eq!([of(0), of(207), of(1)], [1, 1, 0]);
        let summary = classes.summary("net").unwrap();
        assert!(summary.starts_with("2 of the annotations' 3 classes are net's"), "{summary}");
        assert!(summary.contains("none (person"), "{summary}");
    }

    #[test]
    fn numbers_count_where_they_are_said_to_be_the_networks() {
        let found = table("a,0,0,9,9,1\na,0,0,8,8,2\n");
        let classes = found.classes_of(|name| Labels::for_classes(3).class_of(name));
        let annotation = found.of("a").unwrap();
        assert!(!classes.is_known());
        assert_eq!(classes.regions_of(annotation, 1, false).regions.len(), 2);
        assert_eq!(classes.regions_of(annotation, 1, true).regions.len(), 1);
        assert!(classes.summary("net").unwrap().contains("numbers without names"));
    }
}
