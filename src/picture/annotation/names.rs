//! Names of classes beside annotations that hold numbers alone.

use super::file::bytes;
use crate::encoding::text;
use crate::file::{extension, file_name, stem};
use std::path::{Path, PathBuf};
use yaml_rust2::{Yaml, YamlLoader};

/// Files that name the classes, one a line.
const LISTS: [&str; 3] = ["classes.txt", "obj.names", "labelmap.txt"];
/// Descriptions of data sets by their usual names, before any other YAML.
const USUAL: [&str; 3] = ["data", "dataset", "config"];
const MAX_CLASSES: usize = 100_000;
const MAX_DESCRIPTIONS: usize = 32;
const MAX_DESCRIPTION_BYTES: usize = 1 << 24;
/// References to other parts of a description: each copies that part, which may itself hold copies.
const MAX_ALIASES: usize = 16;
/// How many folders up a description may lie: that of the labels, of their split, of the data set.
const LEVELS: usize = 3;

/// A data set's class names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// By class; empty for a class without a name.
    pub by_class: Vec<String>,
    /// Objects have key points after their box.
    pub has_key_points: bool,
    /// A note on how they were found.
    pub note: Option<String>,
}

impl Names {
    /// The name of a class, where it has one.
    pub fn of(&self, class: usize) -> Option<String> {
        self.by_class.get(class).filter(|name| !name.is_empty()).cloned()
    }

    /// Names from a file beside another or some folders up; none where there is none.
    ///
    /// # Errors
    /// When that file is broken.
    pub fn beside(file: &Path) -> Result<Self, String> {
        for folder in file.ancestors().skip(1).take(LEVELS) {
            if let Some(list) = LISTS.iter().map(|name| folder.join(name)).find(|at| at.is_file()) {
                let lines = text(bytes(&list)?)?;
                let names = lines.lines().map(|line| line.trim().to_string()).collect();
                return Ok(Self { by_class: names, ..Self::default() });
            }
            match described(folder, file)? {
                Some(found) => return Ok(found),
                None if folder.as_os_str().is_empty() => break,
                None => {}
            }
        }
        Ok(Self::default())
    }
}

/// What the description in a folder says, the one for a file where there are several.
fn described(folder: &Path, file: &Path) -> Result<Option<Names>, String> {
    let usual = |path: &PathBuf| USUAL.contains(&stem(path).as_str());
    let all = descriptions(folder);
    let (usual, others): (Vec<_>, Vec<_>) = all.into_iter().partition(usual);
    let is_usual = !usual.is_empty();
    let candidates = if is_usual { usual } else { others };
    let mut found: Vec<(PathBuf, Names)> = vec![];
    for path in candidates {
        let name = file_name(&path);
        let read = bytes(&path).and_then(text).and_then(|text| of_description(&text));
        match read {
            Ok(names) if !names.by_class.is_empty() => found.push((path, names)),
            Err(why) if is_usual => return Err(format!("{name}: {why}")),
            // Other files may be of anything.
            _ => {}
        }
    }
    Ok(the_one(found, file))
}

/// The only description, or those that agree, or the one whose last word is in the file's path.
fn the_one(mut found: Vec<(PathBuf, Names)>, file: &Path) -> Option<Names> {
    let differ = found.windows(2).any(|pair| pair[0].1 != pair[1].1);
    if differ {
        let folders: Vec<String> = file.ancestors().skip(1).take(LEVELS).map(file_name).collect();
        let is_for_it = |path: &Path| {
            let stem = stem(path);
            let word = stem.rsplit(['-', '_', '.']).next().unwrap_or_default();
            folders.iter().any(|folder| folder.contains(word))
        };
        let files: Vec<_> = found.iter().map(|(path, _)| file_name(path)).collect();
        found.retain(|(path, _)| is_for_it(path));
        if found.len() != 1 {
            let note = Some(format!(
                "{} name different classes, so that none has a name; keep the right one",
                files.join(", ")
            ));
            return Some(Names { note, ..Names::default() });
        }
    }
    found.into_iter().next().map(|(path, names)| Names {
        note: differ.then(|| format!("names of classes are from {}", file_name(&path))),
        ..names
    })
}

