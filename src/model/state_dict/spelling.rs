//! Other names for the modules of a network: those that code gives them which takes a network
//! apart and puts its children in a sequence.

use super::names::head;

/// How the names of a subtree become those of a family's modules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spelling {
    /// They are.
    Plain,
    /// They are numbered as children of the network; a number without a name stays.
    Children(&'static [&'static str]),
    /// They are those inside one module of the network.
    Inside(&'static str),
    /// The stem is the module `layer0`.
    Stem,
}

/// Children of torchvision's networks, in order.
const CHILDREN: [&[&str]; 4] = [
    &["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"],
    &["conv1", "maxpool", "stage2", "stage3", "stage4", "conv5", "fc"],
    &["features", "avgpool", "classifier"],
    &["layers", "classifier"],
];
const STEM: [(&str, &str); 2] = [("layer0.0.", "conv1."), ("layer0.1.", "bn1.")];

/// Every spelling that names may be in, the most usual first.
pub fn spellings<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<Spelling> {
    let mut found = vec![Spelling::Plain];
    let numbered = names.clone().all(|name| head(name).parse::<usize>().is_ok());
    if numbered {
        found.extend(CHILDREN.map(Spelling::Children));
        found.extend(["features", "layers"].map(Spelling::Inside));
    }
    let has = |start: &str| names.clone().any(|name| name.starts_with(start));
    if has("denseblock1.") || has("conv0.") {
        found.push(Spelling::Inside("features"));
    }
    if has("layer0.0.") {
        found.push(Spelling::Stem);
    }
    found
}

impl Spelling {
    /// The name in the family's spelling.
    pub fn name(self, name: &str) -> String {
        match self {
            Spelling::Plain => name.to_string(),
            Spelling::Inside(module) => format!("{module}.{name}"),
            Spelling::Children(children) => {
                let child = head(name).parse().ok().and_then(|index: usize| children.get(index));
                let inner = name.split_once('.').map(|(_, inner)| inner);
                match child.zip(inner) {
                    Some((child, inner)) => format!("{child}.{inner}"),
                    None => name.to_string(),
                }
            }
            Spelling::Stem => {
                let renamed = STEM
                    .iter()
                    .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)));
                renamed.unwrap_or_else(|| name.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_named_by_their_number() {
        let children = Spelling::Children(CHILDREN[0]);
        assert_eq!(children.name("0.weight"), "conv1.weight");
        assert_eq!(children.name("4.0.conv1.weight"), "layer1.0.conv1.weight");
        assert_eq!(children.name("11.weight"), "11.weight");
        assert_eq!(Spelling::Inside("features").name("0.weight"), "features.0.weight");
        assert_eq!(Spelling::Stem.name("layer0.1.bias"), "bn1.bias");
        assert_eq!(Spelling::Stem.name("layer1.0.conv1.weight"), "layer1.0.conv1.weight");
    }

    #[test]
    fn plain_names_have_one_spelling() {
        assert_eq!(spellings(["conv1.weight", "fc.weight"].into_iter()), [Spelling::Plain]);
        assert!(spellings(["0.weight", "1.weight"].into_iter()).len() > 1);
    }
}