/// The YAML files of a folder, in alphabetical order.
fn descriptions(folder: &Path) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_yaml = |path: &PathBuf| matches!(extension(path).as_str(), "yaml" | "yml");
    let mut found: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| is_yaml(path) && path.is_file()).collect();
    found.sort();
    found.truncate(MAX_DESCRIPTIONS);
    found
}

/// How often a YAML text refers to another part of itself, or seems to.
fn aliases(text: &str) -> usize {
    let begins = |pair: &[u8]| {
        let before = pair[0].is_ascii_whitespace() || b"[,{:-".contains(&pair[0]);
        before && pair[1] == b'*'
    };
    text.as_bytes().windows(2).filter(|pair| begins(pair)).count()
}

/// The `names` or `classes` of a data set's description: a list, or a table from numbers to names.
fn of_description(text: &str) -> Result<Names, String> {
    if text.len() > MAX_DESCRIPTION_BYTES || aliases(text) > MAX_ALIASES {
        return Err("it is too large, or refers to itself too often".into());
    }
    let documents = YamlLoader::load_from_str(text).map_err(|e| format!("broken YAML: {e}"))?;
    let Some(document) = documents.first() else { return Ok(Names::default()) };
    let found = match &document["names"] {
        Yaml::BadValue => &document["classes"],
        names => names,
    };
    let has_key_points = !document["kpt_shape"].is_badvalue();
    Ok(Names { by_class: listed(found)?, has_key_points, note: None })
}

fn listed(found: &Yaml) -> Result<Vec<String>, String> {
    let name = |value: &Yaml| match value {
        Yaml::Integer(number) => number.to_string(),
        Yaml::Real(number) => number.clone(),
        Yaml::Boolean(value) => value.to_string(),
        other => other.as_str().unwrap_or_default().to_string(),
    };
    match found {
        Yaml::Array(names) => Ok(names.iter().map(name).collect()),
        Yaml::Hash(table) => {
            let mut names = vec![];
            for (class, value) in table {
                let class = class.as_i64().or_else(|| class.as_str()?.parse().ok());
                let class = class.and_then(|class| usize::try_from(class).ok());
                let class = class.filter(|class| *class < MAX_CLASSES).ok_or("odd `names`")?;
                names.resize(names.len().max(class + 1), String::new());
                names[class] = name(value);
            }
            Ok(names)
        }
        _ => Ok(vec![]),
    }
}

/// Whether a text file names classes instead of describing a picture.
pub(super) fn is_list_of_names(file: &Path) -> bool {
    LISTS.contains(&file_name(file).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_lists_and_tables() {
        for text in [
            "names: [cat, dog]",
            "nc: 2\nnames:\n  - cat\n  - 'dog'\n",
            "names:\n  0: cat\n  1: dog",
            "classes:\n  '0': cat\n  1: dog",
        ] {
            assert_eq!(of_description(text).unwrap().by_class, ["cat", "dog"]);
        }
        assert!(of_description("path: x").unwrap().by_class.is_empty());
        assert!(of_description("").unwrap().by_class.is_empty());
        assert!(of_description("names: {99999999999: cat}").is_err());
        assert!(of_description("names: [").is_err());
        assert!(of_description("names: [cat]\nkpt_shape: [17, 3]").unwrap().has_key_points);
        let bomb = "a: &a [x]\n".to_string() + &"b: [*a,*a,*a,*a,*a,*a]\n".repeat(9);
        assert!(of_description(&bomb).unwrap_err().contains("too often"));
    }

    #[test]
    fn the_description_of_the_folder_is_taken_and_several_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let file = folder.path().join("labels-boxes/train/a.txt");
        let name = || Names::beside(&file).unwrap();
        assert_eq!(name().of(0), None);
        write("config-boxes.yaml", "names: [cat]");
        assert_eq!((name().of(0).unwrap().as_str(), name().note), ("cat", None));
        write("config-segments.yaml", "names: [dog]");
        assert_eq!(name().of(0).unwrap(), "cat");
        assert!(name().note.unwrap().contains("config-boxes.yaml"));
        std::fs::rename(
            folder.path().join("config-boxes.yaml"),
            folder.path().join("config-other.yaml"),
        )
        .unwrap();
        assert!(name().of(0).is_none() && name().note.unwrap().contains("different classes"));
        write("data.yaml", "names: {0: fox}");
        assert_eq!(name().of(0).unwrap(), "fox");
    }
}
